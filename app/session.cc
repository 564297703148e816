#include "app/session.h"

#include <fmt/core.h>

#include <cstdio>
#include <filesystem>

namespace tidemill {
void register_builtin_connectors(Registry& registry);
}

namespace tidemill::app {

Session::Session() : plugins(PluginPath::of_process()) { register_builtin_connectors(registry); }

std::optional<Plan> load_or_complain(Session& session, const std::vector<std::string>& paths,
                                     const std::vector<std::string>& overrides,
                                     const Services& services) {
  const config::LoadRequest request{paths, overrides, config::process_environment(), services};
  config::Loaded loaded = config::load_plan(request, session.registry, session.plugins);
  for (const auto& warning : loaded.warnings)
    fmt::print(stderr, "{}\n", config::to_string(warning, "warning"));
  for (const auto& problem : loaded.problems)
    fmt::print(stderr, "{}\n", config::to_string(problem));
  if (loaded.plan && loaded.plan->pipelines.empty()) {
    fmt::print(stderr, "error: no pipeline in {}; a file needs a `pipelines:` section\n",
               paths.front());
    return std::nullopt;
  }
  return std::move(loaded.plan);
}

int complain(const Error& error) {
  fmt::print(stderr, "error: {}\n", error.message);
  return error.fault == Fault::bad_config ? exit_code::usage : exit_code::failed;
}

std::string absolute(const std::string& path) {
  return std::filesystem::absolute(path).lexically_normal().string();
}

}  // namespace tidemill::app
