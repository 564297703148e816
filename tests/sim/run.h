// run(): one seed, from the first event to the last, through all its crashes.
#pragma once

#include <cstdint>
#include <string>

namespace tidemill::sim {

struct Outcome {
  std::string failure;  ///< Empty: every promise was kept.
  std::uint64_t hash = 0;
  std::uint64_t events = 0;
  std::uint64_t crashes = 0;
};

Outcome run(std::uint64_t seed);

}  // namespace tidemill::sim
