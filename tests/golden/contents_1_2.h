// What the golden data folder of format 1.2 holds, beside what earlier formats had: a queue, a log,
// the changes of a table. Frozen with the folder, as contents.h.
#pragma once

#include <filesystem>

namespace tidemill::golden {

/// As write() and expect_contents().
void write_1_2(const std::filesystem::path& folder);
void expect_contents_1_2(const std::filesystem::path& folder);

}  // namespace tidemill::golden
