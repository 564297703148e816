// ChangeFeed: what every change did to the rows of some tables, put into a stream by the very write
// that makes the change.
//
// To know the old image a row is read when it is first touched by a commit group; that, and the
// record, is what a watched table costs. A put or a delete is a record each. Merges of a row are
// one record for all that came between two of those, or for the whole group: the row as it was
// before the first and as it is after the last. A delete of a row that is not there is no change,
// and neither is an expiry. Rows of windows that are announced (RowWindow) are not told of until
// their window closes, and then as they are.
//
// The data of a record is JSON, {"table", "key", "kind", "old", "new"}: `kind` is put, delete,
// merge or close; an image that there is none of is null, one that is not JSON is marked with its
// encoding (core/base/json_line.h). The record's key and subject are the row's key.
//
// Thread safety: watch() from any thread, the others from the one that commits; under a lock of
// Database::hold().
#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/state/database.h"
#include "core/state/store.h"
#include "core/state/streams.h"
#include "core/state/values.h"

namespace tidemill::state {

class ChangeFeed {
 public:
  /// Both outlive this.
  ChangeFeed(Database& database, Streams& streams) : database_(database), streams_(streams) {}

  /// From the next commit on, changes of `table` go to the first partition of `stream`, which is
  /// open.
  void watch(TableId table, std::string name, StreamId stream);

  /// A commit group starts; rows that it writes have `row_version`.
  void begin(std::uint64_t row_version, WallTime now);

  /// Notes a change, in the order of the changes. Errors: transient (its row cannot be read).
  Result<> note(rocksdb::WriteBatch& batch, const RowChange& change);

  /// The window of a row has closed; it is told as it will be after this group.
  void closed(rocksdb::WriteBatch& batch, TableId table, std::string_view key, const RowValue& row);

  /// The group ends.
  void finish(rocksdb::WriteBatch& batch);

 private:
  struct Watched {
    std::string name;
    StreamId stream;
  };

  // A row that the present group has touched. The stored forms; empty: there is no row.
  struct Touched {
    std::string key;
    std::optional<std::string> now;
    std::optional<std::string> before;  // The merges that are not recorded yet.
    bool merged = false;                // There are some.
    EventTime time;
  };
  using Place = std::pair<TableId, std::string>;  // A row by its whole key.

  Result<Touched*> touch(const Watched& watched, const RowChange& change);
  void record_merges(rocksdb::WriteBatch& batch, const Watched& watched, Touched& row);
  void record(rocksdb::WriteBatch& batch, const Watched& watched, std::string_view key,
              std::string_view kind, const std::optional<std::string>& before,
              const std::optional<std::string>& after, EventTime time);
  std::optional<std::string> image(const std::optional<std::string>& stored) const;

  Database& database_;
  Streams& streams_;
  std::mutex mutex_;
  std::map<TableId, Watched> next_;  // Guarded by mutex_: what watch() said.
  std::map<TableId, Watched> watched_;
  std::map<Place, Touched> rows_;
  std::vector<std::pair<TableId, Touched*>> merged_;  // In the order of their first merge.
  std::uint64_t row_version_ = 0;
  WallTime now_;
};

}  // namespace tidemill::state
