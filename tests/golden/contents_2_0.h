// What the golden data folder of format 2.0 holds in places of their own, which earlier formats had
// elsewhere: the number of an outbox that is empty, the states of a queue and of an archive. Frozen
// with the folder, as contents.h.
#pragma once

#include <filesystem>

namespace tidemill::golden {

/// As write() and expect_contents().
void write_2_0(const std::filesystem::path& folder);
void expect_contents_2_0(const std::filesystem::path& folder);

}  // namespace tidemill::golden
