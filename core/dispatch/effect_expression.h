// What the engine lends to connectors as EventExpression: expressions over what a sink is given.
#pragma once

#include <memory>
#include <string_view>

#include "tidemill/expression.h"

namespace tidemill {

/// Errors: bad_config, see expression::Expression::compile().
Result<std::shared_ptr<const EventExpression>> compile_effect_expression(std::string_view text);

}  // namespace tidemill
