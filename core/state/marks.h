// Marks: which events of queue sources were settled, so that one that comes again is known.
//
// A pipeline's marks lie in buckets of time, a handful to its horizon: a question looks into the
// few that may hold the answer, and what is older than the horizon goes away bucket by bucket.
//
//   dedupe family   pipeline -> integer              the horizon, in microseconds
//                   pipeline bucket -> integer       a bucket and how wide it is, in seconds
//                   pipeline bucket id -> mark
//
// Thread safety: any thread, under a lock of Database::hold().
#pragma once

#include <cstdint>
#include <map>
#include <mutex>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "core/state/database.h"
#include "core/state/store.h"

namespace tidemill::state {

class Marks {
 public:
  /// `database` outlives this.
  explicit Marks(Database& database) : database_(database) {}

  /// Reads which buckets there are. Also after the database was opened again; then says again what
  /// keep() was told. Errors: transient.
  Result<> load();

  /// How long marks of a pipeline are kept; those of one that never said for a day. Remembered with
  /// the marks, so that they also go when the pipeline is gone. Errors: transient.
  Result<> keep(PipelineId pipeline, Duration horizon);

  /// Adds marks of `now` to a batch.
  void append(rocksdb::WriteBatch& batch, PipelineId pipeline, std::span<const DedupeId> ids,
              std::span<const std::pair<DedupeId, std::string>> replies, WallTime now);

  /// As Store::settled_before().
  Result<std::vector<bool>> settled(PipelineId pipeline, std::span<const DedupeId> ids,
                                    WallTime since) const;

  /// As Store::replies_to().
  Result<std::vector<std::string>> replies(PipelineId pipeline, std::span<const DedupeId> ids,
                                           WallTime since) const;

  /// Removes the buckets that lie before their horizon as a whole. Errors: transient.
  Result<> drop_expired(WallTime now);

 private:
  // Seconds since the Unix epoch, and seconds.
  using Buckets = std::map<std::uint32_t, std::uint32_t>;  // Begin to width.

  struct Kept {
    Duration horizon;
    Buckets buckets;
  };

  // Calls `found(index, value)` for each id with a mark, with the latest.
  template <class Found>
  Result<> find(PipelineId pipeline, std::span<const DedupeId> ids, WallTime since,
                Found found) const;
  Kept& kept(PipelineId pipeline);
  Result<> read_buckets();
  Result<> write_horizon(PipelineId pipeline, Duration horizon);
  Result<> remove(PipelineId pipeline, std::uint32_t first, std::uint32_t last);

  Database& database_;
  mutable std::mutex mutex_;
  // Guarded by mutex_.
  std::map<PipelineId, Kept> kept_;
  std::map<PipelineId, Duration> told_;  // By keep().
};

}  // namespace tidemill::state
