#include "core/pattern/pattern_set.h"

#include <gmock/gmock.h>
#include <simdjson.h>

#include <string>
#include <vector>

#include "core/pattern/testing/matching.h"

namespace tidemill::pattern {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using testing::match_json;
using testing::matches;
using testing::set_of;

std::string why_not(std::string_view event) {
  PatternSet::Scratch scratch;
  const auto found = set_of({R"({"a": [1]})"}).match(event, scratch);
  if (found) return "no error";
  EXPECT_EQ(found.error().fault, Fault::bad_event);
  return found.error().message;
}

TEST(PatternSet, AnswersTheIndexesOfAllPatternsThatMatchInOrder) {
  const PatternSet set = set_of({R"({"a": ["x"]})", R"({"b": [1]})", R"({"a": ["y", "x"]})",
                                 R"({"a": ["x"], "b": [2]})", R"({"c": [{"exists": false}]})"});
  EXPECT_EQ(set.size(), 5U);
  EXPECT_THAT(match_json(set, R"({"a": "x", "b": 1})"), ElementsAre(0, 1, 2, 4));
  EXPECT_THAT(match_json(set, R"({"a": "x", "b": 2, "c": null})"), ElementsAre(0, 2, 3));
  EXPECT_THAT(match_json(set, R"({"c": 1})"), IsEmpty());
}

TEST(PatternSet, MayHoldNoPatternsAtAll) {
  EXPECT_THAT(match_json(PatternSet({}), R"({"a": 1})"), IsEmpty());
}

TEST(PatternSet, ManyPatternsKeepTheirNumbers) {
  std::vector<Pattern> patterns;
  for (int i = 0; i < 200; ++i)
    patterns.push_back(compile(R"({"n": [)" + std::to_string(i % 100) + "]}").value());
  EXPECT_THAT(match_json(PatternSet(patterns), R"({"n": [7, 99]})"), ElementsAre(7, 99, 107, 199));
}

TEST(PatternSet, AValueIsOfOneType) {
  EXPECT_FALSE(matches(R"({"a": [5]})", R"({"a": "5"})"));
  EXPECT_FALSE(matches(R"({"a": ["5"]})", R"({"a": 5})"));
  EXPECT_FALSE(matches(R"({"a": [null]})", R"({"a": "null"})"));
  EXPECT_FALSE(matches(R"({"a": [false]})", R"({"a": "false"})"));
  EXPECT_FALSE(matches(R"({"a": [{"prefix": ""}]})", R"({"a": 5})"));
  EXPECT_FALSE(matches(R"({"a": [{"numeric": [">", 0]}]})", R"({"a": "5"})"));
}

TEST(PatternSet, NumbersAreComparedByValue) {
  EXPECT_TRUE(matches(R"({"a": [300]})", R"({"a": 3.0e2})"));
  EXPECT_TRUE(matches(R"({"a": [0]})", R"({"a": -0.0})"));
  EXPECT_TRUE(matches(R"({"a": [{"numeric": ["<=", 0.1]}]})", R"({"a": 0.1})"));
}

TEST(PatternSet, LongIntegersAreComparedToTheirLastDigit) {
  EXPECT_TRUE(matches(R"({"a": [1234567890123456789]})", R"({"a": 1234567890123456789})"));
  EXPECT_FALSE(matches(R"({"a": [1234567890123456789]})", R"({"a": 1234567890123456788})"));
  EXPECT_TRUE(matches(R"({"a": [18446744073709551615]})", R"({"a": 18446744073709551615})"));
  EXPECT_FALSE(matches(R"({"a": [18446744073709551615]})", R"({"a": 18446744073709551614})"));
  const std::string sequence = "49658361752382621885697088319781165717078428243510427650";
  EXPECT_TRUE(matches(R"({"a": [)" + sequence + "]}", R"({"a": )" + sequence + "}"));
  EXPECT_FALSE(matches(R"({"a": [)" + sequence + "]}", R"({"a": )" + sequence + "0}"));
  EXPECT_FALSE(matches(R"({"a": [")" + sequence + "\"]}", R"({"a": )" + sequence + "}"));
}

