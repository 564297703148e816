// CommitSequencer: every durable change of the engine goes through here, one group at a time.
//
// An fsync costs as much as thousands of events, so commits that arrive while one is being written
// wait together and become the next group: one WriteBatch, one fsync, for all pipelines. Groups
// keep the order of arrival, which is what lets a ledger compute its progress when it submits.
//
// Lives on the scheduler's executor; the write itself runs on the blocking pool. After a failed
// write nothing is known about the store: every waiting and later commit answers the error.
#pragma once

#include <cstddef>
#include <deque>
#include <functional>
#include <optional>
#include <vector>

#include "core/state/store.h"
#include "tidemill/async.h"
#include "tidemill/result.h"

namespace tidemill {

class CommitSequencer {
 public:
  struct Stats {
    std::uint64_t commits = 0;  ///< Parts made durable.
    std::uint64_t groups = 0;   ///< Writes they took.
  };

  CommitSequencer(Scheduler& scheduler, Store& store) : scheduler_(scheduler), store_(store) {}
  CommitSequencer(const CommitSequencer&) = delete;
  CommitSequencer& operator=(const CommitSequencer&) = delete;

  /// Returns once `part` is durable. Its place in the order is taken before the first suspension.
  /// The caller keeps everything that `part` views alive until then.
  Task<Result<>> commit(const CommitPart& part);

  /// Set once a write has failed.
  const std::optional<Error>& failure() const { return failure_; }
  const Stats& stats() const { return stats_; }

 private:
  struct Waiting {
    const CommitPart* part;
    std::move_only_function<void()> resume;
  };

  Task<> write_groups();

  Scheduler& scheduler_;
  Store& store_;
  std::deque<Waiting> waiting_;
  bool writing_ = false;  // Invariant: true while write_groups() runs.
  std::optional<Error> failure_;
  Stats stats_;
};

}  // namespace tidemill
