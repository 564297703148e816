// EventStreamReader: server-sent events, line by line. Pure.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace tidemill::app {

class EventStreamReader {
 public:
  struct Event {
    std::string type;  ///< Empty for one without a name.
    std::string data;
  };

  /// The event that this line completes, if it does. `line` is without its end.
  std::optional<Event> add(std::string_view line);

 private:
  Event begun_;
  bool has_data_ = false;
};

/// The number in {"dropped":N}; 0 where there is none.
std::uint64_t dropped_of(std::string_view data);

}  // namespace tidemill::app
