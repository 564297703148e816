// bench_steps [--rounds N] [--events N]: what a filter costs in a pipeline.
//
// Claims: taking events through a step that filters costs at most 1.15 times the CPU of matching
// them with its pattern in a loop; and a pipeline from a file of 500-byte JSON through a filter
// that one event in ten passes into a table takes 400 000 events/s per core.
//
// The first is one thread over events in memory, in pieces of 1000, which both arms take in turn.
// The second is `tidemill run` as a process, from start to exit; what it filtered and committed is
// compared with what was written. What a map of jq costs beside is told.
#include <fmt/format.h>

#include <atomic>
#include <fstream>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "bench/measure/child_process.h"
#include "bench/measure/table.h"
#include "core/dispatch/steps.h"
#include "core/pattern/compile.h"
#include "tidemill/testing/temp_folder.h"

namespace tidemill::bench {
namespace {

constexpr double ratio_goal = 1.15;
constexpr double events_per_core_goal = 400'000;
constexpr std::size_t piece = 1000;
constexpr std::size_t event_bytes = 500;
constexpr std::uint64_t one_in = 10;
constexpr std::string_view pattern_text =
    R"({"data":{"kind":["page"],"ms":[{"numeric":[">=",0]}]}})";

std::string line(std::uint64_t n) {
  std::string text = fmt::format(R"({{"id":"e{}","kind":"{}","ms":{},"user":{{"id":{}}},"text":")",
                                 n, n % one_in == 0 ? "page" : "click", n % 977, n * 7919 % 1000);
  constexpr std::string_view letters = "the quick brown fox jumps over the lazy dog ";
  while (text.size() < event_bytes - 2) text += letters[text.size() % letters.size()];
  return text.append("\"}");
}

std::vector<Event> events_in_memory() {
  std::vector<Event> events(piece);
  for (std::size_t i = 0; i < piece; ++i) {
    events[i].source = "bench";
    events[i].content_type = "application/json";
    events[i].offset = Offset(i);
    events[i].data = Bytes::adopt(line(i));
  }
  return events;
}

pattern::PatternSet pages() {
  const auto compiled = pattern::compile(pattern_text);
  require(compiled.has_value(), "the pattern is wrong");
  return pattern::PatternSet(std::span(&*compiled, 1));
}

template <class Turn>
double ns_of(int turns, Turn&& turn) {
  const double start = thread_cpu_seconds();
  for (int i = 0; i < turns; ++i) turn();
  return (thread_cpu_seconds() - start) * 1e9 / (static_cast<double>(piece) * turns);
}

bool measure_steps(int rounds) {
  constexpr int turns = 200;
  std::vector<Event> events = events_in_memory();
  const pattern::PatternSet bare = pages();
  pattern::PatternSet::Scratch scratch;
  Steps filter({pages()});
  Steps shaping({pages(), expression::Expression::compile("{id, ms}").value()});
  const std::atomic<bool> stop = false;
  std::vector<Steps::Passage> passages;
  std::vector<double> bare_ns, ratios, map_ns;
  const auto run = [&](Steps& steps) {
    passages.clear();
    require(steps.run(events, std::uint64_t{1} << 30, stop, passages).has_value(), "a step failed");
    std::uint64_t passed = 0;
    for (const auto& passage : passages) passed += passage.end == Steps::Passage::End::passed;
    require(passed == piece / one_in, "a filter lets the wrong events pass");
  };
  for (int round = 0; round < rounds; ++round) {
    bare_ns.push_back(ns_of(turns, [&] {
      std::uint64_t passed = 0;
      for (const Event& event : events) {
        const auto matches = bare.match(event, scratch);
        require(matches.has_value(), "an event is wrong");
        passed += matches->size();
      }
      require(passed == piece / one_in, "the pattern matches the wrong events");
    }));
    ratios.push_back(ns_of(turns, [&] { run(filter); }) / bare_ns.back());
    map_ns.push_back(ns_of(turns / 20, [&] {
      run(shaping);
      events = events_in_memory();
    }));
  }
  const bool holds = median(ratios) <= ratio_goal;
  print_claim("a filter as a step / matching its pattern, JSON of 500 bytes",
              fmt::format("≤ {} times", ratio_goal),
              fmt::format("{} times {} ns", spread(ratios, 2), spread(bare_ns, 0)), holds);
  print_claim("a filter that one in ten passes, and a map of jq for those, and making the events",
              "told", spread(map_ns, 0) + " ns per event", true);
  return holds;
}

bool measure_pipeline(std::uint64_t count, int rounds) {
  const testing::TempFolder folder;
  const std::string path = folder / "pages.ndjson";
  std::ofstream file(path, std::ios::binary);
  for (std::uint64_t n = 0; n < count; ++n) file << line(n) << '\n';
  file.close();
  require(static_cast<bool>(file), "cannot write " + path);
  std::vector<double> rates, peaks;
  for (int round = 0; round < rounds; ++round) {
    const testing::TempFolder data;
    const Finished finished =
        run_to_end({BENCH_TIDEMILL, "run", BENCH_PIPELINE, "--data", data / "data", "--set",
                    "pipelines.pages.source.file.path=" + path, "--until-idle", "--summary", "json",
                    "--log-level", "error"});
    const std::uint64_t pages = (count + one_in - 1) / one_in;
    for (const auto& [end, number] :
         {std::pair{"committed", pages}, std::pair{"filtered", count - pages}})
      require(finished.output.contains(fmt::format("\"{}\": {},", end, number)),
              "the pipeline counted otherwise: " + finished.output);
    rates.push_back(static_cast<double>(count) / finished.cpu_s / 1000);
    peaks.push_back(finished.peak_mib);
  }
  const bool holds = median(rates) * 1000 >= events_per_core_goal;
  return print_claim(
      "file → filter → table, JSON of 500 bytes, one event in ten passes",
      fmt::format("≥ {:.0f} 000 events/s per core", events_per_core_goal / 1000),
      fmt::format("{} 000 events/s per core, peak {} MiB", spread(rates, 0), spread(peaks, 0)),
      holds);
}

}  // namespace
}  // namespace tidemill::bench

int main(int argc, char** argv) {
  std::uint64_t events = 1'000'000;
  for (int i = 1; i + 1 < argc; ++i)
    if (std::string_view(argv[i]) == "--events") events = std::stoul(argv[i + 1]);
  const int rounds = tidemill::bench::rounds_option(argc, argv, 5);
  tidemill::bench::print_machine(rounds);
  const bool steps = tidemill::bench::measure_steps(rounds);
  return tidemill::bench::measure_pipeline(events, rounds) && steps ? 0 : 1;
}
