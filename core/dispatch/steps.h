// Steps: what a pipeline does to an event before its function and its sinks: filters, which let it
// pass or not, and maps, which give it other data.
//
// Pure but for the time that jq takes. One call at a time, on whichever thread.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <variant>
#include <vector>

#include "core/expression/expression.h"
#include "core/pattern/pattern_set.h"
#include "tidemill/event.h"
#include "tidemill/result.h"

namespace tidemill {

/// A filter or a map, compiled.
using Step = std::variant<pattern::PatternSet, expression::Expression>;

class Steps {
 public:
  /// What became of an event. What does not pass is left as it came.
  struct Passage {
    enum class End : std::uint8_t { passed, filtered, failed };
    End end = End::passed;
    std::string reason{};  ///< Of what failed: which step, and why.
  };

  explicit Steps(std::vector<Step> steps);

  bool empty() const { return steps_.empty(); }

  /// Whether an event may take long: a step runs jq. run() then belongs on a thread that may block.
  bool slow() const { return slow_; }

  /// Takes events through all steps, one after the other, and appends to `passages` what became of
  /// each. Ends early once maps have made `bytes_max` of data, or when `stop` is set: those that
  /// have no passage were not looked at.
  ///
  /// Errors: bad_config (see Expression::evaluate()); the pipeline cannot go on.
  Result<> run(std::span<Event> events, std::uint64_t bytes_max, const std::atomic<bool>& stop,
               std::vector<Passage>& passages);

 private:
  Result<Passage> take(Event& event);

  std::vector<Step> steps_;
  std::vector<pattern::PatternSet::Scratch> scratches_;  // Of each step; those of maps lie idle.
  bool slow_ = false;
};

/// Whether a step or the `map` of a sink runs jq, rather than only reading a path.
inline bool runs_jq(const expression::Expression& map) { return !map.is_path(); }

/// What `map` makes of an event whose data is `data`: values as compact JSON.
/// Errors: as Expression::evaluate().
Result<std::vector<expression::Value>> mapped(const expression::Expression& map, const Event& event,
                                              std::string_view data);

/// The content type of what a map makes: what it was, where that says JSON.
std::string_view type_of_mapped(std::string_view content_type);

/// The event as its source handed it over, whatever steps made of it.
Event as_it_came(const Event& event);

}  // namespace tidemill
