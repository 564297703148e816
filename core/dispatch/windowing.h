// Windowing: which windows of event time an instant is in, and which of them are over. Pure.
//
// Windows are half-open and aligned to the Unix epoch: one starts at every multiple of `every`, and
// is `size` long. Where the two are equal the windows tumble, where `size` is a multiple they hop.
#pragma once

#include <algorithm>
#include <cstdint>

#include "tidemill/time.h"

namespace tidemill {

struct Windowing {
  Duration size{0};
  Duration every{0};     ///< Precondition: divides `size`.
  Duration lateness{0};  ///< How far an event may be behind the latest one before it.

  /// The watermark of what has seen `latest`: no window that ends by then takes any more events.
  EventTime watermark(EventTime latest) const { return before(latest, lateness); }

  /// Is it behind the watermark?
  bool late(EventTime time, EventTime latest) const { return time < watermark(latest); }

  bool closed(EventTime end, EventTime latest) const { return end <= watermark(latest); }

  /// Calls `visit` with the start and end of every window that `time` is in, the last one first.
  template <class Visit>
  void each(EventTime time, Visit visit) const {
    const auto step = static_cast<std::uint64_t>(every.count());
    const auto length = static_cast<std::uint64_t>(size.count());
    std::uint64_t start = time.value / step * step;
    for (;;) {
      visit(EventTime(start), EventTime(start + length));
      // The windows that began before 1970 are none.
      if (start < step || start - step + length <= time.value) return;
      start -= step;
    }
  }

  /// Has every window that `time` is in closed?
  bool dropped(EventTime time, EventTime latest) const {
    const auto step = static_cast<std::uint64_t>(every.count());
    const auto length = static_cast<std::uint64_t>(size.count());
    return closed(EventTime(time.value / step * step + length), latest);
  }

  /// The last end of a window that is not behind `time`.
  EventTime last_end(EventTime time) const {
    const auto step = static_cast<std::uint64_t>(every.count());
    return EventTime(time.value / step * step);
  }

  static EventTime before(EventTime time, Duration distance) {
    return EventTime(time.value -
                     std::min(time.value, static_cast<std::uint64_t>(distance.count())));
  }
};

}  // namespace tidemill
