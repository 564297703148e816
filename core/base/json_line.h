// JsonLine: what the engine writes as JSON, one object on one line. Pure.
#pragma once

#include <concepts>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

namespace tidemill {

/// RFC 3339 in UTC with microseconds.
std::string rfc3339(std::uint64_t utc_micros);

/// One JSON object on one line, field by field. A field whose bytes are not what its place in JSON
/// wants is followed by one named after it, `<name>_encoding`, that says what was done to them.
class JsonLine {
 public:
  /// `json` is JSON already, on one line.
  JsonLine& raw(std::string_view name, std::string_view json);

  /// A string; bytes that are not UTF-8 in base64, marked "base64".
  JsonLine& text(std::string_view name, std::string_view bytes);

  /// As text(), under a name that may be anything; one that is not UTF-8 becomes its base64.
  JsonLine& attribute(std::string_view name, std::string_view bytes);

  /// The bytes themselves where they are JSON; else as text(), marked "text" or "base64".
  JsonLine& body(std::string_view name, std::string_view bytes);

  JsonLine& number(std::string_view name, std::unsigned_integral auto value) {
    return raw(name, std::to_string(value));
  }

  /// Nothing at all for an instant that is not known.
  JsonLine& time(std::string_view name, std::uint64_t utc_micros);

  std::string finish() { return (line_.empty() ? "{" : std::move(line_)) + '}'; }

 private:
  JsonLine& encoded(std::string_view name, std::string_view bytes, std::string_view encoding);

  std::string line_;
};

}  // namespace tidemill
