// Scenario: everything one seed decides about a run - the pipeline's shape, the events, and what
// goes wrong with each of them. Drawn once; a restart after a crash meets the same world.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "core/dispatch/pipeline_runner.h"

namespace tidemill::sim {

struct Scenario {
  std::uint64_t seed = 0;
  ProgressKind progress = ProgressKind::log;
  std::uint32_t partitions = 1;
  std::uint32_t events_per_partition = 0;
  std::uint32_t keys = 1;
  PipelineConfig pipeline;
  RetryPolicy sink_retry;

  // Per event, in thousandths.
  std::uint32_t poison = 0;      ///< The function can never take it.
  std::uint32_t flaky = 0;       ///< The function fails it at the first try of each life.
  std::uint32_t sink_flaky = 0;  ///< A write of it fails now and then.
  bool poison_throws = false;    ///< A poison event fails its whole batch, without a name.
  bool crash_at_every_commit = false;
  std::uint32_t crashes = 0;  ///< At random steps, or at most so many commits.

  static Scenario draw(std::uint64_t seed);

  bool ordered() const {
    return progress == ProgressKind::log && pipeline.parallel.per_partition == 1;
  }
  bool is_poison(std::uint32_t partition, std::uint64_t index) const;
  bool is_flaky(std::uint32_t partition, std::uint64_t index) const;
  std::string key(std::uint32_t partition, std::uint64_t index) const;

 private:
  std::uint64_t draw_of(std::uint32_t partition, std::uint64_t index, std::uint64_t salt) const;
};

/// The name of an event in traces and as its row key: "p3-17".
std::string event_name(std::uint32_t partition, std::uint64_t index);

}  // namespace tidemill::sim
