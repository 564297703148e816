// The record that a destination gets (`on_success`, `on_failure`): what happened to one event, in
// the shape of AWS Lambda's invocation record, so that what reads those reads ours.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "tidemill/event.h"
#include "tidemill/time.h"

namespace tidemill {

struct DestinationRecord {
  std::string_view pipeline;
  std::string_view function;  ///< Empty without one.
  std::string_view function_version;
  std::uint32_t attempts = 1;
  WallTime now;
  std::optional<std::string> reason;  ///< Of a failure; empty: success.
  const Event& event;
};

/// One JSON object on one line; what JsonLine::body() says holds for the payload.
std::string destination_record(const DestinationRecord& record);

}  // namespace tidemill
