// bench_flat [--events N] [--stopped SECONDS]: what a long run, and a sink that stands still, do to
// the memory of an engine.
//
// Claims: over 10 million small events through a function that does nothing, the resident memory is
// the same during the last million as during the second; and while nobody reads what a pipeline of
// 64 partitions writes, for 60 seconds, the resident memory stays below the budget of 64 MiB and
// what an engine needs beside it. The events under way use nearly all of that budget by then: a
// bound that nothing presses against would show nothing.
//
// Memory is what the kernel says every 100 ms that the process holds; its admin socket says how far
// it is. The sink that stands still is standard output, into a pipe that is full.
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
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

constexpr auto sample_every = std::chrono::milliseconds(100);
constexpr std::uint64_t million = 1'000'000;
constexpr double growth_goal = 1.05;
constexpr double budget_mib = 64;
constexpr double pressed = 0.8;  // This part of it has to be in use.
// What an event of stopped.yaml counts for: its data, and what the engine holds beside that.
constexpr std::uint64_t event_bytes = 100 + 400;
constexpr double beside_mib =
    32;  // An engine's binary, libraries, threads and store, without events.

// The medians of what was held during the second million of the events, and during the last.
bool measure_flowing(std::uint64_t events) {
  require(events >= 3 * million, "a growth shows from three million events on");
  const testing::TempFolder scratch;
  const Descriptor output(::open("/dev/null", O_WRONLY | O_CLOEXEC));
  const LiveEngine engine({BENCH_TIDEMILL, "run", BENCH_FOLDER "/flowing.yaml", "--set",
                           "functions.noop.native=" BENCH_NOOP, "--set",
                           fmt::format("pipelines.flowing.source.generate.count={}", events),
                           "--until-idle", "--log-level", "error"},
                          scratch / "data", output.get());
  std::vector<double> second, last;
  const double started = wall_seconds();
  double million_at = 0;
  double last_at = 0;
  std::uint64_t seen_events = 0;
  while (!engine.ended_within(sample_every)) {
    const auto seen = engine.pipeline("flowing");
    if (!seen) continue;
    seen_events = seen->events;
    last_at = wall_seconds();
    if (million_at == 0 && seen_events >= million) million_at = last_at;
    if (seen_events / million == 1) second.push_back(engine.rss_mib());
    if (seen_events + million >= events) last.push_back(engine.rss_mib());
  }
  require(!second.empty() && !last.empty(), "a million events took less than a sample");
  fmt::print(
      "{} of {} events seen in {:.1f} s; resident during the second million {} MiB, during "
      "the last {} MiB\n",
      seen_events, events, last_at - started, spread(second), spread(last));
  const double growth = median(last) / median(second);
  return print_claim(
      fmt::format("resident memory during the last of {} million events / the second",
                  events / million),
      fmt::format("≤ {:.2f}", growth_goal),
      fmt::format("{:.3f} ({:.1f} MiB)", growth, median(last)), growth <= growth_goal);
}

// A pipe that takes nothing more: whoever writes to it stands still. Its own end keeps it open.
Descriptor full_pipe(const std::string& path) {
  require(::mkfifo(path.c_str(), 0600) == 0, "cannot make a pipe");
  Descriptor pipe(::open(path.c_str(), O_RDWR | O_CLOEXEC));
  const Descriptor filling(::open(path.c_str(), O_RDWR | O_CLOEXEC | O_NONBLOCK));
  require(pipe && filling, "cannot open a pipe");
  const std::string page(4096, ' ');
  while (::write(filling.get(), page.data(), page.size()) > 0) {
  }
  return pipe;
}

bool measure_stopped(double stopped_s) {
  const testing::TempFolder scratch;
  const Descriptor output = full_pipe(scratch / "pipe");
  const LiveEngine engine(
      {BENCH_TIDEMILL, "run", BENCH_FOLDER "/stopped.yaml", "--memory",
       fmt::format("{:.0f}MiB", budget_mib), "--admin-listen", "off", "--log-level", "error"},
      scratch / "data", output.get());
  std::vector<double> resident;
  const double until = wall_seconds() + stopped_s;
  std::uint64_t in_flight = 0;
  while (wall_seconds() < until) {
    require(!engine.ended_within(sample_every), "the engine ended under a sink that stands still");
    resident.push_back(engine.rss_mib());
    const auto seen = engine.pipeline("stopped");
    if (!seen) continue;
    require(seen->events == 0, "the sink did not stand still");
    in_flight = seen->in_flight;
  }
  const double used_mib = static_cast<double>(in_flight * event_bytes) / (1 << 20);
  require(used_mib >= pressed * budget_mib,
          fmt::format("only {:.1f} MiB of events are in flight: the budget does not bound them",
                      used_mib));
  const double most = std::ranges::max(resident);
  const double bound = budget_mib + beside_mib;
  fmt::print("{} events that count {:.1f} MiB in flight, resident {} MiB\n", in_flight, used_mib,
             spread(resident));
  return print_claim(
      fmt::format("resident memory with a budget of {:.0f} MiB, 64 partitions, a sink that stands "
                  "still for {:.0f} s",
                  budget_mib, stopped_s),
      fmt::format("≤ {:.0f} MiB", bound), fmt::format("{:.1f} MiB", most), most <= bound);
}

}  // namespace
}  // namespace tidemill::bench

int main(int argc, char** argv) {
  using namespace tidemill::bench;
  std::uint64_t events = 10 * million;
  double stopped_s = 60;
  for (int i = 1; i + 1 < argc; ++i) {
    if (std::string_view(argv[i]) == "--events") events = std::stoul(argv[i + 1]);
    if (std::string_view(argv[i]) == "--stopped") stopped_s = std::stod(argv[i + 1]);
  }
  print_machine(1);
  const bool flat = measure_flowing(events);
  const bool bounded = measure_stopped(stopped_s);
  return flat && bounded ? 0 : 1;
}
