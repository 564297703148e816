#include "app/figures.h"

#include <fmt/format.h>

#include <array>
#include <cstddef>
#include <string_view>

namespace tidemill::app {
namespace {

// Without the zeros behind a point that say nothing.
std::string three_digits(double number) {
  const int decimals = number < 9.995 ? 2 : number < 99.95 ? 1 : 0;
  std::string text = fmt::format("{:.{}f}", number, decimals);
  if (text.find('.') == std::string::npos) return text;
  text.erase(text.find_last_not_of('0') + 1);
  if (text.ends_with('.')) text.pop_back();
  return text;
}

template <std::size_t n>
std::string scaled(double number, double step, const std::array<std::string_view, n>& units) {
  std::size_t unit = 0;
  // What would round to four digits belongs to the next unit.
  for (; unit + 1 < n && number >= step * 0.9995; ++unit) number /= step;
  return three_digits(number).append(units[unit]);
}

std::string two_parts(std::int64_t whole, std::string_view unit, std::int64_t rest,
                      std::string_view rest_unit) {
  std::string text = fmt::format("{}{}", whole, unit);
  if (rest != 0) text += fmt::format("{}{}", rest, rest_unit);
  return text;
}

}  // namespace

std::string short_number(double number) {
  return scaled<5>(number, 1000, {"", "k", "M", "G", "T"});
}

std::string short_bytes(double bytes) {
  return scaled<5>(bytes, 1024, {"B", "KiB", "MiB", "GiB", "TiB"});
}

std::string short_duration(Duration duration) {
  const std::int64_t seconds = duration.count() / 1'000'000;
  if (seconds < 60)
    return scaled<3>(static_cast<double>(duration.count()), 1000, {"us", "ms", "s"});
  if (seconds < 3600) return two_parts(seconds / 60, "m", seconds % 60, "s");
  if (seconds < 86400) return two_parts(seconds / 3600, "h", seconds / 60 % 60, "m");
  return two_parts(seconds / 86400, "d", seconds / 3600 % 24, "h");
}

std::string grouped(std::uint64_t number) {
  std::string text = std::to_string(number);
  for (std::size_t at = text.size(); at > 3; at -= 3) text.insert(at - 3, ",");
  return text;
}

}  // namespace tidemill::app
