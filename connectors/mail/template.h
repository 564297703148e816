// Template: text in which \(...) is jq, as in jq's own strings.
//
//     Order \(.id) of \(.items | length) parts
//
// Without any, it is the text. Thread-safe; what has jq in it may take a while: on the pool.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "tidemill/expression.h"

namespace tidemill::mail {

enum class Markup : std::uint8_t {
  none,
  html,  ///< What jq gives is text, whatever is in it: < becomes &lt;.
};

/// The jq program behind `text`; nothing where it has no jq in it, and stands for itself.
///
/// Errors: bad_config: a \( has no end.
Result<std::optional<std::string>> program_of(std::string_view text, Markup markup);

class Template {
 public:
  Template() = default;  ///< Of empty text.

  /// Errors: bad_config.
  static Result<Template> compile(std::string_view text, Markup markup,
                                  const CompileExpression& compile);

  /// Errors: bad_event, with the reason.
  Result<std::string> render(const Event& event, const Effect& effect) const;

 private:
  std::string text_;
  std::shared_ptr<const EventExpression> program_;  ///< Null: it is text_.
};

}  // namespace tidemill::mail
