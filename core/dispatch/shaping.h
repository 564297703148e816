// Shaping: the `when` and the `map` of a sink - which effects it takes, and what it gets of each.
//
// Pure but for the time that jq takes; on any thread.
#pragma once

#include <boost/container/deque.hpp>
#include <cstdint>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "core/expression/expression.h"
#include "core/pattern/pattern_set.h"
#include "tidemill/effect.h"
#include "tidemill/event.h"
#include "tidemill/result.h"

namespace tidemill {

struct Shaped {
  std::vector<Effect> effects;
  boost::container::deque<std::string> texts;  ///< What maps made.
  std::uint64_t bytes = 0;                     ///< Of those.
  /// Events (by index) that this sink cannot take, and why.
  std::vector<std::pair<std::uint32_t, std::string>> refused;
};

/// An effect as patterns and expressions see it: its event, with the key, the data and the headers
/// that the effect has. Views both.
Event seen_of(const Effect& effect, const Event& event);

/// Keeps the effects that `when` matches.
void choose(const pattern::PatternSet& when, std::span<const Event> events,
            pattern::PatternSet::Scratch& scratch, Shaped& shaped);

/// Puts what `map` gives in the place of each effect: nothing, one effect, or several in their
/// order.
///
/// Errors: bad_config (see Expression::evaluate()); the pipeline cannot go on.
Result<> map_effects(const expression::Expression& map, std::span<const Event> events,
                     Shaped& shaped);

}  // namespace tidemill
