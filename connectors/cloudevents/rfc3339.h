// Times as RFC 3339 writes them, and no other way. Pure.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace tidemill::cloudevents {

/// Microseconds since 1970, UTC; what is below a microsecond is left out. Nothing for any other
/// text.
std::optional<std::int64_t> parse_rfc3339(std::string_view text);

}  // namespace tidemill::cloudevents
