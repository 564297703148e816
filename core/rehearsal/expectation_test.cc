#include "core/rehearsal/expectation.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <boost/json.hpp>
#include <string>

#include "core/rehearsal/difference.h"
#include "core/rehearsal/time_text.h"

namespace tidemill::rehearsal {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

config::Node node(const std::string& yaml) {
  config::Problems problems;
  auto parsed = config::parse_yaml(yaml, "t.yaml", problems);
  EXPECT_TRUE(parsed && problems.empty()) << yaml;
  return parsed.value_or(config::Node{});
}

bool fits(const std::string& yaml, std::string_view actual) {
  return matches(node(yaml), boost::json::parse(actual));
}

std::string shape(const std::string& yaml, std::string_view actual) {
  return boost::json::serialize(shaped(node(yaml), boost::json::parse(actual)));
}

TEST(Expectation, ComparesOnlyTheKeysThatAreWritten) {
  EXPECT_TRUE(fits("{ id: 7 }", R"({"id":7,"total":5})"));
  EXPECT_TRUE(fits("{ data: { id: 7 } }", R"({"data":{"id":7,"total":5},"key":"a"})"));
  EXPECT_FALSE(fits("{ id: 7 }", R"({"id":8})"));
  EXPECT_FALSE(fits("{ id: 7 }", R"({"total":5})"));
}

TEST(Expectation, ComparesAListWholeAndInOrder) {
  EXPECT_TRUE(fits("[ 1, 2 ]", "[1,2]"));
  EXPECT_FALSE(fits("[ 2, 1 ]", "[1,2]"));
  EXPECT_FALSE(fits("[ 1 ]", "[1,2]"));
  EXPECT_FALSE(fits("[ 1, 2, 3 ]", "[1,2]"));
}

TEST(Expectation, TakesPlainTextForWhateverReadsTheSame) {
  EXPECT_TRUE(fits("7", "7"));
  EXPECT_TRUE(fits("7", R"("7")"));
  EXPECT_TRUE(fits("7.0", "7"));
  EXPECT_TRUE(fits("true", "true"));
  EXPECT_TRUE(fits("two words", R"("two words")"));
  EXPECT_FALSE(fits("'7'", "7"));
  EXPECT_TRUE(fits("'7'", R"("7")"));
  EXPECT_FALSE(fits("7", "8"));
}

TEST(Expectation, TakesNothingForWhatIsEmptyOrNotThere) {
  EXPECT_TRUE(fits("{ a: }", "{}"));
  EXPECT_TRUE(fits("{ a: }", R"({"a":[]})"));
  EXPECT_FALSE(fits("{ a: }", R"({"a":[1]})"));
}

TEST(Expectation, CountsAListWhereANumberIsExpected) {
  EXPECT_TRUE(fits("2", "[5,5]"));
  EXPECT_FALSE(fits("2", "[5]"));
  EXPECT_TRUE(fits("{ $count: 2 }", "[5,5]"));
}

TEST(Expectation, HasOperatorsForWhatIsNotKnownExactly) {
  EXPECT_TRUE(fits("{ $like: 'cannot * it' }", R"("cannot parse it")"));
  EXPECT_FALSE(fits("{ $like: 'cannot * it' }", R"("cannot parse this")"));
  EXPECT_TRUE(fits("{ $contains: parse }", R"("cannot parse it")"));
  EXPECT_TRUE(fits("{ a: { $absent: true } }", "{}"));
  EXPECT_FALSE(fits("{ a: { $absent: true } }", R"({"a":null})"));
  EXPECT_TRUE(fits("{ $exact: { a: 1 } }", R"({"a":1})"));
  EXPECT_FALSE(fits("{ $exact: { a: 1 } }", R"({"a":1,"b":2})"));
}

TEST(Expectation, FindsAPlaceForEachInAnyOrder) {
  // The first that fits {} would leave nothing for { a: 1 }.
  EXPECT_TRUE(fits("{ $unordered: [ {}, { a: 1 } ] }", R"([{"a":1},{"b":2}])"));
  EXPECT_FALSE(fits("{ $unordered: [ { a: 1 }, { a: 1 } ] }", R"([{"a":1},{"b":2}])"));
}

TEST(Expectation, ShapesWhatHappenedLikeWhatWasExpected) {
  EXPECT_EQ(shape("{ id: 7 }", R"({"id":8,"total":5})"), R"({"id":8})");
  EXPECT_EQ(shape("{ id: 7, name: { $like: 'a*' } }", R"({"id":8,"name":"abc"})"),
            R"({"id":8,"name":{"$like":"a*"}})");
  EXPECT_EQ(shape("[ { id: 1 }, { id: 2 } ]", R"([{"id":0},{"id":1},{"id":2,"x":1}])"),
            R"([{},{"id":1},{"id":2}])")
      << "of a surplus record what is worth recording";
}

TEST(Expectation, ADifferenceShowsTheLinesThatDiffer) {
  const auto expected = node("[ { event: a, data: { n: 1 } }, { event: b, data: { n: 2 } } ]");
  const Section section{
      {"sinks", "out"},
      &expected,
      boost::json::parse(R"([{"event":"a","data":{"n":1}},{"event":"b","data":{"n":3,"m":4}}])")};
  EXPECT_THAT(difference(section), ElementsAre("  out:", "    - { event: a, data: { n: 1 } }",
                                               "-   - { event: b, data: { n: 2 } }",
                                               "+   - { event: b, data: { n: 3 } }"));
}

TEST(TimeText, TakesAsFewUnitsAsSayItExactly) {
  using namespace std::chrono_literals;
  EXPECT_EQ(time_text(0s), "0s");
  EXPECT_EQ(time_text(250ms), "250ms");
  EXPECT_EQ(time_text(3602s), "1h2s");
  EXPECT_EQ(time_text(24h + 1us), "1d1us");
  EXPECT_EQ(time_text(-90s), "-1m30s");
}

TEST(Expectation, SaysWhereAnExpectationIsWrongItself) {
  const auto problems_of = [](const std::string& yaml) {
    config::Problems problems;
    check_expectation(node(yaml), problems);
    std::string all;
    for (const auto& problem : problems.errors()) all += config::to_string(problem) + "\n";
    return all;
  };
  EXPECT_EQ(problems_of("sinks: { out: [ { data: { reson: 1 } } ] }"), "");
  EXPECT_THAT(problems_of("sink: {}"),
              HasSubstr("t.yaml:1:1: error: unknown key 'sink'; did you mean 'sinks'?"));
  EXPECT_THAT(problems_of("dead_letters: [ { reson: x } ]"),
              HasSubstr("1:19: error: unknown key 'reson'; did you mean 'reason'?"));
  EXPECT_THAT(problems_of("sinks: { out: { $cuont: 1 } }"),
              HasSubstr("there is no operator '$cuont'; did you mean '$count'?"));
  EXPECT_THAT(problems_of("tables: { t: {} }"),
              HasSubstr("1:14: error: {} fits whatever t has; write [] if it has nothing"));
  EXPECT_THAT(problems_of("sinks: { out: { $count: x } }"), HasSubstr("$count: expected a whole"));
}

}  // namespace
}  // namespace tidemill::rehearsal
