// KeyPath: where a row's key stands - a plain path into JSON data (".user.id") or a context
// attribute ("$event.subject"). Parsed once, evaluated per event.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "tidemill/event.h"
#include "tidemill/result.h"

namespace tidemill {

class KeyPath {
 public:
  /// The event's own key, or its identity where it has none.
  KeyPath() = default;

  /// Errors: bad_config, with the form that is expected.
  static Result<KeyPath> parse(std::string_view text);

  /// The key for `event`, whose payload is `data`. Numbers and booleans give their JSON text.
  ///
  /// Errors: bad_event (not JSON, nothing there, or not a scalar).
  Result<std::string> of(const Event& event, std::string_view data) const;

 private:
  enum class Root { own_key, data, attribute };

  Root root_ = Root::own_key;
  std::string text_;
  std::vector<std::string> fields_;
};

}  // namespace tidemill
