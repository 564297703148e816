// Instants as text. Pure.
#pragma once

#include <optional>
#include <string_view>

#include "tidemill/time.h"

namespace tidemill {

/// RFC 3339, and what is commonly written for it: a space for the T, an offset without its colon,
/// no offset at all (UTC). Nothing for any other text, and for instants before 1970.
std::optional<EventTime> parse_timestamp(std::string_view text);

}  // namespace tidemill
