// Instants that cannot be mixed up. Nothing in this tree reads a clock but the Scheduler
// (scheduler.h); everything else is told the time.
#pragma once

#include <chrono>
#include <compare>
#include <cstdint>

namespace tidemill {

using Duration = std::chrono::microseconds;

/// Monotonic: for deadlines, windows and back-off. Values come from Scheduler::now() only.
using Instant = std::chrono::steady_clock::time_point;

/// Microseconds since the Unix epoch, UTC.
template <class Tag>
struct UtcMicros {
  std::uint64_t value = 0;
  constexpr UtcMicros() = default;
  constexpr explicit UtcMicros(std::uint64_t micros) : value(micros) {}
  friend constexpr auto operator<=>(const UtcMicros&, const UtcMicros&) = default;
};

using EventTime = UtcMicros<struct EventTimeTag>;    ///< When it happened, says the source.
using IngestTime = UtcMicros<struct IngestTimeTag>;  ///< When this engine first saw it.
using WallTime = UtcMicros<struct WallTimeTag>;      ///< Now; compared with expiries.

}  // namespace tidemill
