// Windows: what the aggregate of a flow must hold, said as simply as possible: one event after the
// other, in the order of each partition.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "tests/sim/world.h"

namespace tidemill::sim {

/// Of each partition, once all of its events have been seen.
std::vector<ClockProgress> expected_clocks(const Flow& flow);

/// The rows by their names, where each event was committed so often.
std::map<std::string, std::string> expected_windows(
    const World& world, const Flow& flow,
    const std::function<std::int64_t(std::uint32_t, std::uint64_t)>& committed);

/// Watches one life of a flow: no window may be said to be over that an event which has not
/// settled may still belong to.
class WindowWatch {
 public:
  WindowWatch(World& world, const Flow& flow);

  /// The store is about to write this.
  void commits(const CommitPart& part);

 private:
  World& world_;
  const Flow& flow_;
  std::map<Partition, std::uint64_t> next_;
};

}  // namespace tidemill::sim
