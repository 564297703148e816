// From the JSON of a pattern to a Pattern, or to everything that is wrong with it. Pure.
#pragma once

#include <boost/json/value.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/pattern/pattern.h"
#include "tidemill/result.h"

namespace tidemill::pattern {

/// One thing that is wrong with a pattern, and where.
struct Problem {
  std::size_t line = 1;    ///< In the JSON text, from 1.
  std::size_t column = 1;  ///< In bytes, from 1.
  std::string pointer;     ///< JSON Pointer (RFC 6901) to the value; empty: the whole pattern.
  std::string message;     ///< One sentence with what to do about it, no trailing dot.
};

struct Compiled {
  std::optional<Pattern> pattern;  ///< Nothing exactly when there are problems.
  std::vector<Problem> problems;   ///< In the order of the text.
};

/// Accepts what EventBridge accepts, except that a pattern may be longer. Bounds: 100 levels, 1000
/// combinations of `$or` branches, 500 fields in one combination.
Compiled compile_pattern(std::string_view json);

/// Several patterns from one text, a JSON array of them. The i-th result is that of the i-th
/// pattern; a text that is no array gives a single result with a problem.
std::vector<Compiled> compile_patterns(std::string_view json);

/// The first problem as an error, with its line and column: for a pattern that stands alone.
///
/// Errors: bad_config.
Result<Pattern> compile(std::string_view json);
inline Result<Pattern> compile(const char* json) { return compile(std::string_view(json)); }

/// The same for JSON that has been parsed; the error names the value by its pointer.
Result<Pattern> compile(const boost::json::value& json);

}  // namespace tidemill::pattern
