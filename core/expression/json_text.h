// JSON text, read token by token with simdjson and written compactly. What is read is checked to
// its last byte wherever it is read to its last byte.
#pragma once

#include <simdjson.h>

#include <string>
#include <string_view>

#include "core/expression/value.h"
#include "tidemill/result.h"

namespace tidemill::expression {

/// How deep data may be nested: what libjq reads and writes.
inline constexpr int json_depth_max = 256;

/// Begins to read `data`. What was opened is good until the next call on the same thread.
simdjson::error_code open_json(std::string_view data, simdjson::ondemand::document& document);

/// Why data could not be read, for the dead letter.
std::unexpected<Error> json_fault(simdjson::error_code error);

/// Whether nothing but white space follows what was read of `document`.
inline bool at_end(simdjson::ondemand::document& document) {
  return document.current_location().error() == simdjson::OUT_OF_BOUNDS;
}

/// Reads the value of `document`, or one in it, and appends it without white space; the text of
/// numbers and strings stays as it was.
simdjson::error_code append_compact(simdjson::ondemand::document& document, std::string& out);
simdjson::error_code append_compact(simdjson::ondemand::value& value, std::string& out);

/// Appends `utf8` as a JSON string.
void append_quoted(std::string_view utf8, std::string& out);

Value::Kind kind_of(simdjson::ondemand::json_type type);

}  // namespace tidemill::expression
