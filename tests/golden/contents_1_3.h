// What the golden data folder of format 1.3 holds, beside what earlier formats had: aggregates,
// with windows of which some are still to be told or removed, and the clocks of a partition; what
// an archive has staged, hour by hour; dead letters with all that a replay needs, some of which
// wait for one. Frozen with the folder, as contents.h.
#pragma once

#include <filesystem>

namespace tidemill::golden {

/// As write() and expect_contents().
void write_1_3(const std::filesystem::path& folder);
void expect_contents_1_3(const std::filesystem::path& folder);

}  // namespace tidemill::golden
