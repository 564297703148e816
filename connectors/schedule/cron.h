// Cron: a set of local minutes, as AWS's six fields or Unix's five say it.
//
//     minute hour day-of-month month day-of-week year      0 8 ? * MON-FRI *
//     minute hour day-of-month month day-of-week           0 8 * * 1-5
//
// What a time zone makes of a local minute is its caller's. A value: no I/O, no clock; any thread.
#pragma once

#include <bitset>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

#include "tidemill/result.h"

namespace tidemill::schedule {

/// A time of day on a date somewhere.
using LocalSeconds = std::chrono::local_seconds;

inline constexpr int first_year = 1970;
inline constexpr int last_year = 2199;

class Cron {
 public:
  /// AWS's fields: `?` in one of the two of days; L, W and # there; 1 to 7 is SUN to SAT.
  ///
  /// `text` are the fields alone; its first character stands in column `column` of what the user
  /// wrote. Errors: bad_config, with the column.
  static Result<Cron> parse_aws(std::string_view text, std::size_t column = 1);

  /// Unix's fields: 0 to 7 is Sunday to Sunday; where both fields of days are restricted, either
  /// may match. Errors: as parse_aws().
  static Result<Cron> parse_unix(std::string_view text, std::size_t column = 1);

  /// The first minute behind `after`; empty: there is none up to the year 2199.
  std::optional<LocalSeconds> next(LocalSeconds after) const;

 private:
  friend class CronParser;

  struct DayOfMonth {
    enum class Kind { any, days, last, last_weekday, nearest_weekday };
    Kind kind = Kind::any;
    std::bitset<32> days;
    unsigned number = 0;  // last: so many days before it; nearest_weekday: to this day.

    bool matches(std::chrono::year_month_day date) const;
  };

  struct DayOfWeek {
    enum class Kind { any, days, nth, last };
    Kind kind = Kind::any;
    std::bitset<7> days;  // From Sunday on; nth and last: one.
    unsigned number = 0;  // nth.

    bool matches(std::chrono::year_month_day date) const;
  };

  bool matches_day(std::chrono::year_month_day date) const;
  std::optional<std::chrono::minutes> next_time(std::chrono::minutes from) const;

  std::bitset<60> minutes_;
  std::bitset<24> hours_;
  std::bitset<13> months_;  // From 1 on.
  std::bitset<last_year - first_year + 1> years_;
  DayOfMonth day_of_month_;
  DayOfWeek day_of_week_;
  bool either_day_ = false;
};

}  // namespace tidemill::schedule
