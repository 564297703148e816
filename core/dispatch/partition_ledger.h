// PartitionLedger: how far one partition of a log source has come, with no holes.
//
//     settled ........| pending | settled | pending | settled |
//                     ^ next      \______ ranges ____________/
//
// `next` stands at the lowest offset that is not settled; a failed event pins it there until it is
// committed or dead-lettered. What settled ahead of it is remembered as ranges, written with every
// commit, so that a replay from `next` skips it.
//
// Works in ranges, not in events: a batch that settles whole costs as much as one event.
// Pure bookkeeping: no I/O, no clock. Belongs to one pipeline on one executor.
#pragma once

#include <cstddef>
#include <map>
#include <vector>

#include "core/state/store.h"
#include "tidemill/ids.h"
#include "tidemill/source.h"

namespace tidemill {

class PartitionLedger {
 public:
  /// At this many ranges a partition is not polled: its hole must close first.
  static constexpr std::size_t ranges_max = 1024;

  /// Of a partition that was never read: `next` is where its first event stands.
  explicit PartitionLedger(Partition partition) : partition_(partition) {}

  /// As a commit left it.
  explicit PartitionLedger(LogProgress restored);

  /// Takes note of an event that the source delivered; offsets ascend, but what is under way may
  /// come once more. False then, and when it is settled already: drop it.
  [[nodiscard]] bool admit(Offset offset, Offset offset_next);

  /// Settles the events from `begin` up to, not including, the one at `end`. Precondition: all of
  /// them were admitted, each began where the one before it ended, and none is settled.
  void settle(Offset begin, Offset end);

  /// Of the events from `begin` to `end` nothing will come: they are settled together with the
  /// event behind them, like offsets that never had one, or by settle_skipped(). So events that
  /// alternate with such that take their time leave no ranges. Precondition: as settle()'s.
  void skip(Offset begin, Offset end);

  /// Settles what was skipped behind the last event that is under way.
  void settle_skipped();

  LogProgress progress() const;
  Offset next() const { return next_; }

  /// True while too many ranges are open, those of an earlier life included, and an event is under
  /// way that can close the hole.
  bool blocked() const { return settled_.size() >= ranges_max && admitted_ > next_; }

 private:
  void insert(OffsetRange range);
  void absorb();
  Offset without_gap(Offset begin);

  Partition partition_;
  bool started_ = false;
  Offset next_;
  Offset admitted_;  // Up to here the source has delivered. Invariant: >= next_.
  // Invariant: ascending, disjoint, not adjacent, from next_ on.
  std::vector<OffsetRange> settled_;
  // Offsets without events (a compacted topic), and those of skipped ones, belong to the event
  // behind them: its offset -> where the gap in front of it begins. Only of events under way; the
  // gap at `admitted_` waits for the next one.
  std::map<Offset, Offset> gaps_;
};

}  // namespace tidemill
