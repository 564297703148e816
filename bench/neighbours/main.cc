// bench_neighbours [--rounds N] [--events N]: what a pipeline loses to one whose sink always fails.
//
// Claim: it keeps at least 0.95 of the rate that it has alone.
//
// Both arms are engines of their own, which take turns, and do the same: a million events of 200
// bytes through a native function into a table, beside a second pipeline. In one arm that one has
// an event to write every thousand seconds, and can write it; in the other it always has more, its
// sink is a standard output that is always full, and it tries again and again. The claim is about
// what users see, so the rate is by the clock on the wall, from the start of the process to the
// moment at which its admin socket says that all events are settled.
#include <fcntl.h>
#include <fmt/format.h>

#include <chrono>
#include <string>
#include <string_view>
#include <vector>

#include "bench/measure/child_process.h"
#include "bench/measure/live_engine.h"
#include "bench/measure/table.h"
#include "tidemill/testing/temp_folder.h"

namespace tidemill::bench {
namespace {

constexpr double kept_goal = 0.95;
constexpr auto look_every = std::chrono::milliseconds(10);

enum class Neighbour { quiet, broken };

double events_per_second(std::uint64_t events, Neighbour kind) {
  const bool broken = kind == Neighbour::broken;
  const testing::TempFolder scratch;
  const Descriptor output(::open(broken ? "/dev/full" : "/dev/null", O_WRONLY | O_CLOEXEC));
  require(static_cast<bool>(output), "cannot open what the neighbour writes to");
  const std::string count = fmt::format("pipelines.steady.source.generate.count={}", events);
  const std::string rate =
      fmt::format("pipelines.neighbour.source.generate.rate={}", broken ? "0/s" : "0.001/s");

  const double started = wall_seconds();
  const LiveEngine engine(
      {BENCH_TIDEMILL, "run", BENCH_FOLDER "/steady.yaml", BENCH_FOLDER "/neighbour.yaml", "--set",
       count, "--set", rate, "--admin-listen", "off", "--log-level", "error"},
      scratch / "data", output.get());
  for (;;) {
    const auto steady = engine.pipeline("steady");
    if (steady && steady->events >= events) break;
    require(!engine.ended_within(look_every), "the engine ended before the pipeline had");
  }
  const double took = wall_seconds() - started;
  const auto neighbour = engine.pipeline("neighbour");
  require(neighbour && neighbour->state == "running", "the neighbour was not at work");
  const bool as_meant = broken ? neighbour->events == 0 && neighbour->in_flight > 0
                               : neighbour->events == 1 && neighbour->in_flight == 0;
  require(as_meant, "the neighbour was not as it was meant to be");
  return static_cast<double>(events) / took;
}

bool measure(std::uint64_t events, int rounds) {
  std::vector<double> alone, beside;
  for (int round = 0; round < rounds; ++round) {
    // Each arm goes first in turn, so that a machine that grows busier favours neither.
    if (round % 2 == 0) alone.push_back(events_per_second(events, Neighbour::quiet));
    beside.push_back(events_per_second(events, Neighbour::broken));
    if (round % 2 != 0) alone.push_back(events_per_second(events, Neighbour::quiet));
  }
  fmt::print("alone {} events/s, beside a broken one {} events/s\n", spread(alone, 0),
             spread(beside, 0));
  const double kept = median(beside) / median(alone);
  return print_claim("rate beside a pipeline whose sink always fails / alone",
                     fmt::format("≥ {:.2f}", kept_goal), fmt::format("{:.3f}", kept),
                     kept >= kept_goal);
}

}  // namespace
}  // namespace tidemill::bench

int main(int argc, char** argv) {
  using namespace tidemill::bench;
  std::uint64_t events = 1'000'000;
  for (int i = 1; i + 1 < argc; ++i)
    if (std::string_view(argv[i]) == "--events") events = std::stoul(argv[i + 1]);
  const int rounds = rounds_option(argc, argv, 7);
  print_machine(rounds);
  return measure(events, rounds) ? 0 : 1;
}
