// Times as services of AWS write them. Pure functions.
#pragma once

#include <optional>
#include <string_view>

#include "tidemill/time.h"

namespace tidemill::aws {

/// "2026-01-31T08:15:00Z", also with a fraction of the second; nothing for any other text.
std::optional<WallTime> parse_utc(std::string_view text);

/// "Fri, 30 Jan 2026 08:15:00 GMT", as in the Date of an answer over HTTP.
std::optional<WallTime> parse_http_date(std::string_view text);

}  // namespace tidemill::aws
