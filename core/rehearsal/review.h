// Review: the parts of an expectation, each beside what happened. Pure.
#pragma once

#include <boost/json/value.hpp>
#include <string>
#include <vector>

#include "core/config/node.h"
#include "core/config/problems.h"
#include "core/rehearsal/case_file.h"
#include "core/rehearsal/outcome.h"

namespace tidemill::rehearsal {

/// One thing that is compared as a whole: all invocations, or what one sink got.
struct Section {
  std::vector<std::string> path;  ///< Its keys below `expect`: {"sinks", "out"}.
  const config::Node* expected = nullptr;
  boost::json::value actual;

  std::string name() const;
};

/// One for everything that the case expects. What it expects of things that are not there goes to
/// `problems`.
std::vector<Section> sections_of(const Case& one, const Outcome& outcome,
                                 config::Problems& problems);

/// What is worth expecting of an outcome, for a case that expects nothing yet: a mapping of paths.
std::vector<Section> everything(const Outcome& outcome);

}  // namespace tidemill::rehearsal
