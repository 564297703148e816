// Interval: from here to there, each end with or without the point itself.
#pragma once

#include <compare>

namespace tidemill::pattern {

template <class T>
struct Interval {
  T low{};
  T high{};
  bool low_open = false;   ///< Without `low` itself.
  bool high_open = false;  ///< Without `high` itself.

  friend auto operator<=>(const Interval&, const Interval&) = default;
};

}  // namespace tidemill::pattern
