#include "cron.h"

namespace tidemill::schedule {

using std::chrono::days;
using std::chrono::hours;
using std::chrono::local_days;
using std::chrono::minutes;
using std::chrono::months;
using std::chrono::year_month_day;

namespace {

unsigned last_day_of(year_month_day date) {
  return unsigned{(date.year() / date.month() / std::chrono::last).day()};
}

// Of the week, from Sunday on.
unsigned weekday_of(year_month_day date) {
  return std::chrono::weekday(local_days(date)).c_encoding();
}

// The weekday from Monday to Friday that is nearest to `day`, within the month of `date`.
unsigned nearest_weekday(year_month_day date, unsigned day) {
  const unsigned last = last_day_of(date);
  const unsigned weekday = weekday_of(date.year() / date.month() / std::chrono::day(day));
  if (weekday == 6) return day > 1 ? day - 1 : day + 2;
  if (weekday == 0) return day < last ? day + 1 : day - 2;
  return day;
}

}  // namespace

bool Cron::DayOfMonth::matches(year_month_day date) const {
  const unsigned day = unsigned{date.day()};
  const unsigned last = last_day_of(date);
  switch (kind) {
    case Kind::any:
      return true;
    case Kind::days:
      return days[day];
    case Kind::last:
      return day + number == last;
    case Kind::last_weekday:
      return day == nearest_weekday(date, last);
    case Kind::nearest_weekday:
      return number <= last && day == nearest_weekday(date, number);
  }
  return false;
}

bool Cron::DayOfWeek::matches(year_month_day date) const {
  if (kind == Kind::any) return true;
  if (!days[weekday_of(date)]) return false;
  const unsigned day = unsigned{date.day()};
  if (kind == Kind::nth) return (day - 1) / 7 + 1 == number;
  return kind == Kind::days || day + 7 > last_day_of(date);
}

bool Cron::matches_day(year_month_day date) const {
  const bool of_month = day_of_month_.matches(date);
  const bool of_week = day_of_week_.matches(date);
  return either_day_ ? of_month || of_week : of_month && of_week;
}

std::optional<minutes> Cron::next_time(minutes from) const {
  auto minute = static_cast<std::size_t>(from.count() % 60);
  for (auto hour = static_cast<std::size_t>(from.count() / 60); hour < hours_.size(); ++hour) {
    for (; hours_[hour] && minute < minutes_.size(); ++minute)
      if (minutes_[minute]) return hours(hour) + minutes(minute);
    minute = 0;
  }
  return std::nullopt;
}

std::optional<LocalSeconds> Cron::next(LocalSeconds after) const {
  const local_days first(std::chrono::year(first_year) / 1 / 1);
  const auto from = std::chrono::floor<minutes>(after) + minutes(1);
  local_days day = std::chrono::floor<days>(from);
  minutes time = from - day;
  if (day < first) {
    day = first;
    time = minutes(0);
  }
  for (;;) {
    const year_month_day date(day);
    const int year = int{date.year()};
    if (year > last_year) return std::nullopt;
    if (!years_[static_cast<std::size_t>(year - first_year)]) {
      day = local_days((date.year() + std::chrono::years(1)) / 1 / 1);
    } else if (!months_[unsigned{date.month()}]) {
      day = local_days((date.year() / date.month() + months(1)) / 1);
    } else {
      if (matches_day(date))
        if (const auto found = next_time(time)) return day + *found;
      day += days(1);
    }
    time = minutes(0);
  }
}

}  // namespace tidemill::schedule
