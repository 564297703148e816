#include "row_groups.h"

#include <algorithm>
#include <map>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>

namespace tidemill::postgres {
namespace {

struct Place {
  std::size_t group = 0;
  std::size_t row = 0;
};

class Grouping {
 public:
  explicit Grouping(const Table& table) : table_(table) {}

  void add(const Row& row) {
    if (!table_.keyed()) {
      put(row, 0);
      return;
    }
    const auto [it, first] = last_.try_emplace(row.key);
    Place& place = it->second;
    if (first) {
      place = put(row, 0);
      return;
    }
    if (table_.on_conflict == OnConflict::ignore) return;
    RowGroup& group = groups_[place.group];
    if (group.removal == row.removal && *group.shape == row.shape) {
      group.rows[place.row] = &row;
    } else {
      place = put(row, place.group + 1);
    }
  }

  std::vector<RowGroup> take() {
    // Transactions that lock the same rows in the same order do not wait for each other in a ring.
    if (table_.on_conflict == OnConflict::update)
      for (RowGroup& group : groups_)
        std::ranges::sort(group.rows, {},
                          [](const Row* row) -> const std::string& { return row->key; });
    return std::move(groups_);
  }

 private:
  // In the last group of its columns, unless that comes before `earliest`.
  Place put(const Row& row, std::size_t earliest) {
    const auto [it, first] = latest_.try_emplace(std::pair(row.removal, row.shape), 0);
    if (first || it->second < earliest) {
      it->second = groups_.size();
      groups_.push_back({.removal = row.removal, .shape = &row.shape, .rows = {}});
    }
    RowGroup& group = groups_[it->second];
    group.rows.push_back(&row);
    return {it->second, group.rows.size() - 1};
  }

  const Table& table_;
  std::vector<RowGroup> groups_;
  std::map<std::pair<bool, Shape>, std::size_t> latest_;  // The last group of these columns.
  std::unordered_map<std::string_view, Place> last_;      // The last row of this key.
};

}  // namespace

std::vector<RowGroup> group_rows(const Table& table, std::span<const Row* const> rows) {
  Grouping grouping(table);
  for (const Row* row : rows) grouping.add(*row);
  return grouping.take();
}

}  // namespace tidemill::postgres