TEST(PatternSet, RangesTakeLongNumbersForTheNearestDouble) {
  EXPECT_TRUE(matches(R"({"a": [{"numeric": [">", 0]}]})", R"({"a": 1234567890123456789})"));
  EXPECT_TRUE(matches(R"({"a": [{"numeric": [">", 0]}]})", R"({"a": 123456789012345678901234})"));
  EXPECT_TRUE(matches(R"({"a": [{"numeric": [">", 0]}]})", R"({"a": 1e400})"));
  EXPECT_FALSE(matches(R"({"a": [{"numeric": [">", 0]}]})", R"({"a": -1e400})"));
}

TEST(PatternSet, AnEventMayHoldNumbersOfAnyLength) {
  const std::string event =
      R"({"big": 123456789012345678901234567890, "tiny": 1e-999, "a": "x\"1"})";
  EXPECT_TRUE(matches(R"({"a": ["x\"1"]})", event));
  EXPECT_TRUE(matches(R"({"big": [{"anything-but": ["123456789012345678901234567890"]}]})", event));
  EXPECT_TRUE(matches(R"({"big": [{"exists": true}]})", event));
}

TEST(PatternSet, CaseIsIgnoredWhereAPatternSaysSo) {
  EXPECT_TRUE(matches(R"({"a": [{"equals-ignore-case": "ÄPFEL"}]})", R"({"a": "äpfel"})"));
  EXPECT_TRUE(
      matches(R"({"a": [{"prefix": {"equals-ignore-case": "ÄPF"}}]})", R"({"a": "äpfel"})"));
  EXPECT_TRUE(
      matches(R"({"a": [{"suffix": {"equals-ignore-case": "FEL"}}]})", R"({"a": "äpfel"})"));
  EXPECT_FALSE(matches(R"({"a": [{"prefix": "Ä"}]})", R"({"a": "äpfel"})"));
}

TEST(PatternSet, AStringThatIsAnAddressMeansTheAddress) {
  EXPECT_TRUE(matches(R"({"ip": ["::1"]})", R"({"ip": "0:0:0:0:0:0:0:1"})"));
  EXPECT_FALSE(matches(R"({"ip": [{"exactly": "::1"}]})", R"({"ip": "0:0:0:0:0:0:0:1"})"));
  EXPECT_TRUE(matches(R"({"ip": [{"anything-but": "::1"}]})", R"({"ip": "0:0:0:0:0:0:0:1"})"));
}

TEST(PatternSet, AnythingButNeedsTheField) {
  const std::string pattern = R"({"a": [{"anything-but": ["x", "y"]}]})";
  EXPECT_FALSE(matches(pattern, "{}"));
  EXPECT_FALSE(matches(pattern, R"({"a": "x"})"));
  EXPECT_FALSE(matches(pattern, R"({"a": ["x", "y"]})"));
  EXPECT_TRUE(matches(pattern, R"({"a": ["x", "z"]})"));
  EXPECT_TRUE(matches(pattern, R"({"a": null})"));
  EXPECT_TRUE(matches(pattern, R"({"a": 1})"));
  EXPECT_FALSE(matches(pattern, R"({"a": []})"));
  EXPECT_FALSE(matches(pattern, R"({"a": {"b": 1}})"));
}

TEST(PatternSet, AValueThatIsExcludedTwiceIsExcludedOnce) {
  const std::string pattern = R"({"a": [{"anything-but": {"prefix": ["a", "ab"]}}]})";
  EXPECT_FALSE(matches(pattern, R"({"a": "abc"})"));
  EXPECT_TRUE(matches(pattern, R"({"a": ["abc", "b"]})"));
  EXPECT_FALSE(matches(pattern, R"({"a": [["abc"], ["a"]]})"));
  EXPECT_TRUE(matches(pattern, R"({"a": [["abc"], ["b"]]})"));
}

TEST(PatternSet, OnlyValuesExist) {
  const PatternSet set = set_of({R"({"a": [{"exists": true}]})", R"({"a": [{"exists": false}]})"});
  EXPECT_THAT(match_json(set, R"({"a": null})"), ElementsAre(0));
  EXPECT_THAT(match_json(set, R"({"a": [[1]]})"), ElementsAre(0));
  EXPECT_THAT(match_json(set, "{}"), ElementsAre(1));
  EXPECT_THAT(match_json(set, R"({"a": {"b": 1}})"), ElementsAre(1));
  EXPECT_THAT(match_json(set, R"({"a": []})"), ElementsAre(1));
  EXPECT_THAT(match_json(set, R"({"a": [{}]})"), ElementsAre(1));
}

