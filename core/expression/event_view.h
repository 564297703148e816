// EventView: what an expression sees as $event - the context attributes of one event, and its
// headers. Views into whatever the caller keeps alive.
#pragma once

#include <span>
#include <string_view>

#include "tidemill/event.h"

namespace tidemill::expression {

struct EventView {
  std::string_view id;
  std::string_view source;
  std::string_view type;
  std::string_view subject;
  std::string_view key;
  EventTime time;
  std::span<const Attribute> headers;
};

}  // namespace tidemill::expression
