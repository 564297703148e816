// Windows: what becomes of the rows of windows of event time when these are over - their change is
// told, and later they are removed - in the very write that moves the watermark past their ends.
//
// What is still to be done to a row is an entry under the end of its window, in the family
// `windows`: put with every change of the row, taken away when it is done. So a window that an
// event reaches after all, once it was closed, is closed again by the next move.
//
// Thread safety: none. One caller, the commit sequencer; under a lock of Database::hold().
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <utility>

#include "core/state/change_feed.h"
#include "core/state/database.h"
#include "core/state/keys.h"
#include "core/state/store.h"
#include "core/state/values.h"

namespace tidemill::state {

class Windows {
 public:
  /// Both outlive this.
  Windows(Database& database, ChangeFeed& changes) : database_(database), changes_(changes) {}

  /// A commit group starts.
  void begin();

  /// A row of a window is changed. Precondition: `change.window` is set.
  void note(const RowChange& change);

  /// The group moves the windows of a table on.
  void advance(const WindowsOver& over);

  /// What the group folds into rows and is not in `batch` yet.
  struct Pending {
    std::function<const RowValue*(TableId table, const TextRow& row)> find;  ///< Null: nothing.
    std::function<void(TableId table, const TextRow& row)> drop;
  };

  /// The group ends. Errors: transient (a row cannot be read).
  Result<> finish(rocksdb::WriteBatch& batch, const Pending& pending);

 private:
  // By end and row key, so that rows are told in one order, whatever order they came in.
  using Due = std::map<std::pair<EventTime, std::string>, bool>;  // Is it in the family already?
  struct Touched {
    Due close;
    Due remove;
  };

  Result<Due> take(TableId table, WindowDue due, EventTime until, Due& touched);
  Result<> close(rocksdb::WriteBatch& batch, TableId table, EventTime until, Due& touched,
                 const Pending& pending);
  Result<> tell(rocksdb::WriteBatch& batch, TableId table, const std::string& row_key,
                const Pending& pending);
  Result<> remove(rocksdb::WriteBatch& batch, TableId table, EventTime until, Due& touched,
                  const Pending& pending);
  void put(rocksdb::WriteBatch& batch, TableId table, WindowDue due, const Due& rows);

  Database& database_;
  ChangeFeed& changes_;
  std::map<TableId, Touched> touched_;
  std::map<TableId, WindowsOver> over_;
};

}  // namespace tidemill::state
