// Between JSON text and the values of libjq. All of it is called inside a JqGuard, which may leave
// it in the middle: nothing in here has a destructor to run.
#pragma once

#include <simdjson.h>

#include <cstddef>
#include <string>
#include <string_view>

#include "core/expression/event_view.h"
#include "core/expression/libjq.h"
#include "core/expression/value.h"

namespace tidemill::expression {

/// The whole of `document` as a value of libjq. The caller frees it; it is invalid when there is an
/// `error`.
jv make_jv(simdjson::ondemand::document& document, simdjson::error_code& error);

/// $event. Attributes that the event lacks are null. `time` is the event's, in RFC 3339.
jv make_jv(const EventView& event, std::string_view time);

/// Appends `value`, which stays the caller's, as compact JSON. False once it is nested too deep or
/// `out` is longer than `size_max`; then a part of it was appended.
bool append_json(jv value, std::string& out, std::size_t size_max);

Value::Kind kind_of(jv value);

inline std::string_view text_of(jv string) {
  return {jv_string_value(string),
          static_cast<std::size_t>(jv_string_length_bytes(jv_copy(string)))};
}

}  // namespace tidemill::expression
