// What the golden data folder of format 1.0 holds: written once by write_golden, checked for ever
// by golden_test. Frozen with the folder; a later format gets contents of its own.
#pragma once

#include <filesystem>

namespace tidemill::golden {

/// Writes the folder. Half of it ends in sorted files, half only in the log, so that both are read.
/// Asserts that everything succeeds.
void write(const std::filesystem::path& folder);

/// Opens the folder and expects everything that write() put there, as GoogleTest expectations.
void expect_contents(const std::filesystem::path& folder);

}  // namespace tidemill::golden
