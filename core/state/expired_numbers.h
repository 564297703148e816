// ExpiredNumbers: removes merged rows that have expired, which no compaction may do
// (expiry_filter.h).
//
// Housekeeping looks through the tables, a stretch at a time, and remembers what it finds; the next
// commit asks each row again and removes it in its own write, where no merge can come in between. A
// row that is missed, for instance because of a crash, is found the next time round.
//
// Thread safety: any thread, under a lock of Database::hold(); remove() from the thread that
// commits.
#pragma once

#include <cstddef>
#include <map>
#include <mutex>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "core/state/database.h"

namespace tidemill::state {

class ExpiredNumbers {
 public:
  /// `database` outlives this.
  explicit ExpiredNumbers(Database& database) : database_(database) {}

  /// Rows of this table may expire. Tables of which nobody says so are not looked through.
  void watch(TableId table);

  /// Looks through the next stretch of every table. Errors: transient.
  Result<> look(WallTime now);

  /// Adds the removal of what was found to a batch, in front of all changes of rows. What cannot be
  /// read stays.
  void remove(rocksdb::WriteBatch& batch, WallTime now);

 private:
  Result<> look(TableId table, WallTime now);

  Database& database_;
  std::mutex mutex_;
  // Guarded by mutex_.
  std::map<TableId, std::string> looked_until_;  // The key behind which to go on.
  std::vector<std::pair<TableId, std::string>> found_;
};

}  // namespace tidemill::state
