#include "core/state/database.h"

#include <fmt/format.h>
#include <rocksdb/cache.h>
#include <rocksdb/convenience.h>
#include <rocksdb/db.h>
#include <rocksdb/env.h>
#include <rocksdb/filter_policy.h>
#include <rocksdb/options.h>
#include <rocksdb/table.h>
#include <rocksdb/utilities/table_properties_collectors.h>
#include <rocksdb/version.h>
#include <rocksdb/write_batch.h>
#include <rocksdb/write_buffer_manager.h>

#include <cstdarg>
#include <cstdint>
#include <mutex>
#include <tuple>
#include <vector>

#include "core/state/expiry_filter.h"
#include "core/state/merge_operator.h"

namespace tidemill::state {
namespace {

constexpr const char* meta_name = "default";
constexpr const char* registry_name = "registry";
constexpr const char* progress_name = "progress";
constexpr const char* dead_letters_name = "dead_letters";
constexpr const char* replays_name = "replays";
constexpr const char* dedupe_name = "dedupe";
constexpr const char* outbox_name = "outbox";
constexpr const char* outbox_numbers_name = "outbox_numbers";
constexpr const char* streams_name = "streams";
constexpr const char* stream_states_name = "stream_states";
constexpr const char* windows_name = "windows";
constexpr std::string_view table_prefix = "table.";

// A file of outboxes, streams or windows that holds so many removed entries in a row is compacted
// at once: what was delivered lies in front of what was not, and every reader would have to walk
// over it.
constexpr std::size_t removed_window = 4096;
constexpr std::size_t removed_in_window = 2048;

// What a clean close may leave to be replayed by the next open.
constexpr std::uint64_t replayed_bytes_max = 4u << 20;

// RocksDB's own log file: everything in it that concerns us also comes as a status. And once a full
// disk has cut a line of it, Debian's RocksDB, which is built with its assertions, aborts the
// process at the next line.
class NoLog final : public rocksdb::Logger {
 public:
  using rocksdb::Logger::Logv;
  void Logv(const char*, va_list) override {}
};

std::string table_name(TableId table) { return fmt::format("{}{}", table_prefix, table.value); }

rocksdb::DBOptions db_options(const Limits& limits, IfMissing missing, rocksdb::Env* env) {
  rocksdb::DBOptions options;
  if (env != nullptr) options.env = env;
  options.create_if_missing = missing == IfMissing::create;
  options.write_buffer_manager =
      std::make_shared<rocksdb::WriteBufferManager>(limits.memtable_bytes);
  // A torn end of the log is what a power cut leaves; anything before it must be whole.
  options.wal_recovery_mode = rocksdb::WALRecoveryMode::kPointInTimeRecovery;
  // What an earlier process wrote and did not sync is read back here all the same, and commits will
  // build on it: it has to be as durable as they are, or a power cut would tear a hole.
  options.avoid_flush_during_recovery = false;
  options.max_total_wal_size = 2 * limits.memtable_bytes;
  options.max_background_jobs = 2;
  options.max_open_files = 256;
  // One sequencer writes; the machinery for many concurrent writers only costs.
  options.allow_concurrent_memtable_write = false;
  options.enable_write_thread_adaptive_yield = false;
  options.skip_stats_update_on_db_open = true;
  options.stats_dump_period_sec = 0;
  options.stats_persist_period_sec = 0;
  options.info_log = std::make_shared<NoLog>();
  options.max_manifest_file_size = 4u << 20;
  return options;
}

rocksdb::ColumnFamilyOptions family_options(const Limits& limits) {
  rocksdb::BlockBasedTableOptions table;
  table.block_cache = rocksdb::NewLRUCache(limits.cache_bytes);
  table.cache_index_and_filter_blocks = true;
  table.pin_l0_filter_and_index_blocks_in_cache = true;
  table.filter_policy.reset(rocksdb::NewBloomFilterPolicy(10));
  table.block_size = 8u << 10;
  table.format_version = 5;

  rocksdb::ColumnFamilyOptions options;
  options.write_buffer_size = limits.memtable_bytes / 2;
  options.max_write_buffer_number = 3;
  options.target_file_size_base = 32u << 20;
  options.compression = rocksdb::kLZ4Compression;
  options.merge_operator = make_merge_operator();
  options.table_factory.reset(rocksdb::NewBlockBasedTableFactory(table));
  return options;
}

// A new folder must be found again after a power cut, which RocksDB leaves to its caller.
Result<> make_folder(rocksdb::Env& env, const std::filesystem::path& folder,
                     const std::string& shown_as) {
  std::vector<std::filesystem::path> missing;
  for (auto path = folder; !path.empty() && !env.FileExists(path.string()).ok();
       path = path.parent_path()) {
    missing.push_back(path);
  }
  for (auto path = missing.rbegin(); path != missing.rend(); ++path) {
    auto made = env.CreateDirIfMissing(path->string());
    std::unique_ptr<rocksdb::Directory> parent;
    if (made.ok() && path->has_parent_path()) {
      made = env.NewDirectory(path->parent_path().string(), &parent);
    }
    if (made.ok() && parent) made = parent->Fsync();
    if (!made.ok()) return storage_failure("create data folder " + shown_as, made);
  }
  return {};
}

}  // namespace

std::string prefix_end(std::string_view prefix) {
  std::string end(prefix);
  while (!end.empty()) {
    const auto last = static_cast<unsigned char>(end.back());
    end.pop_back();
    if (last != 0xFF) {
      end += static_cast<char>(last + 1);
      break;
    }
  }
  return end;
}

std::unexpected<Error> storage_failure(std::string_view doing, const rocksdb::Status& status) {
  return fail(Fault::transient, fmt::format("cannot {}: {}", doing, status.ToString()));
}

struct Database::FamilyOptions {
  FamilyOptions(const Limits& limits, std::shared_ptr<StoreClock> clock)
      : plain(family_options(limits)), table(plain), outbox(plain) {
    table.compaction_filter_factory = make_expiry_filter(std::move(clock));
    outbox.table_properties_collector_factories.push_back(
        rocksdb::NewCompactOnDeletionCollectorFactory(removed_window, removed_in_window));
  }

