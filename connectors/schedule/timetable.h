// Timetable: the instants of an expression in a time zone, in order.
//
// Local times go by the rules of EventBridge Scheduler: one that a clock set forward skips has no
// instant, and one that comes twice when it is set back has its first.
//
// A value; reads the zones of the system when it is made. Any thread.
#pragma once

#include <chrono>
#include <cstddef>
#include <optional>
#include <string>

#include "expression.h"
#include "tidemill/result.h"

namespace date {
class time_zone;
}

namespace tidemill::schedule {

/// An instant in UTC. Schedules are no finer than seconds.
using Seconds = std::chrono::sys_seconds;

class Timetable {
 public:
  struct Terms {
    std::string timezone = "UTC";       ///< Of the IANA database.
    std::optional<Seconds> start = {};  ///< No instant before it; evenly spaced ones begin here.
    std::optional<Seconds> end = {};    ///< And none behind it.
  };

  /// Errors: bad_config (no such zone, or the system has none).
  static Result<Timetable> make(Expression expression, const Terms& terms);

  /// The first instant behind `after`; empty: there is none.
  std::optional<Seconds> next(Seconds after) const;
  std::optional<Seconds> next_from(Seconds from) const {
    return next(from - std::chrono::seconds(1));
  }

  /// The first of the latest `count` instants in [from, to); empty: there are none. It costs about
  /// `count` calls of next(), however long that is.
  std::optional<Seconds> latest(Seconds from, Seconds to, std::size_t count) const;

 private:
  Timetable(Expression expression, const date::time_zone* zone, const Terms& terms);

  std::optional<Seconds> next_of(const Cron& cron, Seconds after) const;
  std::optional<Seconds> next_of(const Every& every, Seconds after) const;
  std::optional<Seconds> next_of(const Once& once, Seconds after) const;
  LocalSeconds local(Seconds instant) const;
  std::optional<Seconds> instant(LocalSeconds local) const;

  Expression expression_;
  const date::time_zone* zone_;  // Null: UTC. Of the library's list, which is never freed.
  std::optional<Seconds> start_;
  std::optional<Seconds> end_;
};

}  // namespace tidemill::schedule
