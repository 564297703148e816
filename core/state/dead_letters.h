// DeadLetters: what pipelines have given up, as it is read and, in the end, forgotten. Commits
// write them; which of them wait to be played again is Replays' matter.
//
// Thread safety: any thread, under a lock of Database::hold().
#pragma once

#include <functional>
#include <optional>
#include <span>

#include "core/state/database.h"
#include "core/state/store.h"

namespace tidemill::state {

/// Forgotten by then.
bool expired(const DeadLetter& letter, WallTime now);

class DeadLetters {
 public:
  /// `database` outlives this.
  explicit DeadLetters(Database& database) : database_(database) {}

  /// Those of one pipeline or of all that have not expired, in the order of their numbers, until
  /// `visit` answers false. Errors: transient (one is damaged, or cannot be read).
  Result<> each(std::optional<PipelineId> pipeline, WallTime now,
                const std::function<bool(PipelineId pipeline, std::uint64_t number,
                                         const DeadLetter& letter)>& visit) const;

  /// Removes what has expired. A damaged one is left for each() to report. Errors: transient.
  Result<> drop_expired(std::span<const PipelineId> pipelines, WallTime now);

 private:
  Database& database_;
};

}  // namespace tidemill::state
