// `tidemill check --explain`: the plan with every default filled in, secrets hidden. Pure.
#pragma once

#include <string>

#include "core/config/function_catalog.h"
#include "core/config/plan.h"
#include "tidemill/registry.h"

namespace tidemill::config {

/// YAML that means what the plan means, with values in human units. The registry and the catalog
/// are those that the plan was loaded with: they know the defaults, and which options are secret.
std::string explain(const Plan& plan, const Registry& registry, FunctionCatalog& catalog);

}  // namespace tidemill::config
