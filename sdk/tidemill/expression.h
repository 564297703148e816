// EventExpression: an option of a connector that says in jq what of an event is meant - the `id` of
// a document, the label of a metric. The engine compiles it, so that the language is the same
// everywhere; its input is the data of the effect, $event the attributes of its event.
//
// Thread-safe. What is no plain path runs in jq and may take a while: evaluate on the pool.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "tidemill/effect.h"
#include "tidemill/event.h"
#include "tidemill/result.h"

namespace tidemill {

/// Whatever an expression gives, where that need not be a scalar.
struct ExpressionValue {
  enum class Kind : std::uint8_t { null, boolean, number, text, json };
  Kind kind = Kind::null;
  std::string text;  ///< A string's own bytes; of everything else its JSON, on one line.
};

class EventExpression {
 public:
  virtual ~EventExpression() = default;

  /// The one value that it gives, as text: a string's own bytes, the JSON of a number or a boolean.
  ///
  /// Errors: bad_event, with the reason; bad_config where it cannot be evaluated any more.
  virtual Result<std::string> text(const Event& event, const Effect& effect) const = 0;

  /// The one number that it gives. Errors: as text().
  virtual Result<double> number(const Event& event, const Effect& effect) const = 0;

  /// The one value that it gives, null, arrays and objects too. Errors: as text(), for none or
  /// several.
  virtual Result<ExpressionValue> value(const Event& event, const Effect& effect) const {
    auto scalar = text(event, effect);
    if (!scalar) return std::unexpected(std::move(scalar.error()));
    return ExpressionValue{ExpressionValue::Kind::text, std::move(*scalar)};
  }
};

/// Errors: bad_config, with the place in `text`.
using CompileExpression =
    std::function<Result<std::shared_ptr<const EventExpression>>(std::string_view text)>;

}  // namespace tidemill
