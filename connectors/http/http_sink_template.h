// Template: text of a request with jq between braces, which each message fills in:
//
//     /users/{.user.id}/orders/{$event.id}
//
// `{{` and `}}` are braces. In a path or a query what is filled in is percent-encoded, slashes
// included, and a path has no empty part and no . or .. of it: a message cannot choose another
// place than the one that is written here, nor another server. In a header it has no control
// characters.
//
// Immutable; thread-safe. What is no plain path runs in jq: fill in on the pool.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "tidemill/expression.h"

namespace tidemill::http {

class Template {
 public:
  enum class Use { target, header };

  /// Errors: bad_config, with the expression that is wrong.
  static Result<Template> parse(std::string_view text, Use use, const CompileExpression& compile);

  /// Errors: bad_event, with the reason; bad_config as of the expression.
  Result<std::string> fill(const Event& event, const Effect& effect) const;

  /// The text with `x` where something is filled in.
  std::string sample() const;

  /// The text up to the first expression.
  std::string_view prefix() const {
    return pieces_.empty() ? "" : std::string_view(pieces_[0].text);
  }

 private:
  // Text, and the expression behind it; the last one has none.
  struct Piece {
    std::string text;
    std::string written;
    std::shared_ptr<const EventExpression> value;
  };

  Result<std::string> value_of(const Piece& piece, const Event& event, const Effect& effect,
                               bool in_path) const;

  Use use_ = Use::header;
  std::vector<Piece> pieces_;
};

}  // namespace tidemill::http
