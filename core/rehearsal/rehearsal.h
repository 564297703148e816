// rehearse(): runs one case - a real engine over a real store, on one thread and in virtual time.
// Whatever the case waits for takes no longer than what there is to do.
//
// Blocking; from any thread that runs no other rehearsal. Only what plugins do reaches out of it.
#pragma once

#include <string>

#include "core/invoke/catalog.h"
#include "core/rehearsal/case_file.h"
#include "core/rehearsal/outcome.h"
#include "core/rehearsal/scene.h"
#include "tidemill/registry.h"
#include "tidemill/result.h"

namespace tidemill::rehearsal {

struct Props {
  const Registry& registry;
  PluginCatalog& plugins;
  std::string folder;  ///< Empty, for this rehearsal alone; absolute.
};

/// Errors: bad_config, transient, as Engine::build().
Result<Outcome> rehearse(const Case& one, const Scene& scene, const Props& props);

}  // namespace tidemill::rehearsal
