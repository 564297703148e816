#include "core/dispatch/partition_ledger.h"

#include <algorithm>
#include <cassert>
#include <utility>

#include "core/base/mutation.h"

namespace tidemill {

PartitionLedger::PartitionLedger(LogProgress restored)
    : partition_(restored.partition),
      started_(true),
      next_(restored.next),
      admitted_(restored.next),
      settled_(std::move(restored.settled)) {}

bool PartitionLedger::admit(Offset offset, Offset offset_next) {
  assert(offset < offset_next);
  if (!started_) {
    started_ = true;
    next_ = admitted_ = offset;
  }
  // Settled, or delivered once more while it is under way.
  if (offset < admitted_) return false;
  const Offset gap = without_gap(admitted_);
  admitted_ = std::max(admitted_, offset_next);
  const auto behind =
      std::ranges::upper_bound(settled_, offset, {}, [](const auto& range) { return range.begin; });
  if (behind != settled_.begin() && offset < std::prev(behind)->end) {
    // Nothing will come that could settle the gap in front of it later.
    if (gap < offset) insert({gap, offset});
    absorb();
    return false;
  }
  if (gap < offset) gaps_.emplace(offset, gap);
  return true;
}

void PartitionLedger::settle(Offset begin, Offset end) {
  assert(begin < end && end <= admitted_);
  insert({without_gap(begin), end});
  if (mutated(Mutation::skip_failed_event)) {
    next_ = std::max(next_, settled_.back().end);
    settled_.clear();
    gaps_.clear();
  }
  absorb();
}

void PartitionLedger::skip(Offset begin, Offset end) {
  assert(begin < end && end <= admitted_);
  begin = without_gap(begin);
  const auto behind = gaps_.upper_bound(end);
  const auto settled = std::ranges::lower_bound(settled_, end, {}, &OffsetRange::begin);
  if (settled != settled_.end() && settled->begin == end) {
    insert({begin, end});
    absorb();
  } else if (behind != gaps_.end() && behind->second == end) {
    behind->second = begin;
  } else {
    gaps_.emplace(end, begin);
  }
  if (mutated(Mutation::skip_too_far)) next_ = std::max(next_, end);
}

void PartitionLedger::settle_skipped() {
  const Offset begin = without_gap(admitted_);
  if (begin == admitted_) return;
  insert({begin, admitted_});
  absorb();
}

// Where the gap in front of the event at `begin` starts, which belongs to nobody from now on.
Offset PartitionLedger::without_gap(Offset begin) {
  if (gaps_.empty()) return begin;
  const auto gap = gaps_.find(begin);
  return gap == gaps_.end() ? begin : gaps_.extract(gap).mapped();
}

// One range with all that it overlaps or touches.
void PartitionLedger::insert(OffsetRange range) {
  const auto first = std::ranges::lower_bound(settled_, range.begin, {}, &OffsetRange::end);
  auto last = first;
  for (; last != settled_.end() && last->begin <= range.end; ++last) {
    range.begin = std::min(range.begin, last->begin);
    range.end = std::max(range.end, last->end);
  }
  if (first == last) {
    settled_.insert(first, range);
  } else {
    *first = range;
    settled_.erase(std::next(first), last);
  }
}

// Moves `next` over what is settled right in front of it. Not over what settled in an earlier life
// and has not been delivered again: whoever goes with `next`, as clocks do, has yet to see it.
void PartitionLedger::absorb() {
  auto first = settled_.begin();
  while (first != settled_.end() && first->begin <= next_ && first->end <= admitted_) {
    next_ = std::max(next_, first->end);
    ++first;
  }
  settled_.erase(settled_.begin(), first);
  if (settled_.empty() || settled_.front().begin > next_) return;
  next_ = std::max(next_, admitted_);
  settled_.front().begin = next_;
}

LogProgress PartitionLedger::progress() const {
  if (mutated(Mutation::forget_settled_ranges)) return {partition_, next_, {}};
  return {partition_, next_, settled_};
}

}  // namespace tidemill
