// Small questions about sources and sinks that the readers of pipelines share. Internal to this
// folder. Pure.
#pragma once

#include <string>
#include <string_view>

#include "core/config/plan.h"

namespace tidemill::config {

/// What a sink's `from` says when it takes the events themselves.
inline constexpr std::string_view event_output = "event";

/// The value of an option that was set; null when it was not.
const std::string* option_of(const ConnectorPlan& connector, std::string_view name);

/// A key path as .id or $event.subject: names apart by dots.
bool is_plain_path(std::string_view text);

}  // namespace tidemill::config
