// Database: the RocksDB of one data folder - how it is opened, tuned, laid out in column families
// and closed. Knows nothing about pipelines or rows.
//
// Column families: `default` (meta), `registry`, `progress`, `dead_letters`, and `table.<id>` for
// every table. A folder may hold families of a later minor version; they are opened and left alone.
//
// Memory is bounded over all families together: memtables by Limits::memtable_bytes, blocks with
// their indexes and filters by Limits::cache_bytes.
//
// Thread safety: everything but open and the destructor may be called from any thread.
#pragma once

#include <atomic>
#include <cstddef>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <shared_mutex>
#include <string>
#include <string_view>

#include "tidemill/ids.h"
#include "tidemill/result.h"

namespace rocksdb {
class ColumnFamilyHandle;
class DB;
class Status;
class WriteBatch;
struct ColumnFamilyOptions;
}  // namespace rocksdb

namespace tidemill::state {

struct Limits {
  std::size_t memtable_bytes = 24u << 20;
  std::size_t cache_bytes = 16u << 20;
};

/// There is one log, and what it loses it loses from its end: a write that was not synced is on
/// disk as soon as any later one is, and nothing that builds on it can outlive it.
enum class Durable { now, with_next_commit };

enum class IfMissing { create, fail };

class Database {
 public:
  /// Opens `folder`, which holds nothing but RocksDB's files. `shown_as` names it in errors.
  /// Errors: bad_config (missing, or open elsewhere), transient.
  static Result<std::unique_ptr<Database>> open(const std::filesystem::path& folder,
                                                const std::string& shown_as, const Limits& limits,
                                                IfMissing missing);
  ~Database();
  Database(const Database&) = delete;
  Database& operator=(const Database&) = delete;

  static std::string library_version();

  rocksdb::DB& db() { return *db_; }

  rocksdb::ColumnFamilyHandle* meta() const { return meta_; }
  rocksdb::ColumnFamilyHandle* registry() const { return registry_; }
  rocksdb::ColumnFamilyHandle* progress() const { return progress_; }
  rocksdb::ColumnFamilyHandle* dead_letters() const { return dead_letters_; }

  /// The family of a table, made if need be. Errors: transient.
  Result<rocksdb::ColumnFamilyHandle*> make_table(TableId table);

  /// Null for a table that has none.
  rocksdb::ColumnFamilyHandle* table(TableId table) const;

  /// One change of one key, durable with the next commit. Errors: transient.
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
  Result<> write(rocksdb::WriteBatch& batch, Durable durable);

  /// Writes everything in memory to sorted files.
  Result<> flush();

 private:
  Database() = default;
  Result<> make_system_families();

  std::unique_ptr<rocksdb::ColumnFamilyOptions> family_options_;
  std::unique_ptr<rocksdb::DB> db_;
  rocksdb::ColumnFamilyHandle* meta_ = nullptr;
  rocksdb::ColumnFamilyHandle* registry_ = nullptr;
  rocksdb::ColumnFamilyHandle* progress_ = nullptr;
  rocksdb::ColumnFamilyHandle* dead_letters_ = nullptr;

  std::atomic<bool> failed_ = false;  // A write failed: nothing more is asked of the disk.

  mutable std::shared_mutex mutex_;
  // Guarded by mutex_; all handles, the four above included. Families are never dropped.
  std::map<std::string, rocksdb::ColumnFamilyHandle*, std::less<>> families_;
};

/// The first key after all that begin with `prefix`; empty when there is none.
std::string prefix_end(std::string_view prefix);

/// RocksDB's status as an Error; `doing` completes "cannot ...". Precondition: not ok.
std::unexpected<Error> storage_failure(std::string_view doing, const rocksdb::Status& status);

}  // namespace tidemill::state