  const rocksdb::ColumnFamilyOptions& of(std::string_view name) const {
    if (name.starts_with(table_prefix)) return table;
    const bool queue = name == outbox_name || name == streams_name || name == windows_name;
    return queue ? outbox : plain;
  }

  rocksdb::ColumnFamilyOptions plain;
  rocksdb::ColumnFamilyOptions table;
  rocksdb::ColumnFamilyOptions outbox;
};

Database::Database() : clock_(std::make_shared<StoreClock>(0)) {}

Result<std::unique_ptr<Database>> Database::open(const std::filesystem::path& folder,
                                                 const std::string& shown_as, const Limits& limits,
                                                 IfMissing missing, rocksdb::Env* env) {
  std::unique_ptr<Database> database(new Database);
  database->folder_ = folder;
  database->shown_as_ = shown_as;
  database->limits_ = limits;
  database->missing_ = missing;
  database->env_ = env == nullptr ? rocksdb::Env::Default() : env;
  if (auto opened = database->open_files(); !opened) return std::unexpected(opened.error());
  return database;
}

Result<> Database::open_files() {
  const bool exists = env_->FileExists((folder_ / "CURRENT").string()).ok();
  if (!exists && missing_ == IfMissing::fail) {
    return fail(Fault::bad_config, fmt::format("data folder {} holds no state", shown_as_));
  }
  if (!exists) {
    if (auto made = make_folder(*env_, folder_, shown_as_); !made) return made;
  }

  // RocksDB wants every existing family named when it opens.
  const rocksdb::DBOptions options = db_options(limits_, missing_, env_);
  std::vector<std::string> names;
  if (exists) {
    const auto listed = rocksdb::DB::ListColumnFamilies(options, folder_.string(), &names);
    if (!listed.ok()) return storage_failure("open data folder " + shown_as_, listed);
  } else {
    names.push_back(rocksdb::kDefaultColumnFamilyName);
  }

  family_options_ = std::make_unique<FamilyOptions>(limits_, clock_);
  std::vector<rocksdb::ColumnFamilyDescriptor> descriptors;
  for (const std::string& name : names) descriptors.emplace_back(name, family_options_->of(name));
  std::vector<rocksdb::ColumnFamilyHandle*> handles;
  rocksdb::DB* db = nullptr;
  const auto opened = rocksdb::DB::Open(options, folder_.string(), descriptors, &handles, &db);
  if (!opened.ok()) {
    // The one error that a person causes; RocksDB marks it only in its text.
    if (opened.IsIOError() && opened.ToString().find("lock") != std::string::npos) {
      return fail(Fault::bad_config,
                  fmt::format("data folder {} is in use by another engine", shown_as_));
    }
    return storage_failure("open data folder " + shown_as_, opened);
  }
  db_.reset(db);
  for (std::size_t i = 0; i < names.size(); ++i) families_[names[i]] = handles[i];
  return make_system_families();
}

Result<Database::Lock> Database::hold() const {
  std::unique_lock turn(turnstile_);
  Lock lock(open_);
  turn.unlock();
  if (failed_) {
    const std::lock_guard reading(failure_mutex_);
    return std::unexpected(*failure_);
  }
  return lock;
}

Result<> Database::reopen(const std::function<Result<>()>& load) {
  const std::lock_guard turn(turnstile_);
  const std::unique_lock alone(open_);
  close();
  failed_ = false;
  auto opened = open_files();
  if (opened) opened = load();
  // Whoever asks again may wait for as long as it takes: nothing about it is a person's mistake.
  if (!opened) remember({Fault::transient, opened.error().message});
  return opened ? opened : fail(Fault::transient, opened.error().message);
}

void Database::remember(const Error& error) {
  const std::lock_guard lock(failure_mutex_);
  failure_ = error;
  failed_ = true;
}

Result<> Database::make_system_families() {
  std::vector<rocksdb::ColumnFamilyDescriptor> missing;
  for (const char* name :
       {registry_name, progress_name, dead_letters_name, replays_name, dedupe_name, outbox_name,
        outbox_numbers_name, streams_name, stream_states_name, windows_name}) {
    if (!families_.contains(name)) missing.emplace_back(name, family_options_->of(name));
  }
  if (!missing.empty()) {
    // All at once: RocksDB writes and syncs its file of options once per call.
    std::vector<rocksdb::ColumnFamilyHandle*> handles;
    const auto made = db_->CreateColumnFamilies(missing, &handles);
    for (std::size_t i = 0; i < handles.size(); ++i) families_[missing[i].name] = handles[i];
    if (!made.ok()) return storage_failure("create column families", made);
  }
  meta_ = families_[meta_name];
  registry_ = families_[registry_name];
  progress_ = families_[progress_name];
  dead_letters_ = families_[dead_letters_name];
  replays_ = families_[replays_name];
  dedupe_ = families_[dedupe_name];
  outbox_ = families_[outbox_name];
  outbox_numbers_ = families_[outbox_numbers_name];
  streams_ = families_[streams_name];
  stream_states_ = families_[stream_states_name];
  windows_ = families_[windows_name];
  return {};
}

Database::~Database() { close(); }

void Database::close() {
  if (!db_) return;
  std::uint64_t in_memory = 0;
  if (!failed_ &&
      db_->GetAggregatedIntProperty(rocksdb::DB::Properties::kCurSizeAllMemTables, &in_memory) &&
      in_memory > replayed_bytes_max) {
    // Only so that the next start is quick.
    std::ignore = flush();
  }
  rocksdb::CancelAllBackgroundWork(db_.get(), true);
  for (const auto& [name, handle] : families_) {
    db_->DestroyColumnFamilyHandle(handle).PermitUncheckedError();
  }
  families_.clear();
  // Nothing is lost by a failure here: every commit is in the log already.
  db_->Close().PermitUncheckedError();
  db_.reset();
}

Result<rocksdb::ColumnFamilyHandle*> Database::make_table(TableId table) {
  const std::string name = table_name(table);
  const std::unique_lock lock(families_mutex_);
  if (const auto found = families_.find(name); found != families_.end()) return found->second;
  rocksdb::ColumnFamilyHandle* handle = nullptr;
  const auto made = db_->CreateColumnFamily(family_options_->of(name), name, &handle);
  if (!made.ok()) return storage_failure("create column family " + name, made);
  families_[name] = handle;
  return handle;
}

rocksdb::ColumnFamilyHandle* Database::table(TableId table) const {
  const std::shared_lock lock(families_mutex_);
  const auto found = families_.find(table_name(table));
  return found == families_.end() ? nullptr : found->second;
}

Result<> Database::put(rocksdb::ColumnFamilyHandle* family, std::string_view key,
                       std::string_view value) {
  rocksdb::WriteBatch batch;
  batch.Put(family, key, value).PermitUncheckedError();
  return write(batch, Durability::periodic);
}

Result<bool> Database::get(rocksdb::ColumnFamilyHandle* family, std::string_view key,
                           std::string& value) {
  const auto status = db_->Get(rocksdb::ReadOptions(), family, key, &value);
  if (status.IsNotFound()) return false;
  if (!status.ok()) return storage_failure("read " + family->GetName(), status);
  return true;
}

Result<> Database::scan(rocksdb::ColumnFamilyHandle* family, std::string_view prefix,
                        std::string_view from, const Visit& visit) {
  const std::string end = prefix_end(prefix);
  const rocksdb::Slice upper(end);
  rocksdb::ReadOptions options;
  // A scan over everything must not push out of the cache what point reads live on.
  options.fill_cache = false;
  if (!end.empty()) options.iterate_upper_bound = &upper;
  const std::unique_ptr<rocksdb::Iterator> row(db_->NewIterator(options, family));
  for (row->Seek(std::max(prefix, from)); row->Valid(); row->Next()) {
    if (!visit(row->key().ToStringView(), row->value().ToStringView())) return {};
  }
  if (!row->status().ok()) return storage_failure("read " + family->GetName(), row->status());
  return {};
}

std::string Database::library_version() { return rocksdb::GetRocksVersionAsString(); }

Result<> Database::write(rocksdb::WriteBatch& batch, Durability durability) {
  rocksdb::WriteOptions options;
  options.sync = durability == Durability::sync;
  const auto status = db_->Write(options, &batch);
  if (status.ok()) return {};
  auto failure = storage_failure("write the data folder", status);
  remember(failure.error());
  return failure;
}

std::unexpected<Error> Database::give_up(Error error) {
  remember(error);
  return std::unexpected(std::move(error));
}

Result<> Database::sync() {
  const auto status = db_->FlushWAL(true);
  if (status.ok()) return {};
  auto failure = storage_failure("sync the data folder", status);
  remember(failure.error());
  return failure;
}

Result<> Database::flush() {
  const std::shared_lock lock(families_mutex_);
  std::vector<rocksdb::ColumnFamilyHandle*> handles;
  for (const auto& [name, handle] : families_) handles.push_back(handle);
  const auto status = db_->Flush(rocksdb::FlushOptions(), handles);
  if (!status.ok()) return storage_failure("flush the data folder", status);
  return {};
}

}  // namespace tidemill::state
