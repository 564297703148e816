// EventView: an event as patterns see it, without its JSON ever being written as a whole.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "tidemill/event.h"

namespace tidemill::pattern {

/// The object {id, source, type, subject, time, key, headers, data}. Attributes are strings, and
/// those that are empty are not there.
struct EventView {
  std::string_view id;
  std::string_view source;
  std::string_view type;
  std::string_view subject;
  std::string_view time;  ///< RFC 3339.
  std::string_view key;
  std::span<const Attribute> headers;

  enum class Data : std::uint8_t {
    json,          ///< It is an error if `data` is not JSON.
    text,          ///< `data` is one string.
    json_or_text,  ///< JSON if it is JSON, else one string.
  };
  std::string_view data;  ///< Nothing is there if it is empty.
  Data kind = Data::json;
};

}  // namespace tidemill::pattern
