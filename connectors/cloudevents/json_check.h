// Whether a value is JSON all the way down. simdjson's on-demand reader skips what nobody reads
// without looking at it; data that is passed on must be right.
#pragma once

#include <simdjson.h>

#include <cstddef>
#include <string_view>

namespace tidemill::cloudevents {

enum class JsonVerdict { fine, broken, too_deep };

/// Reads the value to its end. Numbers may be of any size.
JsonVerdict check_json(simdjson::ondemand::value value, std::size_t depth_max);

/// The text of a scalar. Precondition: `value` is one that was not read.
std::string_view scalar_text(simdjson::ondemand::value& value);

}  // namespace tidemill::cloudevents
