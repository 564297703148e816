// reach_all: what `check --connect` does - asks the systems behind a plan's sources and sinks
// whether they are there, and reads and writes nothing.
#pragma once

#include <string>
#include <vector>

#include "core/base/asio_scheduler.h"
#include "core/config/mark.h"
#include "core/config/plan.h"
#include "tidemill/registry.h"

namespace tidemill::app {

struct Reached {
  std::string who;  ///< "clicks: source kafka"
  Mark where;
  std::string place;            ///< As Source::identity() and Sink::place().
  Result<std::string> outcome;  ///< Of Source::reach() or Sink::reach().
};

/// Asks all of them side by side; answers in the order of the plan, without those that have no
/// system behind them. Blocks; runs `scheduler`, which is also that of `services`.
std::vector<Reached> reach_all(const Plan& plan, const Registry& registry, const Services& services,
                               AsioScheduler& scheduler);

}  // namespace tidemill::app
