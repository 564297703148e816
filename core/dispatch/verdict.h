// The policy of delivery as a pure function: what an invocation answered -> what becomes of each of
// its events. No threads, no clock, no I/O, so that every rule is a line of a test.
//
// Rules (AWS Lambda's event source mappings, read as serverless semantics for any source):
//  - An event that the function failed with bad_event goes to the dead letters at once.
//  - Any other failed event is tried again until the policy's attempts are spent, then dies.
//  - Ordered: everything behind the lowest failed event waits for it. Its effects are discarded
//    before any sink sees them, and it is invoked again.
//  - Keyed: the same, but only for events behind a failed one of their own key. The others settle.
//  - A batch that fails as a whole is split in halves (a split spends no attempt) until the event
//    that causes it stands alone; without bisect the whole batch is retried, then dies.
//  - A batch that was put off (throttled, or cancelled by a stop) waits and is tried again, whole,
//    for as long as it takes: no attempt is spent on it.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "core/config/plan.h"
#include "tidemill/invocation.h"
#include "tidemill/time.h"

namespace tidemill {

enum class Ordering { ordered, keyed, unordered };

enum class Fate : std::uint8_t {
  settle,       ///< Its effects are carried out.
  retry,        ///< Invoked again after the back-off, with one attempt spent.
  rerun,        ///< Invoked again at once; it spent nothing, it only stood behind another.
  dead_letter,  ///< Given up, with its failure's reason.
  duplicate,    ///< Settled before it came; only acknowledged. Never judged.
};

/// Nothing of the event remains to be done once this has committed.
constexpr bool is_final(Fate fate) { return fate != Fate::retry && fate != Fate::rerun; }

struct Verdict {
  std::vector<Fate> fates;  ///< One per event; empty: all settle.
  /// Set when the batch failed as a whole and must be split: both halves run again, left first.
  bool split = false;
};

/// The batch was not refused for what is in it: the function was not asked, or told to stop.
bool put_off(Fault fault);

/// Judges one answer to a batch of `count` events at its `attempt`th try (1 for the first).
/// `failures` are ascending by event, without repeats (see normalized()). `keys` are the events'
/// keys, needed for Ordering::keyed; an empty key has no order to keep.
Verdict judge(const RetryPolicy& policy, Ordering ordering, std::uint32_t attempt,
              std::size_t count, bool batch_failed, Fault batch_fault,
              std::span<const EventFailure> failures, std::span<const std::string_view> keys = {});

/// Sorted by event, one failure per event: the most final one wins.
std::vector<EventFailure> normalized(std::vector<EventFailure> failures);

/// How long to wait before try `attempt + 1`. `random` is uniform over 64 bits; with full jitter
/// the wait is uniform between nothing and the exponential bound (AWS Architecture Blog,
/// "Exponential Backoff And Jitter").
Duration backoff(const Backoff& policy, std::uint32_t attempt, std::uint64_t random);

}  // namespace tidemill
