// What gzip and zstd make of some bytes, for tests.
#pragma once

#include <string>
#include <string_view>

namespace tidemill::records::testing {

/// One member.
std::string gzipped(std::string_view text);

/// One frame.
std::string zstandard(std::string_view text);

}  // namespace tidemill::records::testing
