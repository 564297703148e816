#include "core/rehearsal/case_file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <boost/json.hpp>

#include "core/rehearsal/case_schema.h"

namespace tidemill::rehearsal {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

std::vector<std::string> problems_of(std::string_view text) {
  config::Problems problems;
  std::ignore = read_case_file(text, "p.test.yaml", problems);
  std::vector<std::string> lines;
  for (const auto& problem : problems.errors()) lines.push_back(config::to_string(problem));
  return lines;
}

CaseFile read(std::string_view text) {
  config::Problems problems;
  CaseFile file = read_case_file(text, "/etc/p.test.yaml", problems);
  EXPECT_TRUE(problems.empty()) << config::to_string(problems.errors().front());
  return file;
}

TEST(CaseFile, TellsAllMistakesWithTheirPlaces) {
  EXPECT_THAT(
      problems_of("cases:\n"
                  "  - nmae: x\n"
                  "    events: [ { at: 5, dta: 1 } ]\n"
                  "  - name: y\n"
                  "    start: soon\n"
                  "    mock: { functions: { f: [ { fail: a, throw: b } ] } }\n"
                  "    expect: { sumary: {} }\n"),
      ElementsAre("p.test.yaml:2:5: error: name is missing; add it (text): A sentence that "
                  "says what is so",
                  "p.test.yaml:2:5: error: unknown key 'nmae'; did you mean 'name'?",
                  "p.test.yaml:3:21: error: at: expected a duration such as 250ms, 10s, "
                  "5m, 1h or 14d; got '5'; a unit is missing: 5ms, 5s, 5m or 5h",
                  "p.test.yaml:3:24: error: unknown key 'dta'; did you mean 'data'?",
                  "p.test.yaml:5:12: error: start: expected an instant such as "
                  "2026-01-01T00:00:00Z; got 'soon'",
                  "p.test.yaml:6:31: error: an answer is one of fail, reject, throw, "
                  "timeout and crash",
                  "p.test.yaml:7:15: error: unknown key 'sumary'; did you mean 'summary'?"));
}

TEST(CaseFile, RefusesAFileWithoutCasesAndCasesOfOneName) {
  EXPECT_THAT(problems_of(""),
              ElementsAre("p.test.yaml: error: there is no case; add one under `cases:`"));
  EXPECT_THAT(problems_of("cases:\n  - name: a\n  - name: a\n"),
              ElementsAre("p.test.yaml:3:5: error: case 'a' exists already; give each case a name "
                          "of its own"));
}

TEST(CaseFile, RefusesAPatternThatIsNone) {
  EXPECT_THAT(problems_of("cases:\n"
                          "  - name: a\n"
                          "    mock: { functions: { f: [ { event: { id: x } } ] } }\n"),
              ::testing::Contains(::testing::HasSubstr("p.test.yaml:3:40: error: event: ")));
}

TEST(CaseFile, IsAboutThePipelineFileOfTheSameName) {
  EXPECT_EQ(read("cases: [ { name: a } ]").pipelines, "/etc/p.yaml");
  EXPECT_EQ(read("{ file: ../q.yaml, cases: [ { name: a } ] }").pipelines, "/q.yaml");
}

TEST(CaseFile, TakesTextAsItStandsAndWritesTheRestAsJson) {
  const auto file = read(
      "cases:\n"
      "  - name: a\n"
      "    events:\n"
      "      - { data: raw text }\n"
      "      - { data: { n: 1, s: '1', l: [ true, null ] } }\n"
      "      - {}\n");
  const auto& events = file.cases.front().events;
  ASSERT_EQ(events.size(), 3u);
  EXPECT_EQ(events[0].data, "raw text");
  EXPECT_EQ(events[1].data, R"({"n":1,"s":"1","l":[true,null]})");
  EXPECT_THAT(events[2].data, IsEmpty());
}

TEST(CaseFile, RepeatsAnEventAndSortsByTime) {
  const auto file = read(
      "cases:\n"
      "  - name: a\n"
      "    events:\n"
      "      - { at: 1s, id: x, repeat: 3, every: 1s }\n"
      "      - { at: 2s, id: y }\n");
  std::vector<std::string> ids;
  for (const auto& event : file.cases.front().events) ids.push_back(event.id);
  EXPECT_THAT(ids, ElementsAre("x-1", "x-2", "y", "x-3"));
}

TEST(CaseFile, HasASchemaWithEveryKeyOfACase) {
  const auto schema = case_file_schema();
  const auto& one = schema.at("properties").at("cases").at("items").at("properties").as_object();
  for (const auto* key : {"name", "pipeline", "events", "mock", "given", "expect", "limit"})
    EXPECT_TRUE(one.contains(key)) << key;
  EXPECT_TRUE(one.at("events").at("items").at("properties").as_object().contains("repeat"));
  EXPECT_FALSE(one.at("expect").at("additionalProperties").as_bool());
}

TEST(EventMatch, MatchesByNameOrPattern) {
  config::Problems problems;
  const auto test_of = [&](std::string_view yaml) {
    return EventMatch::read(*config::parse_yaml(yaml, "t", problems), problems);
  };
  Event event;
  event.id = "order-7";
  event.source = "s";
  event.data = Bytes::forever(R"({"total":5})");
  EXPECT_TRUE(test_of("order-*").matches("order-7", event));
  EXPECT_FALSE(test_of("order-8").matches("order-7", event));
  EXPECT_TRUE(test_of("{ data: { total: [ 5 ] } }").matches("order-7", event));
  EXPECT_FALSE(test_of("{ data: { total: [ 6 ] } }").matches("order-7", event));
  EXPECT_TRUE(problems.empty());
}

TEST(EventMatch, AStarStandsForAnyNumberOfCharacters) {
  EXPECT_TRUE(is_like("", ""));
  EXPECT_TRUE(is_like("", "**"));
  EXPECT_TRUE(is_like("abcabc", "a*c"));
  EXPECT_TRUE(is_like("abcabd", "*ab*d"));
  EXPECT_FALSE(is_like("abc", "a*d"));
  EXPECT_FALSE(is_like("abc", "ab"));
}

}  // namespace
}  // namespace tidemill::rehearsal
