// IntervalIndex: which of a fixed set of intervals contain a point? Built once, then read by any
// thread.
#pragma once

#include <algorithm>
#include <cstdint>
#include <span>
#include <vector>

#include "core/pattern/interval.h"

namespace tidemill::pattern {

/// A segment tree over the ends of the intervals: n intervals take O(n log n) room, and finding the
/// k that contain a point takes O(log n + k).
template <class T>
class IntervalIndex {
 public:
  IntervalIndex() = default;

  /// No interval is empty.
  explicit IntervalIndex(std::span<const Interval<T>> intervals) {
    for (const Interval<T>& interval : intervals) {
      ends_.push_back(interval.low);
      ends_.push_back(interval.high);
    }
    std::ranges::sort(ends_);
    ends_.erase(std::ranges::unique(ends_).begin(), ends_.end());
    // A slot for each end, and one for each gap beside them.
    const std::size_t slots = 2 * ends_.size() + 1;
    std::vector<std::vector<std::uint32_t>> nodes(2 * slots);
    for (std::uint32_t index = 0; index < intervals.size(); ++index) {
      const Interval<T>& interval = intervals[index];
      std::size_t from = slot(interval.low) + (interval.low_open ? 1 : 0) + slots;
      std::size_t to = slot(interval.high) + (interval.high_open ? 0 : 1) + slots;
      for (; from < to; from /= 2, to /= 2) {
        if (from % 2 == 1) nodes[from++].push_back(index);
        if (to % 2 == 1) nodes[--to].push_back(index);
      }
    }
    for (const auto& node : nodes) {
      begins_.push_back(static_cast<std::uint32_t>(found_.size()));
      found_.insert(found_.end(), node.begin(), node.end());
    }
    begins_.push_back(static_cast<std::uint32_t>(found_.size()));
  }

  bool empty() const { return ends_.empty(); }

  /// Calls `found(index)` once for each interval that contains `point`, with its index among those
  /// given.
  template <class Found>
  void find(const T& point, Found&& found) const {
    for (std::size_t node = slot(point) + 2 * ends_.size() + 1; node > 0; node /= 2)
      for (std::uint32_t i = begins_[node]; i < begins_[node + 1]; ++i) found(found_[i]);
  }

 private:
  std::size_t slot(const T& point) const {
    const auto end = std::ranges::lower_bound(ends_, point);
    const auto before = static_cast<std::size_t>(end - ends_.begin());
    return 2 * before + (end != ends_.end() && *end == point ? 1 : 0);
  }

  std::vector<T> ends_;
  std::vector<std::uint32_t> begins_;  // per node of the tree, where its intervals begin in found_
  std::vector<std::uint32_t> found_;
};

}  // namespace tidemill::pattern
