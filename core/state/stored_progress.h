// What is settled of a pipeline's source, as it lies in the `progress` family.
//
// Progress is kept under the pipeline's number and the hash of its source's identity. A pipeline
// whose source changes starts afresh; what it had done with the old source stays, and counts again
// when the old source comes back.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/state/database.h"
#include "core/state/store.h"

namespace tidemill::state {

/// Which source each pipeline has now. Thread safety: any thread; load(), set() and restore() under
/// a lock of Database::hold().
class Identities {
 public:
  /// `database` outlives this.
  explicit Identities(Database& database) : database_(database) {}

  /// Reads what was in force when the folder was closed. Errors: transient.
  Result<> load(PipelineId pipeline);

  /// Durable before any progress under it; free when nothing changes. Errors: transient, and
  /// bad_config in the unheard-of case that two identities of one pipeline share a hash.
  Result<> set(PipelineId pipeline, std::string_view identity);

  /// After the database was opened again: as Catalog::restore(). Errors: transient.
  Result<> restore();

  /// Of a pipeline that has none yet: the empty text and its hash.
  std::string text(PipelineId pipeline) const;
  std::uint64_t hash(PipelineId pipeline) const;

 private:
  struct Identity {
    std::string text;
    std::uint64_t hash = 0;
  };

  void put(rocksdb::WriteBatch& batch, PipelineId pipeline, const Identity& identity);

  Database& database_;
  mutable std::mutex mutex_;
  std::map<PipelineId, Identity> in_force_;  // Guarded by mutex_.
};

/// Reads the store as it is at each call, also when it was opened again meanwhile; takes its own
/// lock for that. The database outlives it. Where a read fails it answers as if nothing were
/// settled, and outcome() tells.
class StoredProgress final : public Progress {
 public:
  StoredProgress(Database& database, PipelineId pipeline, std::uint64_t identity)
      : database_(database), pipeline_(pipeline), identity_(identity) {}

  std::optional<Offset> next(Partition partition) const override;
  void each_object(const std::function<void(std::string_view key, std::string_view version)>& visit)
      const override;
  Result<> outcome() const override { return outcome_; }

 private:
  Database& database_;
  PipelineId pipeline_;
  std::uint64_t identity_;
  void note(Error error) const;
  mutable Result<> outcome_;  // The first failure.
};

/// In order of partitions. Under a lock of Database::hold(), as each_object(). Errors: transient.
Result<std::vector<LogProgress>> read_log_progress(Database& database, PipelineId pipeline,
                                                   std::uint64_t identity);

/// In byte order of keys, until `visit` answers false. Errors: transient.
Result<> each_object(
    Database& database, PipelineId pipeline, std::uint64_t identity,
    const std::function<bool(std::string_view key, std::string_view version)>& visit);

}  // namespace tidemill::state
