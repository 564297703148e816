// Path: an expression that only says where something stands - `.`, `.user.id`, `.["x y"]`,
// `.items[0].id`, `$event.subject`, `$event.headers["x-id"]`. It gives what jq would give for it,
// but reads it straight out of the JSON text, and no further than it has to.
//
// Immutable; any thread.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/expression/event_view.h"
#include "core/expression/value.h"
#include "tidemill/result.h"

namespace tidemill::expression {

class Path {
 public:
  struct Step {
    std::string name;
    std::optional<std::size_t> index;  ///< Instead of the name.
  };

  /// Nothing if `text` is more than a path. Errors: bad_config ($event has no such attribute).
  static Result<std::optional<Path>> parse(std::string_view text);

  bool reads_event() const { return root_ != Root::data; }

  /// From the whole of the data, or of $event, down.
  std::span<const Step> steps() const { return steps_; }

  /// Null where nothing stands. Numbers and strings keep their text: 10000000000000000001 stays
  /// that. Of a name that an object has twice, the first counts.
  ///
  /// Errors: bad_event (not JSON as far as it was read, or a step into something that has no such
  /// steps).
  Result<Value> of(std::string_view data, const EventView& event, Strings strings) const;

 private:
  enum class Root : std::uint8_t { data, attribute, header };

  Result<Value> in_data(std::string_view data, Strings strings) const;
  Result<Value> in_event(const EventView& event, Strings strings) const;

  Root root_ = Root::data;
  std::vector<Step> steps_;
};

}  // namespace tidemill::expression
