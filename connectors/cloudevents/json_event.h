// CloudEvents in their JSON format: the object of one event.
#pragma once

#include <simdjson.h>

#include "cloud_events.h"
#include "event_draft.h"
#include "tidemill/result.h"

namespace tidemill::cloudevents {

/// An event as it was read: its data and how many of the kept extensions are its own.
struct ReadEvent {
  Event event;
  std::string_view data;
  std::size_t extensions = 0;
};

/// Reads the next object of `document`, which is the JSON of `kept.body`.
///
/// Errors: bad_event.
Result<ReadEvent> read_json_event(simdjson::ondemand::document& document,
                                  simdjson::ondemand::object object, Kept& kept,
                                  const Limits& limits);

/// What is told of a body that is no JSON.
std::unexpected<Error> not_json();

}  // namespace tidemill::cloudevents
