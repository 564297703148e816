// What the readers of one load share, and the small rules that several of them apply. Internal to
// this folder; lives during load_plan().
#pragma once

#include <string>
#include <vector>

#include "core/config/function_catalog.h"
#include "core/config/node.h"
#include "core/config/problems.h"
#include "tidemill/registry.h"

namespace tidemill::config {

/// A place that a source reads and that must exist by the time it runs.
struct NeededPath {
  std::string path;  ///< Absolute.
  std::string option;
  Mark where;
};

struct LoadContext {
  const Registry& registry;
  FunctionCatalog& catalog;
  Services services;
  Problems& problems;
  std::vector<NeededPath> needed_paths;
};

/// Names become keys, labels and file names: letters, digits, `_` and `-`, at most 63, a letter or
/// digit first. Reports one that is not.
bool check_name(const Node& entry, std::string_view what, Problems& problems);

}  // namespace tidemill::config
