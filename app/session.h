// Session: what every command starts from - the connectors and plugins of this binary, and the way
// errors reach the user.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "core/config/loader.h"
#include "core/invoke/catalog.h"
#include "tidemill/registry.h"

namespace tidemill::app {

namespace exit_code {
inline constexpr int done = 0;
inline constexpr int failed = 1;
inline constexpr int usage = 2;
inline constexpr int dead_letters = 3;
inline constexpr int interrupted = 130;
}  // namespace exit_code

struct Session {
  Session();

  Registry registry;
  PluginCatalog plugins;
  int exit_code = exit_code::done;
};

/// Loads a plan, printing every problem and warning to stderr. Nothing when there were problems.
std::optional<Plan> load_or_complain(Session& session, const std::vector<std::string>& paths,
                                     const std::vector<std::string>& overrides,
                                     const Services& services);

/// "error: sentence" to stderr; returns the exit code that belongs to the error.
int complain(const Error& error);

/// `path` made absolute against the working folder.
std::string absolute(const std::string& path);

}  // namespace tidemill::app