TEST(PatternSet, OrIsAnyOfItsBranchesAndWhatStandsBesideIt) {
  const std::string pattern =
      R"({"a": ["x"], "$or": [{"b": [1]}, {"c": {"$or": [{"d": [2]}, {"e": [3]}]}}]})";
  EXPECT_TRUE(matches(pattern, R"({"a": "x", "b": 1})"));
  EXPECT_TRUE(matches(pattern, R"({"a": "x", "c": {"e": 3}})"));
  EXPECT_FALSE(matches(pattern, R"({"a": "x", "c": {"e": 2}})"));
  EXPECT_FALSE(matches(pattern, R"({"a": "y", "b": 1})"));
}

TEST(PatternSet, AFieldThatComesAgainReplacesWhatItSaid) {
  EXPECT_TRUE(matches(R"({"x": ["y"], "x": ["z"]})", R"({"x": "z"})"));
  EXPECT_FALSE(matches(R"({"x": ["y"], "x": ["z"]})", R"({"x": "y"})"));
  EXPECT_FALSE(matches(R"({"a": [1], "$or": [{"a": [2]}, {"b": [1]}]})", R"({"a": [3], "b": 2})"));
  EXPECT_TRUE(matches(R"({"a": [1], "$or": [{"a": [2]}, {"b": [1]}]})", R"({"a": 2})"));
}

TEST(PatternSet, AnEventIsAJsonObject) {
  EXPECT_EQ(why_not("[1]"), "an event is a JSON object");
  EXPECT_THAT(why_not("{\"a\": [1,]}"), HasSubstr("not valid JSON: "));
  EXPECT_THAT(why_not(""), HasSubstr("not valid JSON: "));
  EXPECT_THAT(why_not("{\"unasked\": nope, \"a\": 1}"), HasSubstr("not valid JSON: "));
  EXPECT_THAT(why_not("{\"a\": 123456789012345678901234567890, \"b\"}"),
              HasSubstr("not valid JSON"));
  EXPECT_THAT(why_not("{\"a\": \"\xff\"}"), HasSubstr("not valid JSON: "));
}

TEST(PatternSet, AScratchServesSeveralSetsAndManyEvents) {
  const PatternSet first = set_of({R"({"a": ["x"]})", R"({"b": [1]})"});
  const PatternSet second = set_of({R"({"b": [{"exists": true}]})"});
  PatternSet::Scratch scratch;
  for (int i = 0; i < 3; ++i) {
    EXPECT_THAT(*first.match(R"({"a": "x"})", scratch), ElementsAre(0));
    EXPECT_THAT(*second.match(R"({"b": "x"})", scratch), ElementsAre(0));
    EXPECT_THAT(*first.match(R"({"b": 1})", scratch), ElementsAre(1));
    EXPECT_FALSE(first.match("nonsense", scratch).has_value());
    EXPECT_THAT(*second.match("{}", scratch), IsEmpty());
  }
}

TEST(PatternSet, LargeEventsComeAndGo) {
  const PatternSet set = set_of({R"({"a": ["x"]})"});
  PatternSet::Scratch scratch;
  const std::string large = R"({"pad": ")" + std::string(3 << 20, 'p') + R"(", "a": "x"})";
  EXPECT_THAT(*set.match(large, scratch), ElementsAre(0));
  EXPECT_THAT(*set.match(R"({"a": "x"})", scratch), ElementsAre(0));
}

TEST(PatternSet, TakesAnEventThatIsParsedAlready) {
  simdjson::dom::parser parser;
  simdjson::dom::element event;
  ASSERT_EQ(parser.parse(std::string(R"({"a": {"b": 1}})")).get(event), simdjson::SUCCESS);
  PatternSet::Scratch scratch;
  EXPECT_THAT(set_of({R"({"a": {"b": [1]}})"}).match(event, scratch), ElementsAre(0));
}

}  // namespace
}  // namespace tidemill::pattern
