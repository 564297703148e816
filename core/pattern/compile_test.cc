#include "core/pattern/compile.h"

#include <gmock/gmock.h>

#include <boost/json/parse.hpp>

namespace tidemill::pattern {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;
using ::testing::StartsWith;

// "LINE:COLUMN POINTER: message" of each problem.
std::vector<std::string> problems(std::string_view json) {
  std::vector<std::string> out;
  for (const Problem& p : compile_pattern(json).problems)
    out.push_back(std::to_string(p.line) + ":" + std::to_string(p.column) + " " + p.pointer + ": " +
                  p.message);
  return out;
}

// The one problem with the alternatives of a field.
std::string wrong(const std::string& array) {
  const auto all = compile_pattern("{\"a\": " + array + "}").problems;
  EXPECT_THAT(all, SizeIs(1)) << array;
  return all.empty() ? "none" : all[0].message;
}

bool right(std::string_view json) {
  EXPECT_THAT(problems(json), IsEmpty()) << json;
  return compile_pattern(json).pattern.has_value();
}

std::string nested(std::size_t depth) {
  std::string text;
  for (std::size_t i = 0; i < depth; ++i) text += "{\"a\":";
  return text + "[1]" + std::string(depth, '}');
}

TEST(CompilePattern, SaysWhereAndWhat) {
  EXPECT_THAT(problems("{\n  \"detail\": {\n    \"state\": \"running\"\n  }\n}"),
              ElementsAre("3:14 /detail/state: 'state' takes an array of values or an object of "
                          "fields; write [\"running\"]"));
}

TEST(CompilePattern, TellsAllProblemsAtOnce) {
  EXPECT_THAT(problems(R"({"a": 1, "b": [], "c": [{"prefix": 1}, {"EXISTS": true}], "d/~": {}})"),
              ElementsAre(StartsWith("1:7 /a: 'a' takes an array"),
                          StartsWith("1:15 /b: 'b' lists nothing"),
                          "1:36 /c/0/prefix: prefix takes a string, not the number 1",
                          "1:41 /c/1/EXISTS: unknown operator 'EXISTS'; did you mean 'exists'?",
                          StartsWith("1:66 /d~1~0: an object without fields")));
}

TEST(CompilePattern, IsAnObjectOfFields) {
  EXPECT_THAT(problems("[]"), ElementsAre(HasSubstr("a pattern is an object of fields")));
  EXPECT_THAT(problems(" 5"),
              ElementsAre(AllOf(StartsWith("1:2 "), HasSubstr("not the number 5"))));
  EXPECT_THAT(problems("\"x\""), ElementsAre(HasSubstr("not the string \"x\"")));
  EXPECT_THAT(problems("null"), ElementsAre(HasSubstr("not null")));
  EXPECT_THAT(problems("{}"), ElementsAre(HasSubstr("an object without fields")));
  EXPECT_THAT(problems(R"({"a": {"b": {}}})"), ElementsAre(HasSubstr("an object without fields")));
}

TEST(CompilePattern, SaysWhereATextIsNoJson) {
  EXPECT_THAT(problems("{\"a\": [1,]}"), ElementsAre(StartsWith("1:10 : not valid JSON: ")));
  EXPECT_THAT(problems("{\"a\": [1]"), ElementsAre(HasSubstr("not valid JSON: ")));
  EXPECT_THAT(problems("{\"a\": [\"open]}"), ElementsAre(HasSubstr("not valid JSON: ")));
  EXPECT_THAT(problems("{\"a\": [1]} x"), ElementsAre(StartsWith("1:12 : not valid JSON: ")));
  EXPECT_THAT(problems("{\n\"a\": [nul]}"), ElementsAre(StartsWith("2:7 : not valid JSON: ")));
  EXPECT_THAT(problems("{\"a\": [01]}"), ElementsAre(StartsWith("1:9 : not valid JSON: ")));
  EXPECT_THAT(problems("{\"a\": [\"\xff\"]}"), ElementsAre(HasSubstr("not valid JSON: ")));
  EXPECT_THAT(problems(""), ElementsAre(HasSubstr("not valid JSON: ")));
}

TEST(CompilePattern, AnArrayListsValuesAndOperators) {
  EXPECT_TRUE(right(R"({"a": ["x", 1, 1.5e3, true, false, null, {"exactly": "y"}]})"));
  EXPECT_THAT(wrong("[[1]]"), HasSubstr("list its values directly"));
  EXPECT_THAT(wrong("[{}]"), HasSubstr("an empty object is no operator"));
  EXPECT_THAT(wrong(R"([{"prefix": "a", "suffix": "b"}])"),
              HasSubstr(R"(write {"prefix": ...}, {"suffix": ...} to accept either)"));
  EXPECT_THAT(wrong(R"([{"regex": "a"}])"), HasSubstr("expected one of anything-but, cidr, "));
  EXPECT_THAT(wrong(R"([{"equalsIgnoreCase": "a"}])"),
              HasSubstr("did you mean 'equals-ignore-case'?"));
}

TEST(CompilePattern, OperatorsOfStringsTakeAString) {
  EXPECT_TRUE(right(R"({"a": [{"prefix": ""}, {"suffix": ""}, {"wildcard": ""},
                                {"equals-ignore-case": ""}]})"));
  EXPECT_TRUE(right(R"({"a": [{"prefix": {"equals-ignore-case": "x"}},
                                {"suffix": {"equals-ignore-case": "x"}}]})"));
  EXPECT_THAT(wrong(R"([{"suffix": [".png"]}])"),
              HasSubstr("suffix takes one string, not an array"));
  EXPECT_THAT(wrong(R"([{"suffix": 123}])"),
              HasSubstr("suffix takes a string, not the number 123"));
  EXPECT_THAT(wrong(R"([{"prefix": {"wildcard": "x"}}])"),
              HasSubstr(R"(prefix takes a string or {"equals-ignore-case": "..."})"));
  EXPECT_THAT(wrong(R"([{"prefix": {"equals-ignore-case": null}}])"), HasSubstr("not null"));
  EXPECT_THAT(wrong(R"([{"exactly": 1}])"), HasSubstr("exactly takes a string"));
  EXPECT_THAT(wrong(R"([{"equals-ignore-case": ["x"]}])"), HasSubstr("takes a string"));
  EXPECT_THAT(wrong(R"([{"exists": "true"}])"), HasSubstr("exists takes true or false"));
  EXPECT_THAT(wrong(R"([{"cidr": 10}])"), HasSubstr("cidr takes a string"));
  EXPECT_THAT(wrong(R"([{"cidr": "10.0.0.0"}])"), StartsWith("cidr: a CIDR block is"));
  EXPECT_THAT(wrong(R"([{"wildcard": 1}])"), HasSubstr("wildcard takes a string"));
  EXPECT_THAT(wrong(R"([{"wildcard": "a**"}])"), HasSubstr("two stars in a row"));
  EXPECT_THAT(wrong(R"([{"wildcard": "*:*:*:*:*:event-bus/*"}])"),
              HasSubstr("in too many ways at once"));
}

TEST(CompilePattern, NumericTakesOneBoundOrTwo) {
  EXPECT_TRUE(right(R"({"a": [{"numeric": ["=", 5]}, {"numeric": ["<", 5]}, {"numeric": ["<=", 5]},
                                {"numeric": [">", -5.5e3]}, {"numeric": [">=", 0, "<", 5]}]})"));
  EXPECT_THAT(wrong(R"([{"numeric": 10}])"), HasSubstr("numeric takes an array such as"));
  EXPECT_THAT(wrong(R"([{"numeric": []}])"), HasSubstr("numeric: expected [\"=\", 5]"));
  EXPECT_THAT(wrong(R"([{"numeric": [">", 0, "<"]}])"), HasSubstr("numeric: expected"));
  EXPECT_THAT(wrong(R"([{"numeric": ["!=", 5]}])"), HasSubstr("not the string \"!=\""));
  EXPECT_THAT(wrong(R"([{"numeric": [5, ">"]}])"), HasSubstr("not the number 5"));
  EXPECT_THAT(wrong(R"([{"numeric": [">", "0"]}])"), HasSubstr("after \">\" comes a number"));
  EXPECT_THAT(wrong(R"([{"numeric": ["=", 0, "<", 5]}])"), HasSubstr("takes one number"));
  EXPECT_THAT(wrong(R"([{"numeric": ["<", 5, ">", 0]}])"), HasSubstr("the lower bound of a range"));
  EXPECT_THAT(wrong(R"([{"numeric": [">", 0, ">", 5]}])"), HasSubstr("the upper bound of a range"));
  EXPECT_THAT(wrong(R"([{"numeric": [">", 0, "<", null]}])"),
              HasSubstr("after \"<\" comes a number"));
  EXPECT_THAT(wrong(R"([{"numeric": [">=", 5, "<=", 5]}])"),
              HasSubstr("no number is in this range"));
  EXPECT_THAT(wrong(R"([{"numeric": [">", 9007199254740993]}])"),
              HasSubstr("is more exact than a double"));
}

TEST(CompilePattern, AnythingButExcludesStringsOrNumbers) {
  EXPECT_TRUE(
      right(R"({"a": [{"anything-but": "x"}, {"anything-but": 0}, {"anything-but": ["x", ""]},
                                {"anything-but": [1, 2]}]})"));
  EXPECT_TRUE(
      right(R"({"a": [{"anything-but": {"prefix": "x"}}, {"anything-but": {"suffix": ["x"]}},
                                {"anything-but": {"equals-ignore-case": ["x", ""]}},
                                {"anything-but": {"wildcard": ["*x", ""]}}]})"));
  EXPECT_THAT(wrong(R"([{"anything-but": [1, "x"]}])"), HasSubstr("not both"));
  EXPECT_THAT(wrong(R"([{"anything-but": true}])"), HasSubstr("not true"));
  EXPECT_THAT(wrong(R"([{"anything-but": ["x", null]}])"), HasSubstr("not null"));
  EXPECT_THAT(wrong(R"([{"anything-but": []}])"), HasSubstr("needs something to exclude"));
  EXPECT_THAT(wrong(R"([{"anything-but": {"suffix": []}}])"), HasSubstr("something to exclude"));
  EXPECT_THAT(wrong(R"([{"anything-but": [{"prefix": "x"}]}])"), HasSubstr("anything-but takes a"));
  EXPECT_THAT(wrong(R"([{"anything-but": {"cidr": "10.0.0.0/8"}}])"),
              HasSubstr("anything-but does not go with 'cidr'"));
  EXPECT_THAT(wrong(R"([{"anything-but": {"prefix": "a", "suffix": "b"}}])"),
              HasSubstr("anything-but takes a"));
  EXPECT_THAT(wrong(R"([{"anything-but": {"prefix": ""}}])"), HasSubstr("has the empty prefix"));
  EXPECT_THAT(wrong(R"([{"anything-but": {"suffix": [".txt", ""]}}])"), HasSubstr("empty suffix"));
  EXPECT_THAT(wrong(R"([{"anything-but": {"equals-ignore-case": 123}}])"),
              HasSubstr("takes a string"));
  EXPECT_THAT(wrong(R"([{"anything-but": {"wildcard": [123, "*"]}}])"),
              HasSubstr("takes a string"));
  EXPECT_THAT(wrong(R"([{"anything-but": 12345678901234567890123}])"), HasSubstr("more exact"));
}

TEST(CompilePattern, OrChoosesBetweenTwoObjectsOfFieldsOrMore) {
  EXPECT_TRUE(
      right(R"({"a": [1], "$or": [{"b": [1]}, {"c": {"$or": [{"d": [1]}, {"e": [1]}]}}]})"));
  EXPECT_THAT(problems(R"({"$or": [{"b": [1]}]})"),
              ElementsAre(AllOf(StartsWith("1:9 /$or: "), HasSubstr("two objects"))));
  EXPECT_THAT(problems(R"({"$or": [{"b": [1]}, 5]})"),
              ElementsAre(AllOf(StartsWith("1:22 /$or/1: "), HasSubstr("this is the number 5"))));
  EXPECT_THAT(problems(R"({"$or": [{"b": [1]}, {"c": {"prefix": ["x"]}}]})"),
              ElementsAre(AllOf(StartsWith("1:29 /$or/1/c/prefix: "), HasSubstr("within $or"))));
  EXPECT_THAT(problems(R"({"$or": [{"b": [1]}, {"c": 1}]})"),
              ElementsAre(HasSubstr("'c' takes an array")));
}

TEST(CompilePattern, AFieldMayBeNamedOr) {
  EXPECT_TRUE(right(R"({"$or": ["x", {"prefix": "y"}]})"));
  EXPECT_TRUE(right(R"({"$or": {"b": [1]}})"));
}

TEST(CompilePattern, HasItsBounds) {
  EXPECT_TRUE(right(nested(90)));
  EXPECT_THAT(problems(nested(200)), ElementsAre(HasSubstr("nests deeper than 100 levels")));

  std::string branches;
  for (int i = 0; i < 11; ++i) branches += std::string(i == 0 ? "" : ",") + R"({"b": [1]})";
  const std::string choice = R"("$or": [)" + branches + "]";
  EXPECT_THAT(
      problems(R"({"a": {)" + choice + R"(}, "b": {)" + choice + R"(}, "c": {)" + choice + "}}"),
      ElementsAre(HasSubstr("more than 1000 combinations")));

  std::string fields;
  for (int i = 0; i < 501; ++i)
    fields += std::string(i == 0 ? "" : ",") + "\"f" + std::to_string(i) + "\": [1]";
  EXPECT_THAT(problems("{" + fields + "}"), ElementsAre(HasSubstr("at most 500 fields")));
}

TEST(CompilePattern, AnErrorAloneHasItsPlace) {
  EXPECT_EQ(compile(R"({"a": 1})").error().fault, Fault::bad_config);
  EXPECT_THAT(compile(R"({"a": 1})").error().message, StartsWith("1:7: 'a' takes an array"));
  EXPECT_THAT(compile(boost::json::parse(R"({"a": {"b": 1}})")).error().message,
              StartsWith("/a/b: 'b' takes an array"));
  EXPECT_THAT(compile(boost::json::parse("[]")).error().message, StartsWith("a pattern is"));
  EXPECT_TRUE(compile(boost::json::parse(R"({"a": ["x", 1.5]})")).has_value());
}

TEST(CompilePatterns, EachHasItsOwnProblems) {
  const auto all = compile_patterns("[{\"a\": [1]},\n {\"a\": 1}, 5]");
  ASSERT_THAT(all, SizeIs(3));
  EXPECT_TRUE(all[0].pattern.has_value());
  ASSERT_THAT(all[1].problems, SizeIs(1));
  EXPECT_EQ(all[1].problems[0].pointer, "/1/a");
  EXPECT_EQ(all[1].problems[0].line, 2U);
  EXPECT_THAT(all[2].problems, SizeIs(1));
  EXPECT_THAT(compile_patterns("[]"), IsEmpty());
}

TEST(CompilePatterns, TakesAnArray) {
  EXPECT_THAT(compile_patterns(R"({"a": [1]})")[0].problems[0].message,
              HasSubstr("expected an array of patterns, not an object"));
  EXPECT_THAT(compile_patterns("[")[0].problems[0].message, StartsWith("not valid JSON"));
}

}  // namespace
}  // namespace tidemill::pattern
