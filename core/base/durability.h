// How soon a commit survives a power cut.
#pragma once

#include <cstdint>

namespace tidemill {

/// There is one log, and what it loses it loses from its end: whatever is durable, everything
/// committed before it is durable too.
enum class Durability : std::uint8_t {
  sync,      ///< Before its commit is reported.
  periodic,  ///< With the next sync.
};

}  // namespace tidemill
