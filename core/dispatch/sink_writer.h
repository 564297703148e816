// write_until_settled(): carries effects out at one sink, with its retries.
//
// A failed effect is written again from the held response; the function is not asked again. What
// finally fails is given up, and with it every other effect of its event that is still to be
// written here.
#pragma once

#include <functional>
#include <string_view>
#include <vector>

#include "core/dispatch/sink_binding.h"
#include "tidemill/async.h"
#include "tidemill/result.h"

namespace tidemill {

struct SinkWrite {
  std::string_view pipeline;
  std::span<const Event> events;
  std::vector<Effect> effects;
  /// An effect was refused, or failed as often as it may.
  std::function<void(const Effect& effect, const Error& error, std::uint32_t attempts)> give_up;
  /// Is the event of this effect given up already?
  std::function<bool(const Effect& effect)> given_up;
  /// Looked at between tries: stop without an outcome.
  std::function<bool()> stop;
};

/// False: it was told to stop before all effects had an outcome.
Task<bool> write_until_settled(Scheduler& scheduler, Target& target, SinkWrite write);

}  // namespace tidemill
