// write_until_settled(): carries effects out at one sink, with its retries.
//
// A failed effect is written again from the held response; the function is not asked again. With it
// goes every later one that has to stay behind it, written or not: the sink ends with the last of
// them, in their order. What fails as often in a row as it may is given up, and with it every other
// effect of its event that is still to be written here.
#pragma once

#include <functional>
#include <string_view>
#include <vector>

#include "core/dispatch/sink_binding.h"
#include "core/dispatch/verdict.h"
#include "tidemill/async.h"
#include "tidemill/result.h"

namespace tidemill {

struct SinkWrite {
  std::string_view pipeline;
  std::string_view life{};  ///< See SinkBatch.
  std::span<const Event> events;
  std::vector<Effect> effects;
  /// What keeps its order: everything, the events of a key, or only effects of one key of their own
  /// (an object's, a message's), which always do.
  Ordering ordering = Ordering::ordered;
  /// An effect was refused, or failed as often as it may.
  std::function<void(const Effect& effect, const Error& error, std::uint32_t attempts)> give_up;
  /// Is the event of this effect given up already?
  std::function<bool(const Effect& effect)> given_up;
  /// The sink is unavailable, and goes on to be. Not called for every try.
  std::function<void(const Error& error)> waits{};
  /// Looked at between tries: stop without an outcome.
  std::function<bool()> stop;
};

/// False: it was told to stop before all effects had an outcome.
Task<bool> write_until_settled(Scheduler& scheduler, Target& target, SinkWrite write);

}  // namespace tidemill
