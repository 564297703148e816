#include "core/rehearsal/recording.h"

#include <gtest/gtest.h>

#include <boost/json.hpp>
#include <random>

#include "core/config/node.h"
#include "core/rehearsal/payload.h"
#include "core/rehearsal/yaml_text.h"

namespace tidemill::rehearsal {
namespace {

std::string recorded_in(std::string_view text, std::size_t index,
                        const std::vector<Correction>& corrections) {
  config::Problems problems;
  const auto fresh = recorded(text, "t.test.yaml", index, corrections, problems);
  return fresh ? *fresh : "refused: " + config::to_string(problems.errors().front());
}

constexpr std::string_view file = R"(# Above.
cases:
  - name: one          # The first.
    events: []
    expect:
      sinks:
        # What goes out.
        out:             # In order.
          - { n: 1 }     # Wrong.

      # And what does not.
      dead_letters: []
  - name: two
    events: []
)";

TEST(Recording, ReplacesOnePartAndLeavesTheRestAsItIs) {
  const Correction correction{{"sinks", "out"}, boost::json::parse(R"([{"n":2},{"n":3}])")};
  EXPECT_EQ(recorded_in(file, 0, {correction}), R"(# Above.
cases:
  - name: one          # The first.
    events: []
    expect:
      sinks:
        # What goes out.
        out: # In order.
          - { n: 2 }
          - { n: 3 }

      # And what does not.
      dead_letters: []
  - name: two
    events: []
)");
}

TEST(Recording, ReplacesSeveralParts) {
  const std::vector<Correction> corrections{
      {{"sinks", "out"}, boost::json::array{}},
      {{"dead_letters"}, boost::json::parse(R"([{"event":"a"}])")}};
  const auto fresh = recorded_in(file, 0, corrections);
  EXPECT_NE(fresh.find("        out: []\n\n      # And what does not.\n      dead_letters:\n"
                       "        - { event: a }\n  - name: two\n"),
            fresh.npos)
      << fresh;
}

TEST(Recording, AddsAnExpectationWhereThereIsNone) {
  const std::vector<Correction> corrections{{{"summary"}, boost::json::parse(R"({"events":1})")},
                                            {{"sinks", "out"}, boost::json::array{}}};
  EXPECT_EQ(
      recorded_in(file, 1, corrections),
      std::string(file) + "    expect:\n      summary: { events: 1 }\n      sinks: { out: [] }\n");
}

TEST(Recording, ReplacesAPartThatIsWrittenInOneLineTogetherWithItsNeighbours) {
  constexpr std::string_view flow =
      "cases:\n  - name: one\n    expect:\n      sinks: { a: [ 1 ], b: 2 }   # Both.\n";
  EXPECT_EQ(recorded_in(flow, 0, {{{"sinks", "a"}, boost::json::parse("[5]")}}),
            "cases:\n  - name: one\n    expect:\n      sinks:\n        a: [5]\n"
            "        b: 2\n");
}

TEST(Recording, RefusesWhatItCannotReplaceWithoutTouchingMore) {
  const Correction correction{{"summary"}, boost::json::parse(R"({"events":1})")};
  const std::string refusal =
      "refused: t.test.yaml:1:10: error: what happened cannot be recorded here without touching "
      "more; write the case and its `expect:` in block style, without aliases";
  EXPECT_EQ(recorded_in("cases: [ { name: one, expect: { summary: {} } } ]\n", 0, {correction}),
            refusal);
  const std::string shared =
      "cases:\n  - name: one\n    expect: &e\n      summary: { events: 0 }\n"
      "  - name: two\n    expect: *e\n";
  EXPECT_TRUE(recorded_in(shared, 0, {correction}).starts_with("refused: "));
  EXPECT_TRUE(recorded_in(shared, 1, {correction}).starts_with("refused: "));
}

// Whatever is recorded reads as what it was.
TEST(YamlText, ReadsAsWhatWasWritten) {
  std::mt19937 dice(3);
  const std::vector<std::string> texts{
      "",     "a",      "7",    "true",  "No",     "two words",  " x",   "x ",  "- a",    "a: b",
      "a:b",  "#c",     "a#b",  "a #b",  "\"q\"",  "it's",       "{a}",  "[1]", "*alias", "&anchor",
      "!tag", "%d",     "@at",  "`tick", "1e3",    "0x1F",       "null", "~",   "-",      "?",
      "a\nb", "tab\tx", "é",    "…",     "a, b",   "2026-01-01", "1:2",  ".5",  "5.",     "=",
      "<<",   "$like",  "a\\b", "/p/q",  "x\x01y", "true ",      "+1",   "-1"};
  const auto text = [&] { return boost::json::string(texts[dice() % texts.size()]); };
  const auto value = [&](auto& self, int depth) -> boost::json::value {
    switch (dice() % (depth > 3 ? 4 : 6)) {
      case 0:
        return static_cast<std::int64_t>(dice()) - 1'000'000'000;
      case 1:
        return dice() % 2 == 0;
      case 2:
        return nullptr;
      case 3:
        return text();
      case 4: {
        boost::json::array array;
        for (std::size_t i = dice() % 5; i > 0; --i) array.push_back(self(self, depth + 1));
        return array;
      }
      default: {
        boost::json::object object;
        for (std::size_t i = dice() % 5; i > 0; --i)
          object["k" + std::string(text())] = self(self, depth + 1);
        return object;
      }
    }
  };
  for (int round = 0; round < 1000; ++round) {
    const boost::json::value wanted = value(value, 0);
    std::string yaml;
    for (const auto& line : yaml_lines("root", wanted)) yaml += line + "\n";
    config::Problems problems;
    const auto parsed = config::parse_yaml(yaml, "t.yaml", problems);
    ASSERT_TRUE(parsed && problems.empty())
        << yaml << (problems.empty() ? "" : config::to_string(problems.errors().front()));
    ASSERT_EQ(json_of(*parsed->find("root")), wanted) << yaml;
  }
}

}  // namespace
}  // namespace tidemill::rehearsal
