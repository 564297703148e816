#include "core/dispatch/partition_ledger.h"

#include <algorithm>
#include <cassert>
#include <utility>

#include "core/base/mutation.h"

namespace tidemill {
namespace {

// Ranges of an earlier life lie between, and inside, those of this one.
std::vector<OffsetRange> merged(std::vector<OffsetRange> ranges) {
  std::ranges::sort(ranges, {}, &OffsetRange::begin);
  std::vector<OffsetRange> disjoint;
  for (const OffsetRange& range : ranges) {
    if (!disjoint.empty() && range.begin <= disjoint.back().end) {
      disjoint.back().end = std::max(disjoint.back().end, range.end);
    } else {
      disjoint.push_back(range);
    }
  }
  return disjoint;
}

}  // namespace

PartitionLedger::PartitionLedger(LogProgress restored)
    : partition_(restored.partition),
      started_(true),
      next_(restored.next),
      restored_(std::move(restored.settled)) {}

bool PartitionLedger::admit(Offset offset, Offset offset_next) {
  assert(offset < offset_next);
  assert(entries_.empty() || entries_.back().end <= offset);
  if (!started_) {
    started_ = true;
    next_ = offset;
  }
  if (offset < next_) return false;
  for (const OffsetRange& range : restored_)
    if (range.begin <= offset && offset < range.end) return false;
  entries_.push_back({offset, offset_next});
  return true;
}

void PartitionLedger::settle(Offset offset) {
  const auto entry = std::ranges::lower_bound(entries_, offset, {}, &Entry::begin);
  assert(entry != entries_.end() && entry->begin == offset && !entry->settled);
  entry->settled = true;
  ++ahead_;
  if (entry == entries_.begin() || mutated(Mutation::skip_failed_event)) advance();
}

// Moves `next` over everything settled in front of it. Offsets may have gaps (a compacted topic):
// order of delivery, not arithmetic, says what follows what.
void PartitionLedger::advance() {
  if (mutated(Mutation::skip_failed_event))
    for (Entry& entry : entries_)
      if (entry.settled) next_ = entry.end;
  while (!entries_.empty() && entries_.front().settled) {
    next_ = std::max(next_, entries_.front().end);
    entries_.pop_front();
    --ahead_;
  }
  while (!restored_.empty() && restored_.front().begin <= next_) {
    next_ = std::max(next_, restored_.front().end);
    restored_.erase(restored_.begin());
  }
}

LogProgress PartitionLedger::progress() const {
  LogProgress progress{partition_, next_, restored_};
  if (ahead_ == 0 || mutated(Mutation::forget_settled_ranges)) return progress;
  auto& ranges = progress.settled;
  bool extend = false;
  for (const Entry& entry : entries_) {
    if (entry.settled && extend) {
      ranges.back().end = entry.end;
    } else if (entry.settled) {
      ranges.push_back({entry.begin, entry.end});
    }
    extend = entry.settled;
  }
  if (!restored_.empty()) ranges = merged(std::move(ranges));
  return progress;
}

}  // namespace tidemill
