// /healthz, /readyz and /metrics: what an orchestrator and Prometheus ask.
#pragma once

#include <functional>
#include <string>

#include "core/http/router.h"
#include "tidemill/result.h"

namespace tidemill {

/// Called on the server's executor for each request; they must not block.
struct HealthProbes {
  std::function<Result<>()> alive;  ///< An error: the engine cannot recover by itself; restart it.
  std::function<Result<>()> ready;  ///< An error: not yet, or not any more, taking events.
  std::function<std::string()> metrics;  ///< Prometheus' text format 0.0.4.
};

/// 200 "ok", or 503 with the error's sentence.
void add_health_routes(Router& router, HealthProbes probes);

}  // namespace tidemill
