// tidemill healthcheck: whether an engine takes events, for what restarts and waits for containers.
#include <fmt/core.h>

#include <chrono>
#include <memory>

#include "app/commands.h"
#include "app/engine_door.h"

namespace tidemill::app {
namespace {

struct HealthOptions {
  EngineDoor door;
  unsigned seconds = 5;
};

int healthcheck(const HealthOptions& options) {
  const auto client = options.door.open(std::chrono::seconds(options.seconds));
  if (!client) return complain(client.error());
  const auto answer = client->request("GET", "/readyz");
  if (!answer) return complain(answer.error());
  std::string sentence = answer->body;
  while (sentence.ends_with('\n')) sentence.pop_back();
  if (answer->status != 200) return complain({Fault::transient, "not ready: " + sentence});
  fmt::print("ready\n");
  return exit_code::done;
}

}  // namespace

void add_healthcheck(CLI::App& app, Session& session) {
  auto options = std::make_shared<HealthOptions>();
  CLI::App* command =
      app.add_subcommand("healthcheck", "Whether a running engine takes events, for containers");
  options->door.add_to(*command);
  command->add_option("--timeout", options->seconds, "Seconds to wait for its answer")
      ->check(CLI::Range(1, 3600))
      ->capture_default_str();
  command->footer(
      "Exit code: 0 when every pipeline has started and takes events; 1 otherwise, with the "
      "reason.\n\n"
      "Examples:\n  tidemill healthcheck\n  tidemill healthcheck --data /data --timeout 2\n"
      "  HEALTHCHECK CMD [\"tidemill\", \"healthcheck\", \"--data\", \"/data\"]   (Dockerfile)");
  command->callback([&session, options] { session.exit_code = healthcheck(*options); });
}

}  // namespace tidemill::app
