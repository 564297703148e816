// EventClock: event time in one partition of a log source, as one aggregate reads it.
//
//     settled .......| settled | pending | settled | pending |
//                    ^ next                                  ^ seen
//
// An event is late by what came before it in its partition, and by nothing else: so the clock goes
// with the intake, in the order of offsets, whatever order batches end in. What is written with the
// progress is the clock as it stood at `next`; from there on the same events come again after a
// restart, those too that had settled ahead, and bring it to where it was.
//
// Works like PartitionLedger, beside which it stands: no I/O, one executor. What it holds grows
// with the events under way, not with those that settled ahead of them.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>

#include "core/dispatch/windowing.h"
#include "core/state/store.h"
#include "tidemill/ids.h"

namespace tidemill {

class EventClock {
 public:
  /// Of a partition that was never read.
  EventClock(TableId table, Windowing windowing) : windowing_(windowing) { settled_.table = table; }

  /// As a commit left it, with the progress of its partition.
  EventClock(const ClockProgress& restored, Windowing windowing)
      : windowing_(windowing), latest_(restored.latest), settled_(restored) {}

  /// The next event of the partition; `time` is 0 where it has none. `pending`: it will settle.
  void see(Offset offset, EventTime time, bool pending);

  struct Sight {
    EventTime time;           ///< 0: it has none.
    EventTime latest_before;  ///< Of all events before it; 0: there was none.
  };

  /// An event that has been seen and is still pending.
  Sight sight(Offset offset) const;

  /// The events from `begin` up to, not including, `end` have settled.
  void settle(OffsetRange range);

  /// Of these nothing will come: they settle together with the event behind them.
  void skip(OffsetRange range);

  /// Everything below `next` has settled.
  void move_to(Offset next);

  /// At `next`.
  const ClockProgress& progress() const { return settled_; }

  /// Of all events that have settled, those ahead of `next` left out; 0: none had a time.
  EventTime latest_settled() const;

  /// How many entries it holds.
  std::size_t size() const { return seen_.size(); }

 private:
  enum class Is : std::uint8_t { pending, skipped, settled };

  // One pending event, or several neighbours that are not.
  struct Seen {
    Offset offset;
    EventTime time;
    EventTime latest_before;
    std::uint32_t late = 0;
    std::uint32_t dropped = 0;
    Is is = Is::pending;
  };

  void mark(OffsetRange range, Is is);
  std::size_t place_of(Offset offset) const;
  void fold(const Seen& seen);
  void join_neighbours();

  Windowing windowing_;
  EventTime latest_;  // Of all that was seen.
  ClockProgress settled_;
  std::deque<Seen> seen_;              // Ascending by offset, from `next` on.
  std::size_t join_at_ = 4096;         // So many are looked through for neighbours that can be one.
  mutable std::size_t looked_at_ = 0;  // Batches ask one after the other.
};

}  // namespace tidemill
