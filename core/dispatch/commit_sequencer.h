// CommitSequencer: every durable change of the engine goes through here, one group at a time.
//
// An fsync costs as much as thousands of events, so commits that arrive while one is being written
// wait together and become the next group: one WriteBatch, one fsync, for all pipelines. Groups
// keep the order of arrival, which is what lets a ledger compute its progress when it submits.
//
// A group is synced when one of its parts asks for it; otherwise a sync follows within
// `sync_every`, with the next group where one waits. Commits are numbered; everything up to
// durable() survives a power cut.
//
// Lives on the scheduler's executor; the writes run on threads of their own. After a failed write
// nothing is known about the store: every waiting and later commit answers the error, until
// recover() has opened the store again.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <vector>

#include "core/dispatch/row_claims.h"
#include "core/dispatch/row_guard.h"
#include "core/state/store.h"
#include "tidemill/async.h"
#include "tidemill/result.h"

namespace tidemill {

class CommitSequencer {
 public:
  static constexpr Duration sync_every = std::chrono::seconds(1);

  using Ticket = std::uint64_t;

  struct Stats {
    std::uint64_t commits = 0;  ///< Parts written.
    std::uint64_t groups = 0;   ///< Writes they took.
    std::uint64_t syncs = 0;    ///< Syncs that were no part of a write.
  };

  /// `disk` is where the store's calls block: not the pool that sinks and sources block on, where
  /// one that hangs would hold up every commit.
  CommitSequencer(Scheduler& scheduler, Store& store, Executor disk)
      : scheduler_(scheduler),
        store_(store),
        disk_(std::move(disk)),
        claims_(scheduler),
        work_(scheduler) {}
  CommitSequencer(const CommitSequencer&) = delete;
  CommitSequencer& operator=(const CommitSequencer&) = delete;

  /// Returns its number once `part` is written, and durable if so asked. Its place in the order is
  /// taken before the first suspension. The caller keeps everything that `part` views alive until
  /// then. Errors: transient, for good: see recover().
  Task<Result<std::uint64_t>> commit(const CommitPart& part, Durability durability);

  /// Commits up to this number are written, so that reads see them. From any thread.
  std::uint64_t visible() const { return visible_.load(std::memory_order_acquire); }

  /// Commits up to this number survive a power cut.
  std::uint64_t durable() const { return durable_; }

  /// Asks for a sync now rather than within sync_every.
  void hurry() {
    hurried_ = true;
    start();
  }

  /// Has a commit been submitted that changed what was read? Ask right before commit().
  bool stale(std::span<const RowRead> reads) {
    return !reads.empty() && guard_.stale(reads, submitted_);
  }
  RowGuard& guard() { return guard_; }
  RowClaims& claims() { return claims_; }
  const Executor& disk() const { return disk_; }

  /// `listener` is notified whenever durable() grows or a write fails, until unsubscribe(), which
  /// comes before it dies. Only who waits for that subscribes: each costs every synced group.
  Ticket subscribe(Signal& listener);
  void unsubscribe(Ticket ticket) { listeners_.erase(ticket); }
  std::size_t listeners() const { return listeners_.size(); }

  /// Set once a write has failed.
  const std::optional<Error>& failure() const { return failure_; }

  /// `listener` is called when that happens. One; it outlives the sequencer's work.
  void on_failure(std::function<void()> listener) { on_failure_ = std::move(listener); }

  /// Something that the store answered is an error: if that is because one of the store's own
  /// writes has failed, this is as good as a failed commit.
  void look_at(const Error& error);

  /// After a failure, when nobody waits in commit() any more: tries once to open the store again.
  /// Errors: transient; try again later.
  Task<Result<>> recover();

  const Stats& stats() const { return stats_; }

 private:
  struct Waiting {
    const CommitPart* part;
    Durability durability;
    std::move_only_function<void()> resume;
  };

  void start();
  Task<> write_groups();
  Task<> write_group(bool synced);
  void answer();
  Task<> sync();
  void written(Result<> outcome, std::uint64_t last, bool synced);
  void fail(Error error);

  Scheduler& scheduler_;
  Store& store_;
  Executor disk_;
  std::vector<Waiting> waiting_;
  std::vector<std::move_only_function<void()>> answered_;  // Of written commits, in order.
  bool answering_ = false;                                 // answer() is posted.
  RowGuard guard_;
  RowClaims claims_;
  std::map<Ticket, Signal*> listeners_;
  Ticket last_ticket_ = 0;
  std::uint64_t submitted_ = 0;  // The last number given away.
  std::atomic<std::uint64_t> visible_ = 0;
  std::uint64_t durable_ = 0;
  std::optional<Instant> sync_at_;  // Invariant: set while something visible is not durable.
  bool hurried_ = false;
  bool writing_ = false;  // Invariant: true while write_groups() runs.
  std::optional<Error> failure_;
  std::function<void()> on_failure_;
  Stats stats_;
  Signal work_;  // Something to write, while write_groups() waits for the time of the next sync.
};

}  // namespace tidemill
