// What the golden data folder of format 1.1 holds beyond that of 1.0: marks, an outbox, rows that
// expire. Written once by write_golden, checked for ever by golden_test. Frozen with the folder.
#pragma once

#include <filesystem>

namespace tidemill::golden {

/// Writes the folder, half of it to sorted files. Asserts that everything succeeds.
void write_1_1(const std::filesystem::path& folder);

/// Opens the folder and expects everything that write_1_1() put there.
void expect_contents_1_1(const std::filesystem::path& folder);

}  // namespace tidemill::golden
