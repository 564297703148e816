// The metrics connector: counters, gauges and histograms out of messages, on the engine's /metrics.
//
// What a user may write. See README.md for what the words promise.
#pragma once

#include <cstdint>

#include "tidemill/registry.h"

namespace tidemill::metrics {

struct SinkConfig {
  Mapping counters;
  Mapping gauges;
  Mapping histograms;
  std::uint32_t max_series = 1000;
};

ConfigSpec<SinkConfig> sink_spec();

void register_with(Registry& registry);

}  // namespace tidemill::metrics
