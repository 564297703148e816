#include "utc_time.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <string>

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

std::optional<WallTime> parse_http_date(std::string_view text) {
  constexpr std::array<std::string_view, 12> months{"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                                    "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  constexpr std::string_view shape = "Fri, 30 Jan 2026 08:15:00 GMT";
  if (text.size() != shape.size() || text.substr(3, 2) != ", " || !text.ends_with(" GMT"))
    return std::nullopt;
  const auto month = std::ranges::find(months, text.substr(8, 3));
  if (month == months.end()) return std::nullopt;
  const auto number_of_month = std::to_string(101 + (month - months.begin())).substr(1);
  std::string utc(text.substr(12, 4));
  utc.append("-").append(number_of_month).append("-").append(text.substr(5, 2));
  utc.append("T").append(text.substr(17, 8)).append("Z");
  return parse_utc(utc);
}

}  // namespace tidemill::aws
