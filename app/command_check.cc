// tidemill check: is this configuration right, and what does it come to?
#include <fmt/core.h>

#include <memory>

#include "app/commands.h"
#include "app/offline.h"
#include "app/reach.h"
#include "core/config/explain.h"

namespace tidemill::app {
namespace {

struct CheckOptions {
  std::vector<std::string> paths;
  std::vector<std::string> overrides;
  std::string data = "tidemill-data";
  bool explain = false;
  bool connect = false;
};

constexpr std::size_t asked_at_once = 16;

// One line for each system: those that answered to stdout, the others to stderr as errors of the
// file that names them.
int connect(const Plan& plan, const Session& session, Offline& offline) {
  std::size_t failures = 0;
  const auto reached = reach_all(plan, session.registry, offline.services(), offline.scheduler());
  for (const Reached& one : reached) {
    if (one.outcome) {
      fmt::print("reached: {}: {}: {}\n", one.who, one.place, *one.outcome);
      continue;
    }
    ++failures;
    fmt::print(stderr, "{}:{}:{}: error: {}: {}\n", one.where.file, one.where.line,
               one.where.column, one.who, one.outcome.error().message);
  }
  fmt::print("{} of {} reached\n", reached.size() - failures, reached.size());
  return failures == 0 ? exit_code::done : exit_code::failed;
}

int check(Session& session, const CheckOptions& options) {
  Offline offline(options.data, asked_at_once);
  const auto plan = load_or_complain(session, options.paths, options.overrides, offline.services());
  if (!plan) return exit_code::usage;
  if (options.explain) {
    fmt::print("{}", config::explain(*plan, session.registry, session.plugins));
  } else {
    fmt::print("ok: {} pipeline{}, {} function{}\n", plan->pipelines.size(),
               plan->pipelines.size() == 1 ? "" : "s", plan->functions.size(),
               plan->functions.size() == 1 ? "" : "s");
  }
  return options.connect ? connect(*plan, session, offline) : exit_code::done;
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
  command->add_flag("--connect", options->connect,
                    "Look also whether every server, topic and bucket can be reached");
  command->footer(
      "Exit code: 0; 1 when something cannot be reached; 2 when the files have problems.\n\n"
      "Examples:\n  tidemill check pipelines/\n"
      "  tidemill check thumbnails.yaml --explain\n"
      "  tidemill check clickstream-kafka.yaml --connect");
  command->callback([&session, options] { session.exit_code = check(session, *options); });
}

}  // namespace tidemill::app
