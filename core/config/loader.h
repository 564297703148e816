// load_plan: from files to a checked Plan, or to everything that is wrong with them, at once.
//
// Reads files and asks connectors to be built (which connects to nothing); starts no threads and
// keeps nothing. Called once per command, from the main thread.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <vector>

#include "core/config/function_catalog.h"
#include "core/config/interpolate.h"
#include "core/config/plan.h"
#include "core/config/problems.h"
#include "tidemill/registry.h"

namespace tidemill::config {

/// What to load, and what to load it with.
struct LoadRequest {
  std::vector<std::string> paths;      ///< Files, and folders that stand for their files.
  std::vector<std::string> overrides;  ///< Of --set: PATH=VALUE.
  Environment environment;             ///< For ${NAME}.
  Services services;                   ///< For building connectors at check time.
  bool replaces_sources = false;       ///< What they read need not be there: others stand in.
};

struct Loaded {
  std::optional<Plan> plan;       ///< Set exactly when there are no problems.
  std::vector<Problem> problems;  ///< Sorted; each once.
  std::vector<Problem> warnings;
};

/// A file that was read already; `name` is what messages call it, and where paths start.
struct ConfigText {
  std::string name;
  std::string text;
};

Loaded load_plan(const LoadRequest& request, const Registry& registry, FunctionCatalog& catalog);

/// As above, of texts instead of request.paths.
Loaded load_texts(std::span<const ConfigText> texts, const LoadRequest& request,
                  const Registry& registry, FunctionCatalog& catalog);

/// The files that `path` stands for: itself, or the *.yaml and *.yml in a folder (not below it),
/// sorted, without *.test.yaml and *.test.yml. A path that is not there is a problem.
std::vector<std::string> config_files(const std::string& path, Problems& problems);

}  // namespace tidemill::config
