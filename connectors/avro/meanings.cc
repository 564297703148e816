#include "avro/meanings.h"

#include <array>
#include <boost/multiprecision/cpp_int.hpp>
#include <chrono>
#include <cstdio>
#include <string>

namespace tidemill::avro {
namespace {

namespace chrono = std::chrono;

constexpr std::int64_t seconds_of_day = 86'400;
constexpr std::int64_t first_day =
    chrono::sys_days(chrono::year(0) / 1 / 1).time_since_epoch().count();
constexpr std::int64_t last_day =
    chrono::sys_days(chrono::year(9999) / 12 / 31).time_since_epoch().count();

// How a meaning counts, and what of it is written.
struct Form {
  int digits = 0;  ///< Of a second.
  bool day = false;
  bool clock = true;
  bool utc = false;
};

Form form_of(Meaning meaning) {
  switch (meaning) {
    case Meaning::date:
      return {.day = true, .clock = false};
    case Meaning::time_millis:
      return {.digits = 3};
    case Meaning::time_micros:
      return {.digits = 6};
    case Meaning::timestamp_millis:
      return {.digits = 3, .day = true, .utc = true};
    case Meaning::timestamp_micros:
      return {.digits = 6, .day = true, .utc = true};
    case Meaning::timestamp_nanos:
      return {.digits = 9, .day = true, .utc = true};
    case Meaning::local_timestamp_millis:
      return {.digits = 3, .day = true};
    case Meaning::local_timestamp_micros:
      return {.digits = 6, .day = true};
    case Meaning::local_timestamp_nanos:
      return {.digits = 9, .day = true};
    case Meaning::none:
    case Meaning::decimal:
    case Meaning::uuid:
      break;
  }
  return {.clock = false};
}

struct Split {
  std::int64_t whole;
  std::int64_t rest;  ///< Never negative.
};

Split split(std::int64_t value, std::int64_t by) {
  const std::int64_t rest = value % by;
  return rest < 0 ? Split{value / by - 1, rest + by} : Split{value / by, rest};
}

void append_digits(std::string& out, std::int64_t value, int width) {
  std::array<char, 24> text{};
  const int size =
      std::snprintf(text.data(), text.size(), "%0*lld", width, static_cast<long long>(value));
  out.append(text.data(), static_cast<std::size_t>(size));
}

void append_day(std::string& out, std::int64_t days) {
  const chrono::year_month_day date{chrono::sys_days(chrono::days(days))};
  append_digits(out, int{date.year()}, 4);
  out += '-';
  append_digits(out, unsigned{date.month()}, 2);
  out += '-';
  append_digits(out, unsigned{date.day()}, 2);
}

void append_clock(std::string& out, std::int64_t seconds) {
  append_digits(out, seconds / 3600, 2);
  out += ':';
  append_digits(out, seconds / 60 % 60, 2);
  out += ':';
  append_digits(out, seconds % 60, 2);
}

}  // namespace

bool append_instant(std::string& out, Meaning meaning, std::int64_t value) {
  const Form form = form_of(meaning);
  if (!form.day && !form.clock) return false;
  std::int64_t unit = 1;  // Of a second.
  for (int i = 0; i < form.digits; ++i) unit *= 10;
  const Split second = form.clock ? split(value, unit) : Split{0, 0};
  const Split day = form.clock ? split(second.whole, seconds_of_day) : Split{value, 0};
  const bool within = form.day ? day.whole >= first_day && day.whole <= last_day : day.whole == 0;
  if (!within) return false;
  out += '"';
  if (form.day) append_day(out, day.whole);
  if (form.day && form.clock) out += 'T';
  if (form.clock) {
    append_clock(out, day.rest);
    out += '.';
    append_digits(out, second.rest, form.digits);
  }
  if (form.utc) out += 'Z';
  out += '"';
  return true;
}

void append_decimal(std::string& out, std::string_view bytes, std::uint32_t scale) {
  using boost::multiprecision::cpp_int;
  cpp_int number = 0;
  if (!bytes.empty()) {
    const auto* const begin = reinterpret_cast<const unsigned char*>(bytes.data());
    import_bits(number, begin, begin + bytes.size(), 8);
    if (*begin >= 0x80) number -= cpp_int(1) << static_cast<unsigned>(8 * bytes.size());
  }
  if (number < 0) {
    out += '-';
    number = -number;
  }
  std::string digits = number.str();
  if (digits.size() <= scale) digits.insert(0, scale + 1 - digits.size(), '0');
  if (scale > 0) digits.insert(digits.size() - scale, 1, '.');
  out += digits;
}

void append_uuid(std::string& out, std::string_view bytes) {
  constexpr std::string_view digits = "0123456789abcdef";
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    if (i == 4 || i == 6 || i == 8 || i == 10) out += '-';
    const auto byte = static_cast<unsigned char>(bytes[i]);
    out += digits[byte >> 4];
    out += digits[byte & 15];
  }
}

}  // namespace tidemill::avro
