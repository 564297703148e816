// Expression: one expression of a pipeline file - the `map`, `key`, `value`, `id` or `time` of a
// step. The language is jq; docs/reference/expressions.md says what of it, and what it may take.
//
// Plain paths are read straight out of the text, everything else runs in libjq, in as many compiled
// copies as there are evaluations at once.
//
// Thread safety: all of it. Copies share what is compiled.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "core/expression/event_view.h"
#include "core/expression/limits.h"
#include "core/expression/value.h"
#include "tidemill/result.h"

namespace tidemill::expression {

class Path;

class Expression {
 public:
  /// Errors: bad_config, with jq's own words and the place in `text`.
  static Result<Expression> compile(std::string_view text, Limits limits = {});

  const std::string& text() const;

  /// Whether it is a path and runs without jq: in well under a microsecond, and never for long.
  bool is_path() const;

  /// That path; null where it is none. Lives as long as the expression or a copy of it.
  const Path* path() const;

  /// Whether it looks at $event; where not, the view may be left empty.
  bool reads_event() const;

  /// What the expression gives for an event whose data is `data`: nothing (a `map` filters it out
  /// then), one value, or several. A path always gives one.
  ///
  /// Errors: bad_event, with the reason: the data is not JSON, the program failed, it took too long
  /// or too much. bad_config once it has cost more memory for good than one evaluation may take.
  Result<std::vector<Value>> evaluate(std::string_view data, const EventView& event,
                                      Strings strings = Strings::quoted) const;

 private:
  struct Parts;

  explicit Expression(std::shared_ptr<Parts> parts) : parts_(std::move(parts)) {}

  std::shared_ptr<Parts> parts_;
};

/// The one value that `expression` gives, as the text of a key or an id. Numbers and booleans give
/// their JSON text.
///
/// Errors: as evaluate(); bad_event too for null, arrays and objects, and for none or several.
Result<std::string> evaluate_key(const Expression& expression, std::string_view data,
                                 const EventView& event);

/// The one value that `expression` gives, as an instant: text as parse_timestamp() reads it, or a
/// number since 1970 in seconds, milliseconds, microseconds or nanoseconds, which its size tells.
///
/// Errors: as evaluate_key(); bad_event too for what is no instant.
Result<EventTime> evaluate_time(const Expression& expression, std::string_view data,
                                const EventView& event);

}  // namespace tidemill::expression
