#include "core/pattern/number.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <limits>
#include <system_error>

namespace tidemill::pattern {
namespace {

// All integers up to here are doubles.
constexpr std::uint64_t doubles_up_to = std::uint64_t{1} << 53;

bool is_digit(char c) { return c >= '0' && c <= '9'; }

std::size_t skip_digits(std::string_view text, std::size_t at) {
  while (at < text.size() && is_digit(text[at])) ++at;
  return at;
}

// A number as 0.DIGITS * 10^exponent, without zeros at either end: equal numbers have equal forms.
struct Decimal {
  bool negative = false;
  std::string digits;
  long long exponent = 0;

  bool operator==(const Decimal&) const = default;
};

// Beyond every exponent that a double or the length of a text brings about.
constexpr long long exponent_far = 1'000'000'000'000;

Decimal decimal(std::string_view text) {
  Decimal out;
  if (text.starts_with('-')) {
    out.negative = true;
    text.remove_prefix(1);
  }
  const std::size_t e = std::min(text.find_first_of("eE"), text.size());
  if (e < text.size()) {
    std::string_view written = text.substr(e + 1);
    if (written.starts_with('+')) written.remove_prefix(1);
    const auto [end, error] =
        std::from_chars(written.data(), written.data() + written.size(), out.exponent);
    if (error != std::errc()) out.exponent = exponent_far;
    out.exponent = std::clamp(out.exponent, -exponent_far, exponent_far);
    if (error != std::errc() && written.starts_with('-')) out.exponent = -exponent_far;
  }
  const std::string_view mantissa = text.substr(0, e);
  const std::size_t point = std::min(mantissa.find('.'), mantissa.size());
  out.digits = mantissa.substr(0, point);
  out.exponent += static_cast<long long>(point);
  if (point < mantissa.size()) out.digits += mantissa.substr(point + 1);
  const std::size_t first = std::min(out.digits.find_first_not_of('0'), out.digits.size());
  out.digits.erase(0, first);
  out.exponent -= static_cast<long long>(first);
  out.digits.erase(out.digits.find_last_not_of('0') + 1);
  if (out.digits.empty()) return {};
  return out;
}

Number judged(double value, std::string_view text) {
  if (!std::isfinite(value)) return {value, false};
  std::array<char, 32> shortest;
  const auto end = std::to_chars(shortest.data(), shortest.data() + shortest.size(), value,
                                 std::chars_format::scientific)
                       .ptr;
  const std::string_view written(shortest.data(), static_cast<std::size_t>(end - shortest.data()));
  return {value == 0 ? 0.0 : value, decimal(written) == decimal(text)};
}

}  // namespace

Number to_number(std::int64_t value) {
  const auto size = value < 0 ? -static_cast<std::uint64_t>(value) : std::uint64_t(value);
  if (size <= doubles_up_to) return {static_cast<double>(value), true};
  return judged(static_cast<double>(value), std::to_string(value));
}

Number to_number(std::uint64_t value) {
  if (value <= doubles_up_to) return {static_cast<double>(value), true};
  return judged(static_cast<double>(value), std::to_string(value));
}

Number to_number(double value) { return {value == 0 ? 0.0 : value, std::isfinite(value)}; }

std::size_t number_length(std::string_view text) {
  std::size_t at = text.starts_with('-') ? 1 : 0;
  if (at >= text.size() || !is_digit(text[at])) return 0;
  at = text[at] == '0' ? at + 1 : skip_digits(text, at);
  if (at < text.size() && text[at] == '.') {
    const std::size_t end = skip_digits(text, at + 1);
    if (end == at + 1) return 0;
    at = end;
  }
  if (at < text.size() && (text[at] == 'e' || text[at] == 'E')) {
    std::size_t digits = at + 1;
    if (digits < text.size() && (text[digits] == '+' || text[digits] == '-')) ++digits;
    const std::size_t end = skip_digits(text, digits);
    if (end == digits) return 0;
    at = end;
  }
  return at;
}

std::optional<Number> parse_number(std::string_view text) {
  if (text.empty() || number_length(text) != text.size()) return std::nullopt;
  double value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error == std::errc::result_out_of_range) {
    // Too large or too small; which of the two, from_chars does not say.
    const bool small = decimal(text).exponent < 0;
    constexpr double infinity = std::numeric_limits<double>::infinity();
    return Number{small ? 0.0 : text.starts_with('-') ? -infinity : infinity, false};
  }
  return judged(value, text);
}

}  // namespace tidemill::pattern
