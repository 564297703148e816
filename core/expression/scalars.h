// What reading keys, instants and numbers has in common. Internal to this folder.
#pragma once

#include <optional>
#include <string_view>

#include "core/expression/expression.h"
#include "tidemill/result.h"
#include "tidemill/time.h"

namespace tidemill::expression {

/// bad_event: what the expression gives is not what was wanted.
std::unexpected<Error> gives(const Expression& expression, std::string_view what);

/// A number since 1970 in the unit that its size tells.
std::optional<EventTime> instant_of(double number);

/// The number whose text this is, as a whole.
std::optional<double> real_of(std::string_view text);

}  // namespace tidemill::expression
