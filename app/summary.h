// The summary of a run: one JSON object, the last line of stdout. Its form is a public contract.
#pragma once

#include <span>
#include <string>

#include "core/pipeline/engine.h"
#include "tidemill/time.h"

namespace tidemill::app {

/// {"seconds": 1.9, "pipelines": {"NAME": {"events": 120, ...}}}
std::string summary_json(Duration elapsed, std::span<const PipelineStatus> pipelines);

/// The same for people, one line per pipeline.
std::string summary_text(Duration elapsed, std::span<const PipelineStatus> pipelines);

/// Dead letters of all pipelines together.
std::uint64_t dead_letters(std::span<const PipelineStatus> pipelines);

}  // namespace tidemill::app
