// The totals of a pipeline by the names under which people see them: in `status`, in the summary of
// a run and in tests of pipelines. They only grow.
#pragma once

#include <cstdint>
#include <string_view>

#include "core/dispatch/pipeline_runner.h"

namespace tidemill {

struct PipelineTotal {
  std::string_view name;
  std::uint64_t PipelineStats::* value;
};

inline constexpr PipelineTotal pipeline_totals[] = {
    {"events", &PipelineStats::events},
    {"batches", &PipelineStats::batches},
    {"invocations", &PipelineStats::invocations},
    {"committed", &PipelineStats::committed},
    {"retried", &PipelineStats::retried},
    {"filtered", &PipelineStats::filtered},
    {"duplicates", &PipelineStats::duplicates},
    {"dead_lettered", &PipelineStats::dead_lettered},
    {"dead_effects", &PipelineStats::dead_effects},
    {"replayed", &PipelineStats::replayed},
    {"failed_replays", &PipelineStats::failed_replays},
    {"late", &PipelineStats::late},
    {"late_dropped", &PipelineStats::late_dropped},
};

}  // namespace tidemill
