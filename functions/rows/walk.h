// A walk through the rows of a table that may take several invocations: each works some of them off
// and leaves where it stopped, for the next one to go on.
//
// Where the walk starts is any event - a schedule's; where it goes on is an event that the function
// has published to itself, through a queue:
//
//     sinks: { next: { from: next, queue: { name: cleanups, continues: true } } }
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

#include "tidemill/function.h"

namespace tidemill::rows {

/// Where a walk is. Of the first event it is the beginning, at that event's time.
struct Place {
  std::string after;          ///< The last key that was worked off; empty: none.
  std::uint64_t part = 0;     ///< How many invocations there were before.
  std::uint64_t started = 0;  ///< When the walk began, in microseconds since 1970.
  std::uint64_t done = 0;     ///< What the function has counted so far.
};

/// What is in the data of an event: a place that place_text() wrote, or the beginning.
Place place_of(const EventView& event);

/// A place as JSON, {"walk": {...}}.
std::string place_text(const Place& place);

/// Calls `visit(row)` for up to `rows_max` rows behind `place.after`, until it answers false or the
/// time of the invocation is over; moves `place.after` along. True: the table is worked off.
/// Rows may have changed by the time that the effects commit. Errors: transient.
Result<bool> walk(const Context& context, std::string_view table, std::string_view prefix,
                  std::uint64_t rows_max, Place& place,
                  const std::function<bool(const Table::Row& row)>& visit);

}  // namespace tidemill::rows
