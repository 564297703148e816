// What the golden data folder of format 1.4 holds, beside what earlier formats had: an intent,
// which waits to be carried out. Frozen with the folder, as contents.h.
#pragma once

#include <filesystem>

namespace tidemill::golden {

/// As write() and expect_contents().
void write_1_4(const std::filesystem::path& folder);
void expect_contents_1_4(const std::filesystem::path& folder);

}  // namespace tidemill::golden
