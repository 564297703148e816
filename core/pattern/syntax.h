// The JSON of a pattern as its compiler reads it: with places, with numbers as they are written,
// and with every field of an object, also where a name comes twice. Pure.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

namespace tidemill::pattern {

struct Syntax {
  enum class Kind : std::uint8_t { object, array, string, number, boolean, null };
  struct Member;

  Kind kind = Kind::null;
  std::size_t offset = 0;       ///< Where it begins, in bytes.
  std::string text;             ///< A string's value; a number or boolean as it is written.
  std::vector<Member> members;  ///< Of an object.
  std::vector<Syntax> items;    ///< Of an array.

  bool is(Kind other) const { return kind == other; }

  /// "an object", "the string \"abc\"", "the number 5": what an error says was found.
  std::string described() const;
};

struct Syntax::Member {
  std::string name;
  std::size_t offset = 0;  ///< Of the name.
  Syntax value;
};

/// Where and why a text is not JSON.
struct SyntaxError {
  std::size_t offset = 0;
  std::string reason;
};

std::variant<Syntax, SyntaxError> parse_syntax(std::string_view json);

}  // namespace tidemill::pattern
