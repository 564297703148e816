// Numbers that simdjson does not take: integers of more than 64 bits, and exponents beyond a
// double's. They are valid JSON, and an event is not wrong because it holds one. Pure.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace tidemill::pattern {

/// What a string begins with that stands for such a number. No string of an event begins so, unless
/// its sender wants it to be taken for a number.
inline constexpr std::string_view number_mark{"\0number:", 8};

/// `json` with each such number replaced by a string of number_mark and its digits; nothing if
/// there is none.
std::optional<std::string> mark_long_numbers(std::string_view json);

}  // namespace tidemill::pattern
