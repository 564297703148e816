// bench_start [--rounds N]: how long a process takes to its first committed event, and a plugin to
// load.
//
// Claims: less than 100 ms from the start of the process to its first commit, without image
// functions; less than 1 ms to load a plugin (dlopen, the entry, and understanding its
// declaration).
//
// The first is measured from outside and to the end of the process, which is later than its commit:
// one generated event through the passthrough function into a table, on a fresh data folder and on
// one that exists. A plugin is loaded in a process of its own each time, as the second load of a
// library costs nothing. Latency is the claim, so time is that of the clock on the wall.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <string>
#include <vector>

#include "bench/measure/child_process.h"
#include "bench/measure/table.h"
#include "core/invoke/plugin.h"
#include "tidemill/testing/temp_folder.h"

namespace tidemill::bench {
namespace {

constexpr double start_ms_goal = 100;
constexpr double load_ms_goal = 1;

// One event more than the folder has seen.
double one_event_ms(const std::string& data, int events) {
  const auto finished =
      run_to_end({BENCH_TIDEMILL, "run", BENCH_PIPELINE, "--data", data, "--set",
                  fmt::format("pipelines.events.source.generate.count={}", events), "--until-idle",
                  "--summary", "json", "--log-level", "error"});
  require(finished.output.contains("\"committed\": 1,"), "no event was committed");
  return finished.wall_s * 1000;
}

int load_and_tell(const std::string& path) {
  const double started = wall_seconds();
  const auto plugin = Plugin::load(path);
  const double took = wall_seconds() - started;
  require(plugin.has_value(), path + " does not load");
  fmt::print("{}\n", took * 1000);
  return 0;
}

double load_ms(const std::string& name) {
  const std::string path = std::string(TIDEMILL_PLUGINS) + '/' + name + ".so";
  return std::stod(run_to_end({this_program(), "--load", path}).output);
}

bool measure(int rounds) {
  constexpr std::array plugins = {"passthrough", "thumbnail", "metadata"};
  std::vector<double> fresh, again;
  std::array<std::vector<double>, plugins.size()> loads;
  for (int round = 0; round < rounds; ++round) {
    const testing::TempFolder scratch;
    fresh.push_back(one_event_ms(scratch / "data", 1));
    again.push_back(one_event_ms(scratch / "data", 2));
    for (std::size_t i = 0; i < plugins.size(); ++i) loads[i].push_back(load_ms(plugins[i]));
  }
  bool holds = true;
  const auto claim = [&](const std::string& what, double goal, const std::vector<double>& ms) {
    holds = print_claim(what, fmt::format("< {:.0f} ms", goal), spread(ms, 2) + " ms",
                        median(ms) < goal) &&
            holds;
  };
  claim("start to the end of a run of one event, fresh data folder", start_ms_goal, fresh);
  claim("start to the end of a run of one event, data folder that exists", start_ms_goal, again);
  for (std::size_t i = 0; i < plugins.size(); ++i)
    claim(fmt::format("load {}.so", plugins[i]), load_ms_goal, loads[i]);
  return holds;
}

}  // namespace
}  // namespace tidemill::bench

int main(int argc, char** argv) {
  using namespace tidemill::bench;
  if (argc == 3 && std::string_view(argv[1]) == "--load") return load_and_tell(argv[2]);
  const int rounds = rounds_option(argc, argv, 21);
  print_machine(rounds);
  return measure(rounds) ? 0 : 1;
}
