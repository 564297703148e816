// Properties of a message and the table of its headers, read from the bytes that came.
//
// Publishers write them and brokers pass them on, so they can be anything: every length is checked,
// and tables in tables are followed to a bound. Views point into the bytes that were given. Free
// functions without state, thread-safe.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace tidemill::amqp {

struct Properties {
  std::string_view content_type;
  std::string_view content_encoding;
  std::string_view headers;  ///< The inside of a table: see next_field().
  std::optional<std::uint8_t> delivery_mode;
  std::optional<std::uint8_t> priority;
  std::string_view correlation_id;
  std::string_view reply_to;
  std::string_view expiration;
  std::string_view message_id;
  std::optional<std::uint64_t> timestamp;  ///< Seconds since the Unix epoch.
  std::string_view type;
  std::string_view user_id;
  std::string_view app_id;
};

/// The flags and the values behind them; nothing where they are not what they should be.
std::optional<Properties> parse_properties(std::string_view list);

/// A value of a table; its bytes are as long as its kind says.
struct Field {
  char kind = 'V';
  std::string_view bytes;
};

/// Takes the next name and value off the front of a table. False at its end, and where it is
/// broken; then something is left of it.
bool next_field(std::string_view& table, std::string_view& name, Field& field);

/// So many tables and arrays may be in one another.
inline constexpr int depth_max = 16;

/// Appends the value as text: strings as they are, numbers in decimal, times as seconds, tables and
/// arrays as JSON. False where it is broken or too deep; what was appended then is of no use.
bool append_text(std::string& out, const Field& field);

}  // namespace tidemill::amqp
