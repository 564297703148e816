#include "core/state/expired_numbers.h"

#include <rocksdb/write_batch.h>

#include <algorithm>
#include <iterator>

#include "core/state/keys.h"
#include "core/state/merge_operator.h"
#include "core/state/values.h"

namespace tidemill::state {
namespace {

// What one look reads of a table, some tens of milliseconds.
constexpr std::size_t rows_looked_at_max = 100'000;

// What one commit removes: it reads each row first, and others wait for it.
constexpr std::size_t rows_removed_max = 1'000;

bool removable(std::string_view value, WallTime now) {
  const auto row = read_row_value(value);
  return row && row->expired(now) && is_number(*row);
}

}  // namespace

void ExpiredNumbers::watch(TableId table) {
  const std::lock_guard lock(mutex_);
  looked_until_.try_emplace(table);
}

Result<> ExpiredNumbers::look(WallTime now) {
  std::vector<TableId> tables;
  {
    const std::lock_guard lock(mutex_);
    for (const auto& [table, until] : looked_until_) tables.push_back(table);
  }
  for (const TableId table : tables) {
    if (auto looked = look(table, now); !looked) return looked;
  }
  return {};
}

Result<> ExpiredNumbers::look(TableId table, WallTime now) {
  std::string from;
  std::size_t room = 0;
  {
    const std::lock_guard lock(mutex_);
    from = looked_until_[table];
    // What nobody has removed yet is enough; a stretch that finds more is looked at again.
    room = 10 * rows_removed_max - std::min(10 * rows_removed_max, found_.size());
  }
  std::vector<std::pair<TableId, std::string>> found;
  std::size_t looked = 0;
  bool ended = true;
  auto scanned = database_.scan(database_.table(table), "", from,
                                [&](std::string_view key, std::string_view value) {
                                  if (++looked > rows_looked_at_max || found.size() == room) {
                                    from = key;
                                    ended = false;
                                    return false;
                                  }
                                  if (removable(value, now)) found.emplace_back(table, key);
                                  return true;
                                });
  if (!scanned) return scanned;
  const std::lock_guard lock(mutex_);
  looked_until_[table] = ended ? "" : from;
  std::ranges::move(found, std::back_inserter(found_));
  return {};
}

void ExpiredNumbers::remove(rocksdb::WriteBatch& batch, WallTime now) {
  std::vector<std::pair<TableId, std::string>> rows;
  {
    const std::lock_guard lock(mutex_);
    if (found_.empty()) return;
    const auto rest =
        found_.begin() + static_cast<std::ptrdiff_t>(std::min(rows_removed_max, found_.size()));
    rows.assign(std::make_move_iterator(found_.begin()), std::make_move_iterator(rest));
    found_.erase(found_.begin(), rest);
  }
  std::string value;
  for (const auto& [table, key] : rows) {
    rocksdb::ColumnFamilyHandle* const family = database_.table(table);
    const auto present = database_.get(family, key, value);
    if (!present || !*present || !removable(value, now)) continue;
    batch.Delete(family, key).PermitUncheckedError();
  }
}

}  // namespace tidemill::state
