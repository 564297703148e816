// bench_aggregate [--rounds N] [--events N]: what an event costs on its way from a file into
// windows.
//
// Claim: a core takes 400 000 events of 500 bytes of JSON per second from a file, finds their key,
// time and number, and counts and adds them up per key and window of ten seconds, durably.
//
// The arms are `tidemill run` as a process, from start to exit, and a loop that reads the same
// file, finds the same fields with simdjson and folds them into a map. In each round both come to
// the same rows and totals.
#include <fmt/format.h>

#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

#include "bench/aggregate/bare_loop.h"
#include "bench/aggregate/clicks.h"
#include "bench/measure/child_process.h"
#include "bench/measure/table.h"
#include "tidemill/testing/temp_folder.h"

namespace tidemill::bench {
namespace {

constexpr double goal_per_second = 400'000;

bool measure(const Clicks& clicks, int rounds) {
  const testing::TempFolder folder;
  const std::string path = folder / "clicks.ndjson";
  // In a process of its own: this one must stay small.
  run_to_end({this_program(), "--write", path, std::to_string(clicks.events),
              std::to_string(clicks.pages)});
  const double ns = 1e9 / static_cast<double>(clicks.events);
  std::vector<double> engine_ns, bare_ns, peak_mb;
  for (int round = 0; round < rounds; ++round) {
    const testing::TempFolder data;
    const auto ran = run_to_end({BENCH_TIDEMILL, "run", BENCH_PIPELINE, "--data", data.path(),
                                 "--set", "pipelines.clicks.source.file.path=" + path,
                                 "--until-idle", "--summary", "json", "--log-level", "error"});
    engine_ns.push_back(ran.cpu_s * ns);
    peak_mb.push_back(ran.peak_mib * 1.048576);
    const double cpu = process_cpu_seconds();
    const Totals expected = count_clicks(path);
    bare_ns.push_back((process_cpu_seconds() - cpu) * ns);
    require(totals_of(data.path()) == expected, "the engine counted something else than the loop");
  }
  const double per_second = 1e9 / median(engine_ns);
  print_claim(fmt::format("peak memory of {} events from a file into windows", clicks.events),
              "told", fmt::format("{:.0f} MB", std::ranges::max(peak_mb)), true);
  return print_claim(
      fmt::format("file → aggregate, JSON of 500 bytes, {} keys, windows of 10 s", clicks.pages),
      fmt::format("≥ {:.0f} events/s per core", goal_per_second),
      fmt::format("{:.0f} events/s per core; {} ns per event, the bare loop {} ns", per_second,
                  spread(engine_ns, 0), spread(bare_ns, 0)),
      per_second >= goal_per_second);
}

}  // namespace
}  // namespace tidemill::bench

int main(int argc, char** argv) {
  using namespace tidemill::bench;
  const std::vector<std::string> words(argv + 1, argv + argc);
  const auto number = [&](std::size_t i) { return std::stoul(words[i]); };
  if (words.size() == 4 && words[0] == "--write") {
    write_clicks(words[1], {number(2), static_cast<std::uint32_t>(number(3))});
    return 0;
  }
  Clicks clicks;
  for (std::size_t i = 0; i + 1 < words.size(); ++i)
    if (words[i] == "--events") clicks.events = number(i + 1);
  const int rounds = rounds_option(argc, argv, 3);
  print_machine(rounds);
  bool holds = measure(clicks, rounds);
  clicks.pages = 20;
  holds = measure(clicks, rounds) && holds;
  return holds ? 0 : 1;
}
