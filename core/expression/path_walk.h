// Walks the steps of a path through JSON text that simdjson has opened. Internal to this folder.
#pragma once

#include <simdjson.h>

#include <span>
#include <string>

#include "core/expression/json_text.h"
#include "core/expression/path.h"
#include "tidemill/result.h"

namespace tidemill::expression {

/// What a path leads to. `value` is not set where nothing stands, or null; `type` is null then.
struct Place {
  simdjson::ondemand::json_type type{};
  simdjson::ondemand::value value;
};

/// Errors: bad_event, as Path::of(). Precondition: there is a step.
Result<Place> walk(simdjson::ondemand::document& document, std::span<const Path::Step> steps);

}  // namespace tidemill::expression
