// What an expression costs per event: programs of jq against libjq in a bare loop (a process of its
// own, because the engine stands in front of libjq's allocator), and plain paths against the same
// paths in jq. CPU time of the thread, arms alternating, median of the rounds. Both arms have to
// give the same.
//
//   bench_expression [--rounds N] [--events FILE]     FILE: other events than the 500-byte ones
#include <fmt/format.h>

#include <cstdio>
#include <fstream>
#include <random>
#include <string>
#include <string_view>
#include <vector>

#include "bench/expression/arm.h"
#include "bench/measure/child_process.h"
#include "bench/measure/table.h"
#include "core/expression/expression.h"
#include "tidemill/testing/temp_folder.h"

namespace tidemill::bench {
namespace {

using expression::EventView;
using expression::Expression;
using expression::Value;

constexpr std::size_t event_count = 20'000;
constexpr double ratio_goal = 0.9;

void write_events(const std::string& file) {
  std::mt19937_64 draws(1);
  std::ofstream stream(file);
  for (std::size_t i = 0; i < event_count; ++i)
    stream
        << fmt::format(
               R"({{"id":"{:016x}","type":"{}","time":"2026-11-24T03:00:{:02}Z","user":{{"id":"user-{:08}",)"
               R"("country":"CH","tags":["a","b"]}},"page":{{"url":"https://example.org/{:08x}",)"
               R"("section":"products","took_ms":{}}},"price":{}.25,"quantity":{},"referrer":null,)"
               R"("session":{{"agent":"{}","new":false}}}})",
               draws(), i % 2 == 0 ? "page.viewed" : "page.left", draws() % 60, draws() % 1000,
               draws() & 0xFFFFFFFF, draws() % 1000, draws() % 100, draws() % 10,
               std::string(190, '.'))
        << '\n';
}

struct Arm {
  double ns = 0;
  std::uint64_t digest = 0;
};

Arm bare(const std::string& program, const std::string& file) {
  const Finished child = run_to_end({TIDEMILL_BARE, program, file});
  Arm arm;
  unsigned long long digest = 0;
  require(std::sscanf(child.output.c_str(), "%lf %llu", &arm.ns, &digest) == 2,
          "the bare arm says nothing");
  arm.digest = digest;
  return arm;
}

Expression compiled(const std::string& text) {
  auto made = Expression::compile(text);
  require(made.has_value(), text + " does not compile");
  return *std::move(made);
}

double pass(const Expression& expression, const std::vector<std::string>& events, Digest* digest) {
  const Attribute headers[] = {{"trace", "0af7651916cd43dd8448eb211c80319c"}, {"x", "1"}};
  const EventView event{.id = "clicks/3@1234567",
                        .source = "clicks",
                        .type = "click",
                        .key = "user-00000042",
                        .time = EventTime(1'700'000'000'000'000),
                        .headers = headers};
  const double start = cpu_nanoseconds();
  for (const std::string& data : events) {
    const auto values = expression.evaluate(data, event);
    require(values.has_value(), "an event fails");
    if (digest != nullptr)
      for (const Value& value : *values) digest->add(value.text);
  }
  return (cpu_nanoseconds() - start) / static_cast<double>(events.size());
}

Arm ours(const Expression& expression, const std::vector<std::string>& events) {
  Digest digest;
  pass(expression, events, &digest);
  return {.ns = pass(expression, events, nullptr), .digest = digest.value()};
}

bool against_bare(const std::string& program, const std::string& file, int rounds) {
  const auto events = lines_of(file);
  const Expression expression = compiled(program);
  std::vector<double> ratios, bare_ns, ours_ns;
  for (int round = 0; round < rounds; ++round) {
    const Arm other = bare(program, file);
    const Arm own = ours(expression, events);
    require(own.digest == other.digest, "the arms differ: " + program);
    ratios.push_back(other.ns / own.ns);
    bare_ns.push_back(other.ns);
    ours_ns.push_back(own.ns);
  }
  return print_claim(fmt::format("events/s of `{}` / bare libjq", program),
                     fmt::format("≥ {:.2f}", ratio_goal),
                     fmt::format("{}; {:.0f} ns an event to {:.0f}", spread(ratios, 2),
                                 median(ours_ns), median(bare_ns)),
                     median(ratios) >= ratio_goal);
}

void compare(const std::string& claim, const std::string& one, const std::string& other,
             const std::vector<std::string>& events, int rounds) {
  const Expression first = compiled(one), second = compiled(other);
  std::vector<double> ratios, first_ns, second_ns;
  for (int round = 0; round < rounds; ++round) {
    first_ns.push_back(ours(first, events).ns);
    second_ns.push_back(ours(second, events).ns);
    ratios.push_back(second_ns.back() / first_ns.back());
  }
  print_claim(claim, "told",
              fmt::format("{} times; {:.0f} ns an event to {:.0f}", spread(ratios, 1),
                          median(first_ns), median(second_ns)),
              true);
}

std::string events_option(int argc, char** argv) {
  for (int i = 1; i + 1 < argc; ++i)
    if (std::string_view(argv[i]) == "--events") return argv[i + 1];
  return {};
}

int run(int rounds, std::string file) {
  const testing::TempFolder folder;
  const bool own_events = file.empty();
  if (own_events) {
    file = folder / "events.ndjson";
    write_events(file);
  }
  const auto events = lines_of(file);
  print_machine(rounds);
  bool holds = true;
  std::vector<std::string> programs = {"{id, type, all: length}", "select(.type == \"PushEvent\")",
                                       "with_entries(select(.value != null))"};
  if (own_events)
    programs = {"{id, user: .user.id, url: .page.url, total: (.price * .quantity)}",
                "select(.type == \"page.viewed\")", "with_entries(select(.value != null))"};
  for (const std::string& program : programs) holds = against_bare(program, file, rounds) && holds;
  compare("a path natively / in jq, `.user.id`", ".user.id", "(.user.id)", events, rounds);
  compare("the whole of the data natively / in jq, `.`", ".", "(.)", events, rounds);
  compare("`{id}` / with $event, `{id, at: $event.time}`", "{id}", "{id, at: $event.time}", events,
          rounds);
  return holds ? 0 : 1;
}

}  // namespace
}  // namespace tidemill::bench

int main(int argc, char** argv) {
  using namespace tidemill::bench;
  return run(rounds_option(argc, argv, 7), events_option(argc, argv));
}
