// bench_passthrough [--rounds N] [--events N]: what the engine costs an event, beyond the writes.
//
// Claim: a million events of 200 bytes through a native function into a table stay under 150 MB.
// Says how many events per second a core takes, and how many nanoseconds of CPU each costs beyond
// the RocksDB writes of the same batches: same rows, one progress key a batch, same options,
// synced. The engine writes batches that wait together with one sync, the loop syncs each: so it
// also says what the engine adds outside the kernel, where syncs do not count.
//
// Both arms are processes of their own, which take turns: `tidemill run` from start to exit, and
// this program's loop of writes, less the time that it spends on making its rows up. In each round
// both leave the same rows.
#include <fmt/format.h>

#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

#include "bench/measure/child_process.h"
#include "bench/measure/table.h"
#include "bench/passthrough/bare_writes.h"
#include "tidemill/testing/temp_folder.h"

namespace tidemill::bench {
namespace {

constexpr double peak_mb_goal = 150;

struct Arm {
  std::vector<double> wall_s;
  std::vector<double> cpu_ns;  // Per event.
  std::vector<double> user_ns;
  std::vector<double> peak_mb;

  void add(const Finished& finished, const Preparation& left_out, std::uint64_t events) {
    wall_s.push_back(finished.wall_s - left_out.wall_s);
    const double ns = 1e9 / static_cast<double>(events);
    cpu_ns.push_back((finished.cpu_s - left_out.cpu_s) * ns);
    user_ns.push_back((finished.user_s - left_out.cpu_s) * ns);  // Making rows up needs no kernel.
    peak_mb.push_back(finished.peak_mib * 1.048576);
  }

  void print(const char* name) const {
    fmt::print("{:<12} {:>22} {:>22} {:>14.0f} {:>22} {:>8.0f}\n", name, spread(cpu_ns, 0),
               spread(user_ns, 0), 1e9 / median(cpu_ns), spread(wall_s, 2),
               std::ranges::max(peak_mb));
  }
};

Finished run_pipeline(const std::string& data, const Load& load) {
  const auto set = [](std::string_view option, std::uint64_t value) {
    return fmt::format("pipelines.events.{}={}", option, value);
  };
  auto finished = run_to_end(
      {BENCH_TIDEMILL, "run", BENCH_PIPELINE, "--data", data, "--set",
       set("source.generate.count", load.events), "--set", set("source.generate.size", load.bytes),
       "--set", set("source.generate.keys", load.keys), "--set", set("batch.events", load.batch),
       "--until-idle", "--summary", "json", "--log-level", "error"});
  require(finished.output.contains(fmt::format("\"committed\": {},", load.events)),
          "not every event was committed: " + finished.output);
  return finished;
}

Finished run_writes(const std::string& data, const Load& load, Preparation& preparation) {
  auto finished = run_to_end({this_program(), "--bare", data, std::to_string(load.events),
                              std::to_string(load.bytes), std::to_string(load.keys),
                              std::to_string(load.batch)});
  require(
      std::sscanf(finished.output.c_str(), "%lf %lf", &preparation.cpu_s, &preparation.wall_s) == 2,
      "the loop of writes said nothing");
  return finished;
}

bool measure(const std::string& name, const Load& load, int rounds) {
  Arm writes, pipeline;
  std::string rows;
  for (int round = 0; round < rounds; ++round) {
    const testing::TempFolder scratch;
    Preparation preparation;
    const auto loop = run_writes(scratch / "bare", load, preparation);
    writes.add(loop, preparation, load.events);
    pipeline.add(run_pipeline(scratch / "engine", load), {}, load.events);
    rows = run_to_end({this_program(), "--rows", scratch / "bare"}).output;
    require(run_to_end({this_program(), "--rows", scratch / "engine"}).output == rows,
            "the pipeline left other rows than the loop of writes");
  }

  fmt::print("\n{} events of {} bytes, {}, batches of {}: {}", load.events, load.bytes, name,
             load.batch, rows);
  fmt::print("{:<12} {:>22} {:>22} {:>14} {:>22} {:>8}\n", "arm", "CPU ns/event", "of it user",
             "events/s/core", "wall s", "peak MB");
  writes.print("bare writes");
  pipeline.print("pipeline");
  const double beyond = median(pipeline.cpu_ns) - median(writes.cpu_ns);
  const double user_beyond = median(pipeline.user_ns) - median(writes.user_ns);
  const std::string what = fmt::format("{}, batches of {}", name, load.batch);
  print_claim("passthrough into a table, " + what, "told",
              fmt::format("{:.0f} events/s per core; {:+.0f} ns per event to the bare writes, "
                          "{:+.0f} ns outside the kernel",
                          1e9 / median(pipeline.cpu_ns), beyond, user_beyond),
              true);
  const double peak = std::ranges::max(pipeline.peak_mb);
  return print_claim(fmt::format("peak memory of {} such events, {}", load.events, what),
                     "< 150 MB", fmt::format("{:.0f} MB", peak), peak < peak_mb_goal);
}

}  // namespace
}  // namespace tidemill::bench

int main(int argc, char** argv) {
  using namespace tidemill::bench;
  const std::vector<std::string> words(argv + 1, argv + argc);
  const auto number = [&](std::size_t i) { return std::stoul(words[i]); };
  if (words.size() == 6 && words[0] == "--bare") {
    const auto keys = static_cast<std::uint32_t>(number(4));
    const auto batch = static_cast<std::uint32_t>(number(5));
    const auto preparation = bare_writes(words[1], {number(2), number(3), keys, batch});
    fmt::print("{} {}\n", preparation.cpu_s, preparation.wall_s);
    return 0;
  }
  if (words.size() == 2 && words[0] == "--rows") {
    fmt::print("{}\n", rows_of(words[1]));
    return 0;
  }
  std::uint64_t events = 1'000'000;
  for (std::size_t i = 0; i + 1 < words.size(); ++i)
    if (words[i] == "--events") events = number(i + 1);
  const int rounds = rounds_option(argc, argv, 5);
  print_machine(rounds);
  bool holds = measure("1 000 keys", {events, 200, 1'000, 1'000}, rounds);
  holds = measure("a new row each", {events, 200, 4'000'000'000, 1'000}, rounds) && holds;
  holds = measure("1 000 keys", {events, 200, 1'000, 100}, rounds) && holds;
  return holds ? 0 : 1;
}
