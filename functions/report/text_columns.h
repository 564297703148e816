// Rows of cells as lines of text whose columns stand below each other.
#pragma once

#include <string>
#include <vector>

namespace tidemill::report {

/// Numbers stand on the right of their column, everything else on the left. The first row is the
/// head, and a line is drawn below it. Characters are counted, not bytes.
std::string in_columns(const std::vector<std::vector<std::string>>& rows);

}  // namespace tidemill::report
