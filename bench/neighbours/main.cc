// bench_neighbours [--rounds N] [--events N]: what a pipeline loses to those whose sinks always
// fail, and to those whose sinks never answer.
//
// Claim: it keeps at least 0.95 of the rate that it has alone, in both cases.
//
// Both arms are engines of their own, which take turns, and do the same beside other pipelines. In
// one arm those have an event to write every thousand seconds, and can write it; in the other they
// always have more, and their sink is a standard output that
//
//   - is always full: one neighbour tries again and again, beside a million events of 200 bytes
//     through a native function into a table;
//   - is a pipe that nobody reads: sixteen neighbours, more than there are threads for calls that
//     block, hang in it, beside 500 000 such events that become lines of a file.
//
// The claim is about what users see, so the rate is by the clock on the wall, from the start of the
// process to the moment at which its admin socket says that all events are settled.
#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <string>
#include <string_view>
#include <vector>

#include "bench/measure/child_process.h"
#include "bench/measure/live_engine.h"
#include "bench/measure/table.h"
#include "tidemill/posix.h"
#include "tidemill/testing/temp_folder.h"

namespace tidemill::bench {
namespace {

constexpr double kept_goal = 0.95;
constexpr double stuck_after_s = 300;
constexpr auto look_every = std::chrono::milliseconds(10);

enum class Neighbours { quiet, failing, hanging };

struct Case {
  std::string claim;
  std::string steady;  ///< The file with the pipeline that is measured.
  Neighbours kind;
  int neighbours;
  std::uint64_t events;
};

std::string name_of(int neighbour) { return fmt::format("neighbour{}", neighbour); }

// Where their standard output takes nothing they do not give up, and their pauses are so short that
// they are a nuisance.
std::string neighbours_file(int count, bool quiet) {
  std::string text = "pipelines:\n";
  for (int i = 0; i < count; ++i)
    text += fmt::format(
        "  {}:\n"
        "    source: {{ generate: {{ size: 200, keys: 1000, rate: {} }} }}\n"
        "    batch: {{ events: 100 }}\n"
        "    sinks:\n"
        "      out{}:\n"
        "        from: event\n"
        "        stdout: {{}}\n"
        "        retry: {{ attempts: 10001, backoff: {{ initial: 10ms, max: 100ms }} }}\n",
        name_of(i), quiet ? "0.001/s" : "0/s", i);
  return text;
}

// What the neighbours write to. A pipe's other end is kept, and not read.
struct Output {
  explicit Output(Neighbours kind) {
    if (kind == Neighbours::hanging) {
      std::array<int, 2> ends{};
      require(::pipe2(ends.data(), O_CLOEXEC) == 0, "cannot make a pipe");
      unread = Descriptor(ends[0]);
      written = Descriptor(ends[1]);
    } else {
      const char* path = kind == Neighbours::failing ? "/dev/full" : "/dev/null";
      written = Descriptor(::open(path, O_WRONLY | O_CLOEXEC));
    }
    require(static_cast<bool>(written), "cannot open what the neighbours write to");
  }
  bool full() const {
    pollfd room{written.get(), POLLOUT, 0};
    return ::poll(&room, 1, 0) == 0;
  }
  Descriptor unread;
  Descriptor written;
};

bool as_meant(const Seen& neighbour, Neighbours kind) {
  if (kind == Neighbours::quiet) return neighbour.events == 1 && neighbour.in_flight == 0;
  // A pipe takes the first few.
  const std::uint64_t settled_max = kind == Neighbours::failing ? 0 : 1000;
  return neighbour.events <= settled_max && neighbour.in_flight > 0;
}

double events_per_second(const Case& of, Neighbours kind) {
  const testing::TempFolder scratch;
  scratch.write("neighbours.yaml", neighbours_file(of.neighbours, kind == Neighbours::quiet));
  const Output output(kind);
  const std::string count = fmt::format("pipelines.steady.source.generate.count={}", of.events);

  const double started = wall_seconds();
  const LiveEngine engine(
      {BENCH_TIDEMILL, "run", BENCH_FOLDER "/" + of.steady, scratch / "neighbours.yaml", "--set",
       count, "--admin-listen", "off", "--log-level", "error"},
      scratch / "data", output.written.get());
  for (;;) {
    const auto steady = engine.pipeline("steady");
    if (steady && steady->events >= of.events) break;
    require(!engine.ended_within(look_every), "the engine ended before the pipeline had");
    require(wall_seconds() - started < stuck_after_s, "the pipeline does not come to its end");
  }
  const double took = wall_seconds() - started;
  for (int i = 0; i < of.neighbours; ++i) {
    const auto neighbour = engine.pipeline(name_of(i));
    require(neighbour && neighbour->state == "running", "a neighbour was not at work");
    require(as_meant(*neighbour, kind), "a neighbour was not as it was meant to be");
  }
  require(kind != Neighbours::hanging || output.full(), "the pipe had room");
  return static_cast<double>(of.events) / took;
}

bool measure(const Case& of, int rounds) {
  std::vector<double> alone, beside;
  for (int round = 0; round < rounds; ++round) {
    // Each arm goes first in turn, so that a machine that grows busier favours neither.
    if (round % 2 == 0) alone.push_back(events_per_second(of, Neighbours::quiet));
    beside.push_back(events_per_second(of, of.kind));
    if (round % 2 != 0) alone.push_back(events_per_second(of, Neighbours::quiet));
  }
  fmt::print("alone {} events/s, beside {} events/s\n", spread(alone, 0), spread(beside, 0));
  const double kept = median(beside) / median(alone);
  return print_claim(of.claim, fmt::format("≥ {:.2f}", kept_goal), fmt::format("{:.3f}", kept),
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
  const Case failing{"rate beside a pipeline whose sink always fails / alone", "steady.yaml",
                     Neighbours::failing, 1, events};
  const Case hanging{"rate into a file beside 16 pipelines whose sinks hang / alone",
                     "written.yaml", Neighbours::hanging, 16,
                     std::max<std::uint64_t>(1, events / 2)};
  const bool first = measure(failing, rounds);
  const bool second = measure(hanging, rounds);
  return first && second ? 0 : 1;
}
