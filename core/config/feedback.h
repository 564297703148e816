// Finds pipelines that would feed themselves: a sink writes what its own source, or that of a
// pipeline further down, delivers again. Pure.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "core/config/problems.h"
#include "tidemill/source.h"

namespace tidemill::config {

/// What one pipeline reads and where it writes.
struct Flow {
  struct Outlet {
    std::string sink;
    std::string place;  ///< Sink::place().
    Mark where;
  };

  std::string pipeline;
  std::unique_ptr<Source> source;  ///< Null when it could not be built.
  std::vector<Outlet> outlets;
};

/// One problem per cycle, at the sink that closes it, naming the way round.
void check_feedback(const std::vector<Flow>& flows, Problems& problems);

}  // namespace tidemill::config
