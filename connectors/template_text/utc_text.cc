#include "utc_text.h"

#include <algorithm>
#include <charconv>
#include <chrono>

namespace tidemill::template_text {
namespace {

constexpr std::uint64_t micros_per_day = 86'400'000'000;
constexpr std::uint64_t last_micros = 253'402'300'799'999'999;  // Of the year 9999.

char* put_padded(char* to, std::uint64_t number, int digits) {
  for (int i = digits - 1; i >= 0; --i, number /= 10) to[i] = static_cast<char>('0' + number % 10);
  return to + digits;
}

// Takes so many digits and what has to follow them. Negative: that is not there.
int take(std::string_view& text, std::size_t digits, std::string_view then) {
  if (text.size() < digits + then.size() || text.substr(digits, then.size()) != then) return -1;
  int number = 0;
  const char* const end = text.data() + digits;
  if (std::from_chars(text.data(), end, number).ptr != end) return -1;
  text.remove_prefix(digits + then.size());
  return number;
}

}  // namespace

char* put_utc(char* to, std::uint64_t micros_since_1970) {
  using namespace std::chrono;
  const std::uint64_t micros = std::min(micros_since_1970, last_micros);
  const year_month_day date{sys_days(days(micros / micros_per_day))};
  const std::uint64_t millis = micros % micros_per_day / 1000;
  to = put_padded(to, static_cast<std::uint64_t>(int{date.year()}), 4);
  *to++ = '-';
  to = put_padded(to, unsigned{date.month()}, 2);
  *to++ = '-';
  to = put_padded(to, unsigned{date.day()}, 2);
  *to++ = 'T';
  to = put_padded(to, millis / 3'600'000, 2);
  *to++ = ':';
  to = put_padded(to, millis / 60'000 % 60, 2);
  *to++ = ':';
  to = put_padded(to, millis / 1000 % 60, 2);
  *to++ = '.';
  to = put_padded(to, millis % 1000, 3);
  *to++ = 'Z';
  return to;
}

std::optional<std::uint64_t> utc_micros(std::string_view text) {
  using namespace std::chrono;
  const int y = take(text, 4, "-");
  const int m = take(text, 2, "-");
  const int d = take(text, 2, "");
  if (y < 1970 || m < 0 || d < 0) return std::nullopt;
  const year_month_day date{year(y), month(static_cast<unsigned>(m)),
                            day(static_cast<unsigned>(d))};
  if (!date.ok()) return std::nullopt;
  std::uint64_t micros =
      static_cast<std::uint64_t>(sys_days(date).time_since_epoch().count()) * micros_per_day;
  if (text.empty()) return micros;
  if (!text.starts_with('T')) return std::nullopt;
  text.remove_prefix(1);
  const int hours = take(text, 2, ":");
  const int minutes = take(text, 2, ":");
  const int seconds = take(text, 2, "Z");
  if (hours < 0 || hours > 23 || minutes < 0 || minutes > 59 || seconds < 0 || seconds > 59 ||
      !text.empty())
    return std::nullopt;
  micros += static_cast<std::uint64_t>((hours * 60 + minutes) * 60 + seconds) * 1'000'000;
  return micros;
}

}  // namespace tidemill::template_text
