#include "core/state/windows.h"

#include <rocksdb/write_batch.h>

#include <algorithm>

#include "core/state/merge_operator.h"

namespace tidemill::state {

void Windows::begin() {
  touched_.clear();
  over_.clear();
}

void Windows::note(const RowChange& change) {
  const RowWindow& window = *change.window;
  if (!window.announced && !window.removed) return;
  Touched& touched = touched_[change.table];
  const std::string key = text_row_key(change.table, change.key, window.start);
  if (window.announced) touched.close.try_emplace({window.end, key}, false);
  if (window.removed) touched.remove.try_emplace({window.end, key}, false);
}

void Windows::advance(const WindowsOver& over) {
  const auto [place, first] = over_.try_emplace(over.table, over);
  place->second.closed = std::max(place->second.closed, over.closed);
  place->second.removed = std::max(place->second.removed, over.removed);
}

Result<> Windows::finish(rocksdb::WriteBatch& batch, const Pending& pending) {
  for (const auto& [table, over] : over_) {
    Touched& touched = touched_[table];
    if (auto closed = close(batch, table, over.closed, touched.close, pending); !closed)
      return closed;
    if (auto removed = remove(batch, table, over.removed, touched.remove, pending); !removed)
      return removed;
  }
  for (const auto& [table, touched] : touched_) {
    put(batch, table, WindowDue::close, touched.close);
    put(batch, table, WindowDue::remove, touched.remove);
  }
  return {};
}

void Windows::put(rocksdb::WriteBatch& batch, TableId table, WindowDue due, const Due& rows) {
  for (const auto& [row, stored] : rows)
    batch
        .Put(database_.windows(), window_due_key(table, due, row.first, row.second),
             std::string_view(mark_value))
        .PermitUncheckedError();
}

// The entries of windows that end by then. Of what the group itself touched, only what ends later
// remains in `touched`.
Result<Windows::Due> Windows::take(TableId table, WindowDue due, EventTime until, Due& touched) {
  Due found;
  while (!touched.empty() && touched.begin()->first.first <= until)
    found.insert(touched.extract(touched.begin()));
  auto scanned = database_.scan(database_.windows(), window_due_prefix(table, due),
                                [&](std::string_view key, std::string_view) {
                                  const auto [end, row_key] = read_window_due_key(key);
                                  if (end > until) return false;
                                  found.insert_or_assign({end, std::string(row_key)}, true);
                                  return true;
                                });
  if (!scanned) return std::unexpected(scanned.error());
  return found;
}

Result<> Windows::close(rocksdb::WriteBatch& batch, TableId table, EventTime until, Due& touched,
                        const Pending& pending) {
  const auto due = take(table, WindowDue::close, until, touched);
  if (!due) return std::unexpected(due.error());
  for (const auto& [row, stored] : *due) {
    if (auto told = tell(batch, table, row.second, pending); !told) return told;
    if (!stored) continue;
    batch
        .Delete(database_.windows(), window_due_key(table, WindowDue::close, row.first, row.second))
        .PermitUncheckedError();
  }
  return {};
}

Result<> Windows::tell(rocksdb::WriteBatch& batch, TableId table, const std::string& row_key,
                       const Pending& pending) {
  const auto row = read_text_row_key(row_key);
  if (!row) return fail(Fault::transient, "the key of a window is damaged");
  std::string stored;
  const auto found = database_.get(database_.table(table), row_key, stored);
  if (!found) return std::unexpected(found.error());
  std::optional<RowValue> value;
  if (*found) {
    value = read_row_value(stored);
    if (!value) return fail(Fault::transient, "the row of a window is damaged");
  }
  if (const RowValue* const operand = pending.find(table, *row)) {
    if (value) {
      fold(*value, *operand);
    } else {
      value = *operand;
    }
  }
  if (value) changes_.closed(batch, table, row->text, *value);
  return {};
}

// Together with what the group adds to them: what is left does not depend on how events were cut
// into commits.
Result<> Windows::remove(rocksdb::WriteBatch& batch, TableId table, EventTime until, Due& touched,
                         const Pending& pending) {
  const auto due = take(table, WindowDue::remove, until, touched);
  if (!due) return std::unexpected(due.error());
  for (const auto& [row, stored] : *due) {
    const auto place = read_text_row_key(row.second);
    if (!place) return fail(Fault::transient, "the key of a window is damaged");
    pending.drop(table, *place);
    batch.Delete(database_.table(table), row.second).PermitUncheckedError();
    if (!stored) continue;
    batch
        .Delete(database_.windows(),
                window_due_key(table, WindowDue::remove, row.first, row.second))
        .PermitUncheckedError();
  }
  return {};
}

}  // namespace tidemill::state
