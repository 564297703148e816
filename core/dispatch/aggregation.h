// Aggregation: what an `aggregate:` sink makes of one event - the row it belongs to and what it
// adds there. Pure.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "core/base/json_number.h"
#include "core/dispatch/windowing.h"
#include "core/expression/expression.h"
#include "tidemill/event.h"
#include "tidemill/result.h"

namespace tidemill {

/// As configured.
struct Aggregation {
  std::optional<expression::Expression> key;   ///< Without one, everything is one row.
  std::optional<expression::Expression> time;  ///< Without one, the event's own.
  bool count = false;
  std::optional<expression::Expression> sum, min, max, avg;
  std::optional<Windowing> windowing;   ///< Without one, totals of all time.
  bool on_close = false;                ///< A window's change is told when it closes.
  std::optional<Duration> retention{};  ///< After its end, how long the row of a window is kept.
  /// A partition so far behind the one that is furthest does not hold back the closing of windows.
  std::optional<Duration> idle{};
};

/// What one event adds.
struct Contribution {
  std::string key;
  std::optional<JsonNumber> sum, min, max, avg;
};

/// When the event took place: of the event as its source gave it. Errors: bad_event.
Result<EventTime> time_of(const Aggregation& aggregation, const Event& event);

/// `data` is what reached the sink of it. Errors: bad_event.
Result<Contribution> contribution_of(const Aggregation& aggregation, const Event& event,
                                     std::string_view data);

}  // namespace tidemill
