// bench_pattern [--rounds N]: what matching patterns costs, by their number.
//
// Claims: with 300 patterns, one core matches 40 000 events a second; 300 patterns cost at most
// five times what one costs, and 3000 at most three times what 300 cost; and all at once they cost
// a twentieth of what they cost one after the other, with the event parsed once for all of them.
//
// The events are 800 of GitHub's, 3.7 kB each, as text; the patterns are those of event-ruler's
// counts over them, and 3000 are ten times those with other operands in nine of ten. What counts is
// CPU time of one thread. The counts of every arm are compared with each other and, for the 300,
// with event-ruler's.
#include <fmt/format.h>
#include <simdjson.h>

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/parse.hpp>
#include <boost/json/string.hpp>
#include <cstdint>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include "bench/measure/child_process.h"
#include "bench/measure/table.h"
#include "core/pattern/compile.h"
#include "core/pattern/pattern_set.h"
#include "core/pattern/testing/naive.h"

namespace tidemill::bench {
namespace {

namespace json = boost::json;
using pattern::Pattern;
using pattern::PatternSet;

constexpr double ns_goal = 25'000;  // 40 000 events a second
constexpr double growth_goal = 8;
constexpr double growth_beyond_goal = 4;
constexpr double together_goal = 8;
constexpr int passes = 4;  // over all events, a round

using Counts = std::vector<std::uint64_t>;

std::string read(const std::string& name) {
  std::ifstream file(BENCH_EVENTS "/" + name, std::ios::binary);
  require(file.is_open(), "cannot read " + name);
  return std::string(std::istreambuf_iterator<char>(file), {});
}

std::vector<std::string> read_events() {
  std::ifstream file(BENCH_EVENTS "/github_events.ndjson");
  std::vector<std::string> events;
  for (std::string line; std::getline(file, line);) events.push_back(line);
  require(!events.empty(), "no events");
  return events;
}

// The same pattern with other operands: every string and number in an array gets `salt`.
json::value salted(const json::value& value, std::string_view salt, bool operand) {
  if (value.is_object()) {
    json::object out;
    for (const auto& [name, below] : value.get_object())
      out[name] = salted(below, salt, operand && name != "numeric");
    return out;
  }
  if (value.is_array()) {
    const bool numeric = !operand && !value.get_array().empty() && value.get_array()[0].is_string();
    json::array out;
    for (const json::value& item : value.get_array()) out.push_back(salted(item, salt, !numeric));
    return out;
  }
  if (operand && value.is_string())
    return json::string(std::string(value.get_string()) + std::string(salt));
  return value;
}

Pattern must_compile(const json::value& value) {
  auto compiled = pattern::compile(value);
  require(compiled.has_value(), "a pattern is wrong");
  return std::move(*compiled);
}

struct Bulk {
  std::vector<Pattern> patterns;  // three hundred, then their variations
  Counts expected;                // of the three hundred
};

Bulk read_patterns() {
  Bulk bulk;
  const json::value file = json::parse(read("bulk_github_events.json"));
  const json::array& all = file.at("patterns").as_array();
  for (const json::value& one : all) {
    bulk.patterns.push_back(must_compile(one.at("pattern")));
    bulk.expected.push_back(one.at("expected_matches").to_number<std::uint64_t>());
  }
  for (int variation = 1; variation < 10; ++variation)
    for (const json::value& one : all)
      bulk.patterns.push_back(
          must_compile(salted(one.at("pattern"), fmt::format("~{}", variation), true)));
  return bulk;
}

// One way to match all events; what it counted, and its CPU time per event.
template <class Match>
double time_of(const std::vector<std::string>& events, Counts& counts, int times, Match&& match) {
  counts.assign(counts.size(), 0);
  const double start = thread_cpu_seconds();
  for (int pass = 0; pass < times; ++pass)
    for (const std::string& event : events) match(event);
  return (thread_cpu_seconds() - start) * 1e9 / (static_cast<double>(events.size()) * times);
}

struct Arm {
  explicit Arm(std::span<const Pattern> patterns) : set(patterns), counts(patterns.size()) {}

  void take_turn(const std::vector<std::string>& events) {
    ns.push_back(time_of(events, counts, passes, [&](const std::string& event) {
      const auto matches = set.match(event, scratch);
      require(matches.has_value(), "an event is wrong");
      for (const std::uint32_t index : *matches) ++counts[index];
    }));
    for (std::uint64_t& count : counts) count /= passes;
  }

  PatternSet set;
  PatternSet::Scratch scratch;
  Counts counts;
  std::vector<double> ns;
};

// Each pattern a set of its own.
struct OneByOne {
  explicit OneByOne(std::span<const Pattern> patterns)
      : scratches(patterns.size()), counts(patterns.size()) {
    for (const Pattern& one : patterns) sets.emplace_back(std::span(&one, 1));
  }

