// Scene: a plan made ready for one case - which pipelines run, where each event enters, and what
// stands between the engine and the world.
//
// Sources and sinks of other systems are replaced through the registry, and nothing else is:
// tables, queues and logs are the engine's own. Events for a pipeline that reads one of these are
// put there by a pipeline that is made up for it, in the way in which those of the plan put theirs.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/config/function_catalog.h"
#include "core/config/plan.h"
#include "core/config/problems.h"
#include "core/rehearsal/case_file.h"
#include "core/rehearsal/case_source.h"
#include "core/rehearsal/journal.h"
#include "tidemill/registry.h"

namespace tidemill::rehearsal {

struct Scene {
  Plan plan;
  std::vector<std::string> pipelines;  ///< Those of the user's that run.
  std::vector<std::string> sinks;      ///< Those of them that are recorded, as PIPELINE.SINK.
  /// By the pipeline whose source hands them over.
  std::map<std::string, std::vector<CaseEvent>> arrivals;
};

/// Whether a case may call the sink at `place` (PIPELINE.SINK) so: by its place, or by SINK alone.
bool is_place(std::string_view name, std::string_view place);

/// Nothing after a problem. `services` is for building sources, to see what they are.
std::optional<Scene> set_scene(const Case& one, const Plan& plan, const Registry& registry,
                               config::FunctionCatalog& catalog, const Services& services,
                               config::Problems& problems);

/// The registry that the engine is given. All outlive what it builds.
Registry staged(const Registry& real, const Case& one, const Scene& scene, Journal& journal,
                Curtain& curtain);

}  // namespace tidemill::rehearsal
