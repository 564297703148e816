// What a schedule expression says, in one of its forms:
//
//     cron(0 8 ? * MON-FRI *)     AWS's six fields
//     0 8 * * 1-5                 Unix's five, or @hourly, @daily, @weekly, @monthly, @yearly
//     rate(5 minutes)             seconds, minutes, hours or days
//     at(2030-01-31T08:00:00)     once
//
// Values: no I/O, no clock, no time zones; any thread.
#pragma once

#include <chrono>
#include <string_view>
#include <variant>

#include "cron.h"
#include "tidemill/result.h"

namespace tidemill::schedule {

/// Evenly spaced instants.
struct Every {
  std::chrono::seconds period;
};

struct Once {
  LocalSeconds at;
};

using Expression = std::variant<Cron, Every, Once>;

/// Errors: bad_config, with the column.
Result<Expression> parse_expression(std::string_view text);

}  // namespace tidemill::schedule
