#include "rows/field.h"

#include <array>
#include <chrono>
#include <cmath>
#include <cstdio>

namespace tidemill::rows {
namespace {

namespace json = boost::json;

// 2001 in microseconds is beyond any year in milliseconds that a row may mean, and so on down.
constexpr double micros_from = 1e14;
constexpr double millis_from = 1e11;

// The offset of a zone at the end of a time, in seconds; nothing where it is none.
std::optional<int> offset_of(std::string_view zone) {
  if (zone == "Z" || zone == "z") return 0;
  int hours = 0, minutes = 0;
  const bool formed = zone.size() == 6 && (zone[0] == '+' || zone[0] == '-') && zone[3] == ':' &&
                      std::sscanf(zone.data() + 1, "%2d:%2d", &hours, &minutes) == 2;
  if (!formed || hours > 23 || minutes > 59) return std::nullopt;
  const int seconds = hours * 3600 + minutes * 60;
  return zone[0] == '-' ? -seconds : seconds;
}

std::optional<std::uint64_t> rfc3339(const std::string& text) {
  using namespace std::chrono;
  int years = 0;
  unsigned months = 0, days = 0, hours = 0, minutes = 0, seconds = 0;
  int read = 0;
  if (std::sscanf(text.c_str(), "%4d-%2u-%2u%*1[Tt ]%2u:%2u:%2u%n", &years, &months, &days, &hours,
                  &minutes, &seconds, &read) != 6)
    return std::nullopt;
  std::string_view rest = std::string_view(text).substr(static_cast<std::size_t>(read));
  std::uint64_t micros = 0;
  if (rest.starts_with('.')) {
    std::uint64_t unit = 100'000;
    rest.remove_prefix(1);
    while (!rest.empty() && rest[0] >= '0' && rest[0] <= '9') {
      micros += unit * static_cast<std::uint64_t>(rest[0] - '0');
      unit /= 10;
      rest.remove_prefix(1);
    }
  }
  const auto offset = offset_of(rest);
  const year_month_day date{year(years), month(months), day(days)};
  if (!offset || !date.ok() || hours > 23 || minutes > 59 || seconds > 60) return std::nullopt;
  const auto whole = sys_days(date).time_since_epoch() + std::chrono::hours(hours) +
                     std::chrono::minutes(minutes) + std::chrono::seconds(seconds) -
                     std::chrono::seconds(*offset);
  const auto since = duration_cast<std::chrono::seconds>(whole).count();
  if (since < 0) return std::nullopt;
  return static_cast<std::uint64_t>(since) * 1'000'000 + micros;
}

}  // namespace

const json::value* field(const json::value& row, std::string_view path) {
  const json::value* at = &row;
  while (!path.empty()) {
    const auto name = path.substr(0, path.find('.'));
    path.remove_prefix(std::min(path.size(), name.size() + 1));
    if (!at->is_object()) return nullptr;
    at = at->get_object().if_contains(name);
    if (at == nullptr) return nullptr;
  }
  return at;
}

std::string shown(const json::value* value) {
  if (value == nullptr) return {};
  if (value->is_string()) return std::string(value->get_string());
  return json::serialize(*value);
}

std::optional<std::uint64_t> time_of(const json::value* value) {
  if (value == nullptr) return std::nullopt;
  if (value->is_string()) return rfc3339(std::string(value->get_string()));
  boost::system::error_code error;
  const double number = value->to_number<double>(error);
  if (error || !(number >= 0) || number > 1e18) return std::nullopt;
  const double unit = number >= micros_from ? 1 : number >= millis_from ? 1e3 : 1e6;
  return static_cast<std::uint64_t>(std::llround(number * unit));
}

std::string day_of(std::uint64_t micros) {
  using namespace std::chrono;
  const year_month_day date(floor<days>(sys_seconds(seconds(micros / 1'000'000))));
  std::array<char, 16> text{};
  std::snprintf(text.data(), text.size(), "%04d-%02u-%02u", int(date.year()),
                unsigned(date.month()), unsigned(date.day()));
  return text.data();
}

}  // namespace tidemill::rows
