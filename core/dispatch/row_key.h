// What expressions see of an event, the key of a row that it becomes, and when it happened. Pure.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "core/expression/expression.h"
#include "tidemill/event.h"

namespace tidemill {

/// An event as expressions see it; its id is its own, or its identity where it has none. Views the
/// event.
class SeenEvent {
 public:
  explicit SeenEvent(const Event& event);

  expression::EventView view() const;

 private:
  const Event& event_;
  const std::string id_;
};

/// What `key` gives for `event`, whose payload is `data`; without one the event's own key, or its
/// identity where it has none.
///
/// Errors: as evaluate_key().
Result<std::string> row_key(const std::optional<expression::Expression>& key, const Event& event,
                            std::string_view data);

/// The instant that `time` gives for it.
///
/// Errors: as evaluate_time().
Result<EventTime> row_time(const expression::Expression& time, const Event& event,
                           std::string_view data);

}  // namespace tidemill
