// RowGroups: rows in as few statements as they need, one after the other.
//
// Rows of one group have the same columns, and no two of them the same key. A row stands in a
// later group than any before it of its key. Rows of different keys may change places.
#pragma once

#include <span>
#include <vector>

#include "row_reader.h"
#include "table.h"

namespace tidemill::postgres {

struct RowGroup {
  bool removal = false;
  const Shape* shape = nullptr;
  std::vector<const Row*> rows;
};

/// The rows outlive the groups. Left out are those that another takes the place of: with `update` a
/// later one with the same columns, with `ignore` the first one of its key.
std::vector<RowGroup> group_rows(const Table& table, std::span<const Row* const> rows);

}  // namespace tidemill::postgres
