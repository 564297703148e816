// JSON numbers as patterns compare them: 300, 300.0 and 3.0e2 are one number, and two integers of
// 64 bits that differ in their last digit are two. Pure.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace tidemill::pattern {

/// `value` is the number where the shortest decimal that reads back as this double is the number
/// itself (0.1, 2^53, 1e300), and only its nearest double otherwise (2^53 + 1, and most integers of
/// more than 17 digits). Ranges compare `value`; equality needs either `exact` on both sides or the
/// same digits.
struct Number {
  double value = 0;  ///< Never NaN and never -0; infinite where a double does not reach.
  bool exact = true;
};

Number to_number(std::int64_t value);
Number to_number(std::uint64_t value);
Number to_number(double value);

/// Nothing if `text` is not a JSON number.
std::optional<Number> parse_number(std::string_view text);

/// How many bytes at the beginning of `text` are a JSON number; 0 if it begins with none.
std::size_t number_length(std::string_view text);

}  // namespace tidemill::pattern
