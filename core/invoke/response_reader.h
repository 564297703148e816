// Reads a plugin's response: C structs of unknown origin in, checked effects and failures out.
// Pure; nothing in a response is believed but that its pointers can be read.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "core/config/function_catalog.h"
#include "tidemill/function_abi.h"
#include "tidemill/invocation.h"
#include "tidemill/result.h"

namespace tidemill {

/// Fills `answer` with the effects and failures of a response to `event_count` events. The effects
/// view the response and `metadata`, which must be empty and live as long. They come grouped by
/// event, without those of failed events; an event fails once, for its first reason.
///
/// Errors: what the function itself says of the batch; transient, with a sentence for its author,
/// when the response breaks the rules of function_abi.h.
Result<> read_response(const config::FunctionDecl& decl, std::size_t event_count,
                       const tidemill_response& response, std::vector<Attribute>& metadata,
                       Answer& answer);

/// What the engine keeps of the reason that a function gives: its first 4 KiB.
std::string kept_reason(std::string_view reason);

}  // namespace tidemill
