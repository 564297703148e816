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
    bool continues = false;  ///< It may come back: the function sees to it that this ends.
  };

  std::string pipeline;
  std::unique_ptr<Source> source;  ///< Null when it could not be built, or is the engine's own.
  std::vector<Outlet> outlets;
  std::string reads;  ///< The place of a queue, log or table that the engine's own source reads.
  Mark reads_where;
};

/// Where the engine's own kinds stand among places: "queue:jobs", "log:clicks", "table:users".
std::string own_place(std::string_view kind, std::string_view name);

/// Warns of queues, logs and tables that are read and that no pipeline here writes.
void warn_unwritten(const std::vector<Flow>& flows, Problems& problems);

/// One problem per cycle, at the sink that closes it, naming the way round.
void check_feedback(const std::vector<Flow>& flows, Problems& problems);

}  // namespace tidemill::config
