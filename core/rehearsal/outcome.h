// Outcome: what came of a case, in the form in which it is compared with what was expected.
#pragma once

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <map>
#include <string>
#include <vector>

#include "core/pipeline/engine.h"
#include "core/rehearsal/journal.h"
#include "core/rehearsal/scene.h"
#include "tidemill/result.h"
#include "tidemill/time.h"

namespace tidemill::rehearsal {

struct Outcome {
  using Records = std::map<std::string, boost::json::array>;

  boost::json::array invocations;
  boost::json::array dead_letters;
  Records sinks;   ///< By PIPELINE.SINK, what was written.
  Records tables;  ///< By name, what they hold at the end; likewise:
  Records queues;
  Records logs;
  std::map<std::string, boost::json::object> summary;  ///< By pipeline.
  Duration took{0};              ///< Virtual time, until the last thing happened.
  std::string trouble;           ///< Why it did not come to its end; empty: it did.
  std::vector<std::string> log;  ///< What the engine logged.
};

/// Reads what a rehearsal has left. Errors: transient.
Result<Outcome> outcome_of(Engine& engine, const Scene& scene, const Journal& journal,
                           EventTime start);

}  // namespace tidemill::rehearsal
