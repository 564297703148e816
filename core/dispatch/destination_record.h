// The record that a destination gets (`on_success`, `on_failure`): what happened to one event, in
// the shape of AWS Lambda's invocation record, so that what reads those reads ours.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "tidemill/event.h"
#include "tidemill/time.h"

namespace tidemill {

/// What ended the event's way. Lambda's words, of section "Destinations" of its guide.
enum class Condition : std::uint8_t { success, retries_exhausted, event_age_exceeded };

struct DestinationRecord {
  std::string_view pipeline;
  std::string_view function;  ///< Empty without one.
  std::string_view function_version;
  std::uint32_t attempts = 1;
  WallTime now;
  Condition condition = Condition::success;
  std::string_view reason;  ///< Of a failure.
  std::string_view life{};  ///< See SinkBatch.
  const Event& event;
};

/// One JSON object on one line; what JsonLine::body() says holds for the payload.
std::string destination_record(const DestinationRecord& record);

}  // namespace tidemill
