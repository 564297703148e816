// JsonNumber: a number as JSON has them - an integer that fits in 64 bits with its sign, or a
// double. A value.
#pragma once

#include <cstdint>
#include <limits>
#include <string>

namespace tidemill {

struct JsonNumber {
  bool is_integer = true;
  std::int64_t integer = 0;
  double real = 0;  ///< Finite. Not -0.

  static JsonNumber of(std::int64_t value) { return {.is_integer = true, .integer = value}; }
  static JsonNumber of(double value) {
    return {.is_integer = false, .real = value == 0 ? 0.0 : value};
  }

  friend bool operator==(const JsonNumber&, const JsonNumber&) = default;
};

/// By value, exactly; of equal ones the integer is the lesser, so that there is one least.
inline bool less(const JsonNumber& left, const JsonNumber& right) {
  // Both kinds fit without loss.
  static_assert(std::numeric_limits<long double>::digits >= 64);
  const auto exact = [](const JsonNumber& number) {
    return number.is_integer ? static_cast<long double>(number.integer)
                             : static_cast<long double>(number.real);
  };
  const long double a = exact(left);
  const long double b = exact(right);
  if (a < b || b < a) return a < b;
  return left.is_integer && !right.is_integer;
}

}  // namespace tidemill