  void take_turn(const std::vector<std::string>& events) {
    ns.push_back(time_of(events, counts, 1, [&](const std::string& event) {
      const auto root = parser.parse(event);
      for (std::size_t i = 0; i < sets.size(); ++i)
        counts[i] += sets[i].match(root.value_unsafe(), scratches[i]).size();
    }));
  }

  simdjson::dom::parser parser;
  std::vector<PatternSet> sets;
  std::vector<PatternSet::Scratch> scratches;
  Counts counts;
  std::vector<double> ns;
};

// Each pattern read plainly, over the list of an event's values.
struct Plainly {
  explicit Plainly(std::span<const Pattern> all) : patterns(all), counts(all.size()) {}

  void take_turn(const std::vector<std::string>& events) {
    ns.push_back(time_of(events, counts, 1, [&](const std::string& text) {
      const pattern::testing::NaiveEvent event(parser.parse(text).value_unsafe());
      for (std::size_t i = 0; i < patterns.size(); ++i)
        counts[i] += pattern::testing::Naive(patterns[i], event).matches(1'000'000).value_or(false);
    }));
  }

  simdjson::dom::parser parser;
  std::span<const Pattern> patterns;
  Counts counts;
  std::vector<double> ns;
};

std::vector<double> ratios(const std::vector<double>& a, const std::vector<double>& b) {
  std::vector<double> out;
  for (std::size_t i = 0; i < a.size(); ++i) out.push_back(a[i] / b[i]);
  return out;
}

bool claim_cost(const Arm& arm, double goal) {
  const double middle = median(arm.ns);
  return print_claim(
      fmt::format("GitHub events of 3.7 kB against {} pattern{}, CPU per event", arm.counts.size(),
                  arm.counts.size() == 1 ? "" : "s"),
      goal > 0 ? fmt::format("≤ {:.0f} ns", goal) : "told",
      fmt::format("{} ns, that is {:.0f} events/s per core", spread(arm.ns, 0), 1e9 / middle),
      goal == 0 || middle <= goal);
}

bool claim_ratio(const std::string& what, const std::vector<double>& measured, double goal,
                 bool at_most) {
  const double middle = median(measured);
  return print_claim(
      what, goal == 0 ? "told" : fmt::format("{} {} times", at_most ? "≤" : "≥", goal),
      spread(measured, 2) + " times", goal == 0 || (at_most ? middle <= goal : middle >= goal));
}

bool measure(int rounds) {
  const std::vector<std::string> events = read_events();
  const Bulk bulk = read_patterns();
  const std::span<const Pattern> all = bulk.patterns;
  const std::size_t base = bulk.expected.size();
  Arm one(all.first(1));
  Arm thirty(all.first(30));
  Arm hundreds(all.first(base));
  Arm thousands(all);
  OneByOne alone(all.first(base));
  Plainly plain(all.first(base));
  for (int round = 0; round < rounds; ++round) {
    for (Arm* arm : {&one, &thirty, &hundreds, &thousands}) arm->take_turn(events);
    alone.take_turn(events);
    plain.take_turn(events);
  }
  require(hundreds.counts == bulk.expected, "not the counts of event-ruler");
  require(alone.counts == bulk.expected, "one by one, the patterns count otherwise");
  require(plain.counts == bulk.expected, "read plainly, the patterns count otherwise");
  require(std::ranges::equal(std::span(thousands.counts).first(base), bulk.expected),
          "beside others, the patterns count otherwise");

  bool holds = claim_cost(one, 0);
  holds = claim_cost(thirty, 0) && holds;
  holds = claim_cost(hundreds, ns_goal) && holds;
  holds = claim_cost(thousands, 0) && holds;
  holds = claim_ratio("300 patterns / 1, CPU per event", ratios(hundreds.ns, one.ns), growth_goal,
                      true) &&
          holds;
  holds = claim_ratio("3000 patterns / 300, CPU per event", ratios(thousands.ns, hundreds.ns),
                      growth_beyond_goal, true) &&
          holds;
  holds = claim_ratio("300 patterns one by one / at once, CPU per event",
                      ratios(alone.ns, hundreds.ns), together_goal, false) &&
          holds;
  return claim_ratio("300 patterns read plainly one by one / at once, CPU per event",
                     ratios(plain.ns, hundreds.ns), 0, false) &&
         holds;
}

}  // namespace
}  // namespace tidemill::bench

int main(int argc, char** argv) {
  const int rounds = tidemill::bench::rounds_option(argc, argv, 7);
  tidemill::bench::print_machine(rounds);
  return tidemill::bench::measure(rounds) ? 0 : 1;
}
