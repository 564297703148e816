// What EventBridge itself answered, and what event-ruler answers, case by case and in bulk.
#include <gtest/gtest.h>

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <boost/json/string.hpp>
#include <fstream>
#include <iostream>
#include <iterator>
#include <string>
#include <vector>

#include "core/pattern/compile.h"
#include "core/pattern/pattern_set.h"

namespace tidemill::pattern {
namespace {

namespace json = boost::json;

std::string read(const std::string& name) {
  std::ifstream file(TIDEMILL_SOURCE_DIR "/tests/data/eventbridge/" + name, std::ios::binary);
  EXPECT_TRUE(file.is_open()) << name;
  return std::string(std::istreambuf_iterator<char>(file), {});
}

json::array cases(const std::string& name) {
  return json::parse(read(name)).at("cases").as_array();
}

// Patterns and events stand in the files as JSON, or as text where JSON would lose something.
std::string text_of(const json::value& value) {
  return value.is_string() ? std::string(value.get_string()) : json::serialize(value);
}

std::string answer(const std::string& pattern, const std::string& event) {
  const auto compiled = compile(pattern);
  if (!compiled) return "error";
  PatternSet::Scratch scratch;
  const auto matches = PatternSet(std::span(&*compiled, 1)).match(event, scratch);
  EXPECT_TRUE(matches.has_value()) << event;
  return matches && !matches->empty() ? "match" : "no match";
}

// Checks every event of every case, and says how many there were.
void check_events(const std::string& file, std::size_t cases_expected,
                  std::size_t events_expected) {
  std::size_t right = 0;
  std::size_t events = 0;
  const json::array all = cases(file);
  for (const json::value& one : all) {
    const json::object& object = one.as_object();
    const std::string pattern = text_of(object.at("pattern"));
    const bool many = object.contains("events");
    for (std::size_t i = 0; i < (many ? object.at("events").as_array().size() : 1); ++i) {
      const std::string event =
          text_of(many ? object.at("events").as_array()[i] : object.at("event"));
      const bool expected =
          (many ? object.at("expected").as_array()[i] : object.at("expected")).as_bool();
      const std::string got = answer(pattern, event);
      EXPECT_EQ(got, expected ? "match" : "no match") << pattern << "\n" << event;
      right += got == (expected ? "match" : "no match") ? 1 : 0;
      ++events;
    }
  }
  std::cout << file << ": " << right << " of " << events << " events in " << all.size()
            << " cases right\n";
  EXPECT_EQ(all.size(), cases_expected);
  EXPECT_EQ(events, events_expected);
}

TEST(PatternVectors, AnswersEveryCaseRecordedAgainstAwsAsAwsDid) {
  std::size_t right = 0;
  const json::array all = cases("cases_aws_recorded.json");
  for (const json::value& one : all) {
    const std::string got = answer(text_of(one.at("pattern")), text_of(one.at("event")));
    const std::string expected(one.at("expected").as_string());
    EXPECT_EQ(got, expected) << one.at("name");
    right += got == expected ? 1 : 0;
  }
  std::cout << "cases_aws_recorded.json: " << right << " of " << all.size() << " right\n";
  EXPECT_EQ(all.size(), 76U);
}

TEST(PatternVectors, AnswersEveryOperatorCaseAsEventRulerDoes) {
  check_events("cases_operators.json", 34, 112);
}

TEST(PatternVectors, AnswersTheCasesOfEventRulersTests) {
  check_events("cases_ruler_tests.json", 141, 396);
}

TEST(PatternVectors, AnswersEventRulersCasesOfArrayConsistency) {
  check_events("cases_correctness.json", 20, 20);
}

TEST(PatternVectors, TellsAlternativesFromFieldsNamedOr) {
  const auto compiled = [](const std::string& file) {
    std::size_t right = 0;
    const json::value patterns = json::parse(read(file));
    for (const json::value& pattern : patterns.as_array())
      right += compile(pattern).has_value() ? 1 : 0;
    return right;
  };
  EXPECT_EQ(compiled("ruler-data/orRelationshipRules.json"), 5U);
  EXPECT_EQ(compiled("ruler-data/normalRulesWithOrWording.json"), 4U);
  EXPECT_EQ(compiled("ruler-data/wrongOrRelationshipRules.json"), 0U);
}

TEST(PatternVectors, FindsFieldsOfOneElementOfAnArray) {
  const auto matches = [](int rule, int event) {
    return answer(read("ruler-data/arrayRule" + std::to_string(rule) + ".json"),
                  read("ruler-data/arrayEvent" + std::to_string(event) + ".json")) == "match";
  };
  EXPECT_TRUE(matches(1, 1));
  EXPECT_TRUE(matches(2, 1));
  EXPECT_FALSE(matches(1, 2));
  EXPECT_FALSE(matches(2, 2));
  EXPECT_FALSE(matches(3, 3));
  EXPECT_TRUE(matches(4, 3));
  EXPECT_TRUE(matches(3, 4));
  EXPECT_TRUE(matches(4, 4));
}

// All patterns of a file at once over a whole stream; how many events each of them matched.
void check_counts(const std::string& file, const std::string& stream, std::size_t events_expected) {
  std::vector<Pattern> patterns;
  std::vector<std::uint64_t> expected;
  std::vector<std::int64_t> first_expected;
  const json::value bulk = json::parse(read(file));
  for (const json::value& one : bulk.at("patterns").as_array()) {
    const auto compiled = compile(one.at("pattern"));
    ASSERT_TRUE(compiled.has_value()) << compiled.error().message << one.at("pattern");
    patterns.push_back(*compiled);
    expected.push_back(one.at("expected_matches").to_number<std::uint64_t>());
    first_expected.push_back(one.at("first_event_index").to_number<std::int64_t>());
  }
  const PatternSet set(patterns);
  PatternSet::Scratch scratch;
  std::vector<std::uint64_t> counts(patterns.size());
  std::vector<std::int64_t> first(patterns.size(), -1);
  std::ifstream events(TIDEMILL_SOURCE_DIR "/tests/data/eventbridge/" + stream);
  std::int64_t index = 0;
  for (std::string line; std::getline(events, line); ++index) {
    const auto matches = set.match(line, scratch);
    ASSERT_TRUE(matches.has_value()) << matches.error().message;
    for (const std::uint32_t pattern : *matches)
      if (counts[pattern]++ == 0) first[pattern] = index;
  }
  std::size_t right = 0;
  for (std::size_t i = 0; i < patterns.size(); ++i) {
    EXPECT_EQ(counts[i], expected[i]) << json::serialize(bulk.at("patterns").as_array()[i]);
    EXPECT_EQ(first[i], first_expected[i]) << i;
    right += counts[i] == expected[i] ? 1 : 0;
  }
  std::cout << file << ": the counts of " << right << " of " << patterns.size() << " patterns over "
            << index << " events right\n";
  EXPECT_EQ(index, static_cast<std::int64_t>(events_expected));
}

TEST(PatternVectors, CountsTheGithubEventsThatEventRulerCounts) {
  check_counts("bulk_github_events.json", "github_events.ndjson", 800);
}

TEST(PatternVectors, CountsTheNginxEventsThatEventRulerCounts) {
  check_counts("bulk_nginxplus.json", "nginxplus_status.ndjson", 500);
}

}  // namespace
}  // namespace tidemill::pattern
