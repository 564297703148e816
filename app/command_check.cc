// tidemill check: is this configuration right, and what does it come to?
#include <fmt/core.h>

#include <memory>

#include "app/commands.h"
#include "app/offline.h"
#include "core/config/explain.h"

namespace tidemill::app {
namespace {

struct CheckOptions {
  std::vector<std::string> paths;
  std::vector<std::string> overrides;
  std::string data = "tidemill-data";
  bool explain = false;
};

int check(Session& session, const CheckOptions& options) {
  Offline offline(options.data);
  const auto plan = load_or_complain(session, options.paths, options.overrides, offline.services());
  if (!plan) return exit_code::usage;
  if (options.explain) {
    fmt::print("{}", config::explain(*plan, session.registry, session.plugins));
  } else {
    fmt::print("ok: {} pipeline{}, {} function{}\n", plan->pipelines.size(),
               plan->pipelines.size() == 1 ? "" : "s", plan->functions.size(),
               plan->functions.size() == 1 ? "" : "s");
  }
  return exit_code::done;
}

}  // namespace

void add_check(CLI::App& app, Session& session) {
  auto options = std::make_shared<CheckOptions>();
  CLI::App* command = app.add_subcommand(
      "check", "Validate pipeline files offline; every problem with its file, line and column");
  command->add_option("FILE", options->paths, "Pipeline files, or folders of them")->required();
  command->add_option("--set", options->overrides, "PATH=VALUE: replace one value of the files");
  command->add_option("--data", options->data, "Data folder that `local:` buckets live in")
      ->capture_default_str();
  command->add_flag("--explain", options->explain, "Print the plan with every default filled in");
  command->footer(
      "Examples:\n  tidemill check pipelines/\n"
      "  tidemill check thumbnails.yaml --explain");
  command->callback([&session, options] { session.exit_code = check(session, *options); });
}

}  // namespace tidemill::app
