// tidemill status: how a running engine and its pipelines are, once, on one screen.
#include <fmt/core.h>

#include <limits>
#include <memory>
#include <string>

#include "app/commands.h"
#include "app/engine_door.h"
#include "app/figures.h"
#include "app/snapshot.h"
#include "app/text_table.h"
#include "core/observe/printable.h"

namespace tidemill::app {
namespace {

struct StatusOptions {
  EngineDoor door;
  bool json = false;
};

void print_field(std::string_view name, const std::string& text) {
  fmt::print("{:<10}{}\n", name, printable(text, Place::terminal));
}

void print_engine(const EngineSnapshot& engine) {
  print_field("engine", "tidemill " + engine.version + ", up " + short_duration(engine.uptime));
  print_field("data", engine.data_folder);
  print_field("memory", short_bytes(static_cast<double>(engine.memory_used)) + " of " +
                            short_bytes(static_cast<double>(engine.memory_bytes)) +
                            " in use by events under way");
  if (!engine.store_trouble.empty())
    print_field("trouble", "the state cannot be written: " + engine.store_trouble);
  for (const auto& [function, why] : engine.unhealthy) print_field("function", why);
  if (engine.lost_threads > 0)
    print_field("threads", std::to_string(engine.lost_threads) + " did not return from a function");
}

void print_pipelines(const EngineSnapshot& engine) {
  using Align = TextTable::Align;
  TextTable table({{"PIPELINE", Align::left},
                   {"STATE", Align::left},
                   {"EVENTS"},
                   {"IN FLIGHT"},
                   {"LAG"},
                   {"RETRIED"},
                   {"FILTERED"},
                   {"DUPLICATES"},
                   {"DEAD"}});
  for (const PipelineSnapshot& p : engine.pipelines)
    table.add({printable(p.name, Place::terminal), p.state, grouped(p.events), grouped(p.in_flight),
               p.lag ? grouped(*p.lag) : "-", grouped(p.retried), grouped(p.filtered),
               grouped(p.duplicates), grouped(p.dead)});
  for (const std::string& line : table.lines(std::numeric_limits<std::size_t>::max()))
    fmt::print("{}\n", line);
  bool first = true;
  for (const PipelineSnapshot& p : engine.pipelines) {
    if (p.error.empty()) continue;
    fmt::print("{}{}: {}\n", first ? "\n" : "", printable(p.name, Place::terminal),
               printable(p.error, Place::terminal));
    first = false;
  }
}

int status(const StatusOptions& options) {
  const auto client = options.door.open();
  if (!client) return complain(client.error());
  const auto answer = client->request("GET", "/api/v1/status");
  if (!answer) return complain(answer.error());
  if (answer->status != 200)
    return complain({Fault::transient, "the engine says: " + answer->body});
  const auto engine = parse_snapshot(answer->body);
  if (!engine) return complain(engine.error());
  if (options.json) {
    fmt::print("{}", answer->body);
  } else {
    use_utf8();
    print_engine(*engine);
    fmt::print("\n");
    print_pipelines(*engine);
  }
  std::fflush(stdout);
  return engine->well() ? exit_code::done : exit_code::failed;
}

}  // namespace

void add_status(CLI::App& app, Session& session) {
  auto options = std::make_shared<StatusOptions>();
  CLI::App* command =
      app.add_subcommand("status", "How a running engine and its pipelines are, once");
  options->door.add_to(*command);
  command->add_flag("--json", options->json, "One JSON object");
  command->footer(
      "Exit code: 0 when all is well; 1 when a pipeline has failed, waits or complains, or when no "
      "engine\nanswers.\n\n"
      "Examples:\n  tidemill status\n  tidemill status --data /var/lib/tidemill --json\n"
      "  tidemill status --engine http://10.0.0.7:8787 --engine-token-file token\n\n"
      "What the figures mean: docs/reference/live.md");
  command->callback([&session, options] { session.exit_code = status(*options); });
}

}  // namespace tidemill::app
