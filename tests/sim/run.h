// run(): one seed, from the first event to the last, through all its ends and restarts.
#pragma once

#include <cstdint>
#include <string>

#include "tests/sim/world.h"

namespace tidemill::sim {

struct Outcome {
  std::string failure;  ///< Empty: every promise was kept.
  std::uint64_t hash = 0;
  std::uint64_t events = 0;
  std::uint64_t lives = 0;
};

Outcome run(std::uint64_t seed, World::On on);

}  // namespace tidemill::sim
