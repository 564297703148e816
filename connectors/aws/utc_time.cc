#include "utc_time.h"

#include <chrono>

namespace tidemill::aws {
namespace {

// Of so many digits, and of nothing else.
std::optional<int> number(std::string_view text) {
  int value = 0;
  for (const char c : text) {
    if (c < '0' || c > '9') return std::nullopt;
    value = value * 10 + (c - '0');
  }
  return value;
}

}  // namespace

std::optional<WallTime> parse_utc(std::string_view text) {
  constexpr std::string_view shape = "0000-00-00T00:00:00";
  if (text.size() <= shape.size() || !text.ends_with('Z')) return std::nullopt;
  for (std::size_t i = 0; i < shape.size(); ++i)
    if (shape[i] != '0' && text[i] != shape[i]) return std::nullopt;
  const auto year = number(text.substr(0, 4));
  const auto month = number(text.substr(5, 2));
  const auto day = number(text.substr(8, 2));
  const auto hour = number(text.substr(11, 2));
  const auto minute = number(text.substr(14, 2));
  const auto second = number(text.substr(17, 2));
  if (!year || !month || !day || !hour || !minute || !second) return std::nullopt;
  if (*year < 1970 || *hour > 23 || *minute > 59 || *second > 60) return std::nullopt;
  const std::chrono::year_month_day date{std::chrono::year(*year),
                                         std::chrono::month(static_cast<unsigned>(*month)),
                                         std::chrono::day(static_cast<unsigned>(*day))};
  if (!date.ok()) return std::nullopt;
  Duration time = std::chrono::sys_days(date).time_since_epoch();
  time += std::chrono::hours(*hour) + std::chrono::minutes(*minute) + std::chrono::seconds(*second);
  if (text.size() > shape.size() + 1) {
    auto digits = text.substr(shape.size(), text.size() - shape.size() - 1);
    if (digits.front() != '.' || digits.size() < 2) return std::nullopt;
    digits = digits.substr(1, 6);  // What is below a microsecond is left out.
    const auto fraction = number(digits);
    if (!fraction) return std::nullopt;
    Duration::rep micros = *fraction;
    for (std::size_t i = digits.size(); i < 6; ++i) micros *= 10;
    time += Duration(micros);
  }
  return WallTime(static_cast<std::uint64_t>(time.count()));
}

}  // namespace tidemill::aws
