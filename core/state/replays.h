// Replays: which dead letters wait to be played again, and how fast.
//
// A mark lies beside its letter in a family of its own, under the same key, and says how long after
// it the next one may follow. Both go, or the letter is replaced and its mark goes, in the commit
// of what the replay brought about: so a crash in the middle of a replay repeats none of it.
//
//   replays family   pipeline number -> integer    a gap, in microseconds
//
// Thread safety: any thread, under a lock of Database::hold().
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <vector>

#include "core/state/database.h"
#include "core/state/store.h"

namespace tidemill::state {

class Replays {
 public:
  /// `database` outlives this.
  explicit Replays(Database& database) : database_(database) {}

  /// Durable when they return. A mark of a letter that is gone by then is taken for none.
  /// Errors: transient.
  Result<> mark(std::span<const DeadLetterId> letters, Duration gap);
  Result<> unmark(std::span<const DeadLetterId> letters);

  /// Removes letters, marked or not. Errors: transient.
  Result<> drop(std::span<const DeadLetterId> letters);

  /// As Store::replays(). Also takes away the marks of letters that are gone, or have expired.
  Result<std::vector<MarkedLetter>> read(PipelineId pipeline, std::uint64_t after,
                                         std::size_t letters_max, std::uint64_t bytes_max,
                                         WallTime now);

  /// Every mark of one pipeline or of all, in order, until `visit` answers false.
  /// Errors: transient.
  Result<> each(std::optional<PipelineId> pipeline,
                const std::function<bool(DeadLetterId letter)>& visit);

  /// Adds to a batch that this letter waits no longer.
  void unmark(rocksdb::WriteBatch& batch, DeadLetterId letter) const;

 private:
  template <class Change>
  Result<> write_all(std::span<const DeadLetterId> letters, Change change);

  Database& database_;
};

}  // namespace tidemill::state
