// RowClaims: lets a batch finish whose reads are overtaken again and again.
//
// A batch that reads rows, then writes to a slow sink, can meet a writer that changes those rows
// more often than the sink answers: it would be invoked, and publish, for ever. After a few such
// conflicts it claims the rows it read; whoever is about to commit a change of one of them waits
// until the claim is given back. One claim at a time, and a batch that holds it waits for no other:
// nobody waits in a circle. A claim ends by itself after `claim_max`, since a sink that is down
// must not stop the pipelines that write those rows.
//
// Lives on the scheduler's executor.
#pragma once

#include <boost/unordered/unordered_flat_set.hpp>
#include <cstdint>
#include <deque>
#include <functional>
#include <span>

#include "core/state/store.h"
#include "tidemill/async.h"
#include "tidemill/invocation.h"

namespace tidemill {

class RowClaims {
 public:
  static constexpr Duration claim_max = std::chrono::seconds(10);

  explicit RowClaims(Scheduler& scheduler) : scheduler_(scheduler) {}
  ~RowClaims() { scheduler_.cancel(timer_); }
  RowClaims(const RowClaims&) = delete;
  RowClaims& operator=(const RowClaims&) = delete;

  /// `owner` claims the rows of `reads`, besides what it claimed before. False: another has a
  /// claim.
  bool claim(const void* owner, std::span<const RowRead> reads);

  /// Does nothing where `owner` has no claim (any more).
  void release(const void* owner);

  /// Returns once nobody but `owner` claims one of `rows`; at once, mostly. What follows without a
  /// suspension finds it so.
  Task<> pass(const void* owner, std::span<const RowChange> rows);

 private:
  bool holds_up(const void* owner, std::span<const RowChange> rows) const;

  Scheduler& scheduler_;
  const void* owner_ = nullptr;
  boost::unordered_flat_set<std::uint64_t> rows_;  // Of owner_.
  std::deque<std::move_only_function<void()>> waiting_;
  Scheduler::TimerId timer_ = Scheduler::TimerId::none;  // Ends the claim.
};

}  // namespace tidemill
