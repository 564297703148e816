// Value: what an expression gives for one event.
#pragma once

#include <cstdint>
#include <string>

namespace tidemill::expression {

struct Value {
  enum class Kind : std::uint8_t { null, boolean, number, string, array, object };

  Kind kind = Kind::null;
  std::string text;  ///< Compact JSON on one line; of a string see Strings.
};

/// How a Value that is a string is written.
enum class Strings : std::uint8_t {
  quoted,  ///< As JSON.
  bare,    ///< Its own bytes, as keys and ids want them.
};

}  // namespace tidemill::expression
