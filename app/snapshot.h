// EngineSnapshot: what /api/v1/status says at one moment, as commands show it. Values; pure.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "tidemill/result.h"
#include "tidemill/time.h"

namespace tidemill::app {

/// (longest in microseconds, count), from the shortest; see core/base/latencies.h.
using Buckets = std::vector<std::pair<std::uint64_t, std::uint64_t>>;

/// Totals are since the start of the engine.
struct PipelineSnapshot {
  std::string name;
  std::string state;
  std::string error;
  std::uint64_t events = 0;
  std::uint64_t bytes = 0;
  std::uint64_t batches = 0;
  std::uint64_t retried = 0;
  std::uint64_t filtered = 0;
  std::uint64_t duplicates = 0;
  std::uint64_t failed_invocations = 0;
  std::uint64_t dead = 0;  ///< Dead letters: of events, and of effects behind a queue.
  std::uint64_t in_flight = 0;
  std::optional<std::uint64_t> lag;
  Buckets invoked;  ///< Only where they were asked for; these too.
  Buckets settled;

  bool well() const { return state != "failed" && error.empty(); }
};

struct EngineSnapshot {
  std::string version;
  std::string data_folder;
  std::string store_trouble;
  std::string started;  ///< Another one in each life of the engine.
  Duration uptime{0};
  std::uint64_t memory_bytes = 0;
  std::uint64_t memory_used = 0;
  std::uint64_t lost_threads = 0;
  std::vector<std::pair<std::string, std::string>> unhealthy;  ///< Functions, and why.
  std::vector<PipelineSnapshot> pipelines;

  bool well() const;
};

/// Errors: transient, where it is no such thing.
Result<EngineSnapshot> parse_snapshot(std::string_view json);

}  // namespace tidemill::app
