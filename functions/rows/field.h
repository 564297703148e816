// Fields of rows that are JSON objects, named by paths such as `stats.views`.
#pragma once

#include <boost/json.hpp>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace tidemill::rows {

/// The value at a path of names; nothing where there is none. It lives as long as `row`.
const boost::json::value* field(const boost::json::value& row, std::string_view path);

/// As people read it: texts without quotes, everything else as JSON; empty where there is none.
std::string shown(const boost::json::value* value);

/// A time as rows have it - RFC 3339, or a number of seconds, milli- or microseconds since 1970,
/// told apart by its size - in microseconds since 1970.
std::optional<std::uint64_t> time_of(const boost::json::value* value);

/// "2026-11-26", of microseconds since 1970, in UTC.
std::string day_of(std::uint64_t micros);

}  // namespace tidemill::rows
