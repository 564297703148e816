// Small questions about sources and sinks that the readers of pipelines share. Internal to this
// folder.
#pragma once

#include <string>
#include <string_view>

#include "core/config/node.h"
#include "core/config/plan.h"
#include "core/config/problems.h"

namespace tidemill::config {

/// What a sink's `from` says when it takes the events themselves.
inline constexpr std::string_view event_output = "event";

/// The value of an option that was set; null when it was not.
const std::string* option_of(const ConnectorPlan& connector, std::string_view name);

/// Tells what is wrong with the expression in `node`, if anything is.
void check_expression(const Node& node, Problems& problems);

}  // namespace tidemill::config
