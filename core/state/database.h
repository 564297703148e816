// Database: the RocksDB of one data folder - how it is opened, tuned, laid out in column families
// and closed. Knows nothing about pipelines or rows.
//
// Column families: `default` (meta), `registry`, `progress`, `dead_letters`, `replays`, `dedupe`,
// `outbox`, `streams`, `windows`, and `table.<id>` for every table. A folder may hold families of a
// later minor version; they are opened and left alone.
//
// Memory is bounded over all families together: memtables by Limits::memtable_bytes, blocks with
// their indexes and filters by Limits::cache_bytes.
//
// After a write that failed nobody knows what the disk holds: from then on every member answers
// that error, until reopen() has closed the files and opened them again, in place.
//
// Thread safety: any thread, but handles, iterators and the batches made with them live only as
// long as a lock that hold() gave; reopen() waits for those locks. Blocking.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <shared_mutex>
#include <string>
#include <string_view>

#include "core/state/store.h"
#include "tidemill/ids.h"
#include "tidemill/result.h"
#include "tidemill/time.h"

namespace rocksdb {
class ColumnFamilyHandle;
class DB;
class Env;
class Status;
class WriteBatch;
}  // namespace rocksdb

namespace tidemill::state {

struct Limits {
  std::size_t memtable_bytes = 24u << 20;
  std::size_t cache_bytes = 16u << 20;
};

enum class IfMissing { create, fail };

/// The store's time, as the last commit brought it. RocksDB's threads look at it when they decide
/// which expired rows a compaction may leave out.
using StoreClock = std::atomic<std::uint64_t>;

class Database {
 public:
  /// Opens `folder`, which holds nothing but RocksDB's files. `shown_as` names it in errors. `env`
  /// is what stands between RocksDB and the disk, and outlives the database; null: nothing.
  /// Errors: bad_config (missing, or open elsewhere), transient.
  static Result<std::unique_ptr<Database>> open(const std::filesystem::path& folder,
                                                const std::string& shown_as, const Limits& limits,
                                                IfMissing missing, rocksdb::Env* env = nullptr);
  ~Database();
  Database(const Database&) = delete;
  Database& operator=(const Database&) = delete;

  static std::string library_version();

  using Lock = std::shared_lock<std::shared_mutex>;
  /// Keeps the files open while the lock lives; one at a time per thread. Errors: what failed.
  Result<Lock> hold() const;

  /// Closes the files and opens them again, then lets `load` read them; if that fails too, they
  /// stay failed. Waits for all locks. `load` works without one. Errors: transient.
  Result<> reopen(const std::function<Result<>()>& load);

  bool failed() const { return failed_; }

  void set_clock(WallTime now) { clock_->store(now.value, std::memory_order_relaxed); }

  rocksdb::DB& db() { return *db_; }

  rocksdb::ColumnFamilyHandle* meta() const { return meta_; }
  rocksdb::ColumnFamilyHandle* registry() const { return registry_; }
  rocksdb::ColumnFamilyHandle* progress() const { return progress_; }
  rocksdb::ColumnFamilyHandle* dead_letters() const { return dead_letters_; }
  rocksdb::ColumnFamilyHandle* replays() const { return replays_; }
  rocksdb::ColumnFamilyHandle* dedupe() const { return dedupe_; }
  rocksdb::ColumnFamilyHandle* outbox() const { return outbox_; }
  rocksdb::ColumnFamilyHandle* outbox_numbers() const { return outbox_numbers_; }
  rocksdb::ColumnFamilyHandle* streams() const { return streams_; }
  rocksdb::ColumnFamilyHandle* stream_states() const { return stream_states_; }
  rocksdb::ColumnFamilyHandle* windows() const { return windows_; }

  /// The family of a table, made if need be. Errors: transient.
  Result<rocksdb::ColumnFamilyHandle*> make_table(TableId table);

  /// Null for a table that has none.
  rocksdb::ColumnFamilyHandle* table(TableId table) const;

  /// One change of one key, durable with the next sync. Errors: transient.
  Result<> put(rocksdb::ColumnFamilyHandle* family, std::string_view key, std::string_view value);

  /// False when there is no such key. Errors: transient.
  Result<bool> get(rocksdb::ColumnFamilyHandle* family, std::string_view key, std::string& value);

  /// Calls `visit` for every key that begins with `prefix` and is not below `from`, in byte order,
  /// as of now, until it answers false. The views die when `visit` returns. Errors: transient.
  using Visit = std::function<bool(std::string_view key, std::string_view value)>;
  Result<> scan(rocksdb::ColumnFamilyHandle* family, std::string_view prefix, std::string_view from,
                const Visit& visit);
  Result<> scan(rocksdb::ColumnFamilyHandle* family, std::string_view prefix, const Visit& visit) {
    return scan(family, prefix, prefix, visit);
  }

  /// One atomic change of many keys. After an error nobody knows whether it happened.
  /// Errors: transient.
  Result<> write(rocksdb::WriteBatch& batch, Durability durability);

  /// For what must be read before a write and cannot be: counts as a write that failed.
  std::unexpected<Error> give_up(Error error);

  /// Makes durable what was written. Errors: as write().
  Result<> sync();

  /// Writes everything in memory to sorted files.
  Result<> flush();

 private:
  Database();
  Result<> open_files();
  Result<> make_system_families();
  void close();
  void remember(const Error& error);

  // As given to open().
  std::filesystem::path folder_;
  std::string shown_as_;
  Limits limits_;
  IfMissing missing_ = IfMissing::create;
  rocksdb::Env* env_ = nullptr;

  // Passed on the way to open_, and kept by reopen(): many readers cannot hold it off for ever.
  mutable std::mutex turnstile_;
  mutable std::shared_mutex open_;  // Held alone while the files are closed and opened again.
  std::shared_ptr<StoreClock> clock_;

  struct FamilyOptions;
  std::unique_ptr<FamilyOptions> family_options_;
  std::unique_ptr<rocksdb::DB> db_;
  rocksdb::ColumnFamilyHandle* meta_ = nullptr;
  rocksdb::ColumnFamilyHandle* registry_ = nullptr;
  rocksdb::ColumnFamilyHandle* progress_ = nullptr;
  rocksdb::ColumnFamilyHandle* dead_letters_ = nullptr;
  rocksdb::ColumnFamilyHandle* replays_ = nullptr;
  rocksdb::ColumnFamilyHandle* dedupe_ = nullptr;
  rocksdb::ColumnFamilyHandle* outbox_ = nullptr;
  rocksdb::ColumnFamilyHandle* outbox_numbers_ = nullptr;
  rocksdb::ColumnFamilyHandle* streams_ = nullptr;
  rocksdb::ColumnFamilyHandle* stream_states_ = nullptr;
  rocksdb::ColumnFamilyHandle* windows_ = nullptr;

  mutable std::shared_mutex families_mutex_;
  // Guarded by families_mutex_; all handles, the eight above included. Families are never dropped.
  std::map<std::string, rocksdb::ColumnFamilyHandle*, std::less<>> families_;

  std::atomic<bool> failed_ = false;  // Whether failure_ is set.
  mutable std::mutex failure_mutex_;
  std::optional<Error> failure_;  // Guarded by failure_mutex_.
};

/// The first key after all that begin with `prefix`; empty when there is none.
std::string prefix_end(std::string_view prefix);

/// RocksDB's status as an Error; `doing` completes "cannot ...". Precondition: not ok.
std::unexpected<Error> storage_failure(std::string_view doing, const rocksdb::Status& status);

}  // namespace tidemill::state
