// PartitionLedger: how far one partition of a log source has come, with no holes.
//
//     settled ........| pending | settled | pending | settled |
//                     ^ next      \______ ranges ____________/
//
// `next` stands at the lowest offset that is not settled; a failed event pins it there until it is
// committed or dead-lettered. What settled ahead of it is remembered as ranges, written with every
// commit, so that a replay from `next` skips it.
//
// Pure bookkeeping: no I/O, no clock. Belongs to one pipeline on one executor.
#pragma once

#include <cstddef>
#include <deque>
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

  /// Takes note of an event that the source delivered; offsets ascend. False when it is settled
  /// already: drop it.
  [[nodiscard]] bool admit(Offset offset, Offset offset_next);

  /// Precondition: admitted, and not settled since.
  void settle(Offset offset);

  LogProgress progress() const;

  /// True while too many ranges are open, those of an earlier life included, and an event is under
  /// way that can close the hole.
  bool blocked() const {
    return ahead_ > 0 && ahead_ + restored_.size() >= ranges_max &&
           progress().settled.size() >= ranges_max;
  }

  std::size_t pending() const { return entries_.size() - ahead_; }

 private:
  struct Entry {
    Offset begin;
    Offset end;
    bool settled = false;
  };

  void advance();

  Partition partition_;
  bool started_ = false;
  Offset next_;
  std::deque<Entry> entries_;          // Invariant: ascending; the first one is not settled.
  std::size_t ahead_ = 0;              // Invariant: how many of entries_ are settled.
  std::vector<OffsetRange> restored_;  // Invariant: ascending, disjoint, each ends above next_.
};

}  // namespace tidemill
