#include "timetable.h"

#include <date/tz.h>

#include <algorithm>
#include <deque>
#include <exception>
#include <utility>
#include <variant>

namespace tidemill::schedule {

using std::chrono::seconds;

Timetable::Timetable(Expression expression, const date::time_zone* zone, const Terms& terms)
    : expression_(std::move(expression)), zone_(zone), start_(terms.start), end_(terms.end) {}

Result<Timetable> Timetable::make(Expression expression, const Terms& terms) {
  const date::time_zone* zone = nullptr;
  if (terms.timezone != "UTC") {
    try {
      zone = date::locate_zone(terms.timezone);
    } catch (const std::exception& error) {
      return fail(Fault::bad_config,
                  "timezone: expected a name of the IANA database, such as "
                  "Europe/Berlin; got " +
                      terms.timezone + " (" + error.what() + ")");
    }
  }
  return Timetable(std::move(expression), zone, terms);
}

std::optional<Seconds> Timetable::next(Seconds after) const {
  if (start_) after = std::max(after, *start_ - seconds(1));
  const auto found =
      std::visit([&](const auto& expression) { return next_of(expression, after); }, expression_);
  return found && end_ && *found > *end_ ? std::nullopt : found;
}

// Local times ascend with the instants of their first passes, so the first one behind `after` is
// it.
std::optional<Seconds> Timetable::next_of(const Cron& cron, Seconds after) const {
  LocalSeconds from = local(after);
  while (const auto next = cron.next(from)) {
    const auto found = instant(*next);
    if (found && *found > after) return found;
    from = *next;
  }
  return std::nullopt;
}

std::optional<Seconds> Timetable::next_of(const Every& every, Seconds after) const {
  const Seconds anchor = start_.value_or(Seconds());
  if (after < anchor) return anchor;
  return anchor + ((after - anchor) / every.period + 1) * every.period;
}

std::optional<Seconds> Timetable::next_of(const Once& once, Seconds after) const {
  const auto found = instant(once.at);
  return found && *found > after ? found : std::nullopt;
}

LocalSeconds Timetable::local(Seconds instant) const {
  const auto offset = zone_ == nullptr ? seconds(0) : zone_->get_info(instant).offset;
  return LocalSeconds(instant.time_since_epoch() + offset);
}

std::optional<Seconds> Timetable::instant(LocalSeconds local) const {
  if (zone_ == nullptr) return Seconds(local.time_since_epoch());
  const auto info = zone_->get_info(date::local_seconds(local.time_since_epoch()));
  if (info.result == date::local_info::nonexistent) return std::nullopt;
  return Seconds(local.time_since_epoch() - info.first.offset);
}

std::optional<Seconds> Timetable::latest(Seconds from, Seconds to, std::size_t count) const {
  // At most one a second: the span that may hold them is tried first, then wider ones.
  auto span = seconds(count);
  for (;;) {
    const Seconds begin = to - from > span ? to - span : from;
    std::deque<Seconds> found;
    for (auto at = next_from(begin); at && *at < to; at = next(*at)) {
      found.push_back(*at);
      if (found.size() > count) found.pop_front();
    }
    if (begin == from || found.size() == count)
      return found.empty() ? std::nullopt : std::optional(found.front());
    span *= 4;
  }
}

}  // namespace tidemill::schedule
