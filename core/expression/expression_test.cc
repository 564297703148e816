#include "core/expression/expression.h"

#include <gmock/gmock.h>

#include <atomic>
#include <cstdlib>
#include <thread>
#include <vector>

namespace tidemill::expression {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

// All values that `text` gives, one a line, or the error.
std::string give(std::string_view text, std::string_view data, const EventView& event = {}) {
  const auto expression = Expression::compile(text);
  if (!expression) return "cannot compile: " + expression.error().message;
  const auto values = expression->evaluate(data, event);
  if (!values) {
    EXPECT_EQ(values.error().fault, Fault::bad_event);
    return "error: " + values.error().message;
  }
  std::string all;
  for (const Value& value : *values) all += (all.empty() ? "" : "\n") + value.text;
  return all;
}

std::string compile_error(std::string_view text) {
  const auto expression = Expression::compile(text);
  if (expression) return "compiled";
  EXPECT_EQ(expression.error().fault, Fault::bad_config);
  return expression.error().message;
}

TEST(Expression, AMapReplacesTheData) {
  EXPECT_EQ(give("{id, name: .user.name}", R"({"id": 7, "user": {"name": "Ada", "x": 1}})"),
            R"({"id":7,"name":"Ada"})");
}

TEST(Expression, AMapThatYieldsNothingFilters) {
  EXPECT_EQ(give("select(.n > 1)", R"({"n": 1})"), "");
  EXPECT_EQ(give("select(.n > 1) | .n", R"({"n": 2})"), "2");
  EXPECT_EQ(give("empty", "{}"), "");
}

TEST(Expression, SeveralValuesAreGivenInOrder) {
  EXPECT_EQ(give(".items[] | {id}", R"({"items": [{"id": 1}, {"id": 2}, {"id": 3}]})"),
            "{\"id\":1}\n{\"id\":2}\n{\"id\":3}");
}

TEST(Expression, ProgramsMayHaveDefinitionsCommentsAndLines) {
  EXPECT_EQ(give("# adds one\ndef inc: . + 1;\n.n\n| inc # at the end", R"({"n": 1})"), "2");
}

TEST(Expression, OutputIsCompactJsonOnOneLine) {
  EXPECT_EQ(give("[., \"a\\\"b\\\\\\n\\t\\u0001\\u007f ü 😀\", {}, [], null, true, false]",
                 "{\"a\" : 1}"),
            "[{\"a\":1},\"a\\\"b\\\\\\n\\t\\u0001\x7f ü 😀\",{},[],null,true,false]");
}

TEST(Expression, NumbersOfJqAreDoubles) {
  EXPECT_EQ(give("[.[]]", "[1, -5, 0.1, 1e3, 9007199254740992, -0.0, 1e300, 123456.75]"),
            "[1,-5,0.1,1000,9007199254740992,-0,1e+300,123456.75]");
  EXPECT_EQ(give(".a + 0", R"({"a": 10000000000000000001})"), "1e+19");
  EXPECT_EQ(give("[nan, infinite, -infinite]", "null"),
            "[null,1.7976931348623157e+308,-1.7976931348623157e+308]");
}

TEST(Expression, APathKeepsWhatDoublesCannotHold) {
  EXPECT_EQ(give(".a", R"({"a": 10000000000000000001})"), "10000000000000000001");
}

TEST(Expression, PathsRunWithoutJqAndGiveWhatJqGives) {
  for (const std::string path : {".", ".a", ".a.b", ".a.b[0]", ".a.b[1].c", ".a.b[1].c[1].d",
                                 ".[\"x y\"].c", ".[0]", ".[0][1]", ".a[0]", ".b.c.d"}) {
    const auto native = Expression::compile(path);
    const auto by_jq = Expression::compile("(" + path + ")");
    ASSERT_TRUE(native->is_path());
    ASSERT_FALSE(by_jq->is_path());
    for (const std::string_view data :
         {R"({"a":{"b":[{"c":"x"},{"c":[1,{"d":null}]}]},"x y":{"c":true}})",
          R"({"a":[],"x y":null})", R"({"a":"text"})", R"({"a":{"b":{"c":1}}})", "[[1,2],[]]",
          "null", "5", "\"t\"", "{}", "", "{\"a\""}) {
      const auto one = native->evaluate(data, {});
      const auto other = by_jq->evaluate(data, {});
      ASSERT_EQ(one.has_value(), other.has_value()) << path << " of " << data;
      if (!one) continue;
      ASSERT_EQ(one->size(), 1U);
      EXPECT_EQ(one->at(0).text, other->at(0).text) << path << " of " << data;
      EXPECT_EQ(one->at(0).kind, other->at(0).kind) << path << " of " << data;
    }
  }
}

TEST(Expression, TheEventIsThereWhereItIsMentioned) {
  const Attribute headers[] = {{"x-id", "1"}, {"n", "2"}};
  const EventView event{.id = "7",
                        .source = "s",
                        .type = "t",
                        .key = "k",
                        .time = EventTime(1'700'000'000'000'001),
                        .headers = headers};
  EXPECT_EQ(give("$event", "{}", event),
            R"({"id":"7","source":"s","type":"t","subject":null,)"
            R"("time":"2023-11-14T22:13:20.000001Z","key":"k","headers":{"x-id":"1","n":"2"}})");
  EXPECT_EQ(give("{a, id: $ event .id, all: [.[]]}", R"({"a": 1})", event),
            R"({"a":1,"id":"7","all":[1]})");
  EXPECT_EQ(give("path(.a.b) + [$event.key]", "{}", event), R"(["a","b","k"])");
  EXPECT_TRUE(Expression::compile("$event.type + \"x\"")->reads_event());
  EXPECT_TRUE(Expression::compile("$event.type")->reads_event());
  EXPECT_FALSE(Expression::compile(".event + 1")->reads_event());
  EXPECT_FALSE(Expression::compile(".event")->reads_event());
}

TEST(Expression, AFailureSaysWhyAndTakesAllValuesWithIt) {
  EXPECT_EQ(give("1, error(\"no good\")", "{}"), "error: jq: no good");
  EXPECT_EQ(give("error({a: 1})", "{}"), "error: jq: {\"a\":1}");
  EXPECT_EQ(give(".a + 1 | .b", R"({"a": 1})"), "error: jq: Cannot index number with string \"b\"");
  EXPECT_THAT(give("error(\"ü\" * 1000)", "{}"),
              AllOf(StartsWith("error: jq: üü"), HasSubstr("...")));
}

TEST(Expression, AfterAFailureTheNextEventIsAsGoodAsAny) {
  const auto expression = Expression::compile(".a | tonumber");
  for (int i = 0; i < 3; ++i) {
    EXPECT_FALSE(expression->evaluate(R"({"a": "x"})", {}));
    EXPECT_EQ(expression->evaluate(R"({"a": "4"})", {})->at(0).text, "4");
  }
}

TEST(Expression, InvalidDataIsABadEvent) {
  for (const std::string_view data :
       {"", "{", "{} {}", "nan", "{'a': 1}", "[1,]", "\"\xff\"", "01"})
    EXPECT_EQ(give(".a?", data), "error: the data is not valid JSON") << data;
  EXPECT_EQ(give(".a?", std::string(300, '[') + std::string(300, ']')),
            "error: the data is nested deeper than 256 levels");
}

TEST(Expression, AnErrorOfTheProgramIsToldInJqsWordsWithItsPlace) {
  EXPECT_EQ(compile_error(".a | nope"), "jq: nope/0 is not defined, line 1, column 6");
  EXPECT_EQ(compile_error(".a\n  | .b +\n  * 2"),
            "jq: syntax error, unexpected '*', line 3, column 3");
  EXPECT_EQ(compile_error("nope, $x"),
            "jq: nope/0 is not defined, line 1, column 1; $x is not defined, line 1, column 7");
  EXPECT_THAT(compile_error("{a: 1"), StartsWith("jq: syntax error, unexpected $end"));
  EXPECT_THAT(compile_error("$event.id | nope"), HasSubstr("line 1, column 13"));
  EXPECT_EQ(compile_error(" \n"), "the expression is empty");
  EXPECT_THAT(compile_error("# nothing"), StartsWith("jq: syntax error"));
  EXPECT_THAT(compile_error(std::string_view(".a\0.b", 5)), HasSubstr("zero byte"));
  EXPECT_THAT(compile_error("$event.nothing"), HasSubstr("$event has no 'nothing'"));
}

TEST(Expression, TheProcessStaysOutOfSight) {
  ASSERT_EQ(::setenv("TIDEMILL_TEST_SECRET", "hidden", 1), 0);
  EXPECT_EQ(give("[env, $ENV, $ ENV.TIDEMILL_TEST_SECRET]", "1"), "[{},{},null]");
  EXPECT_EQ(give("1), env, ($ENV", "1").find("hidden"), std::string::npos);
  EXPECT_THAT(compile_error("import \"a\" as a; ."), StartsWith("jq: syntax error"));
  EXPECT_THAT(compile_error("include \"a\"; ."), StartsWith("jq: syntax error"));
  EXPECT_THAT(compile_error("import \"/etc/passwd\" as $a; $a"), StartsWith("jq: syntax error"));
  EXPECT_THAT(give("modulemeta", "\"a\""), HasSubstr("modules are not available"));
  EXPECT_EQ(give("get_search_list", "1"), "[]");
  EXPECT_THAT(compile_error("$__prog_args"), HasSubstr("not defined"));
  EXPECT_EQ(give("[input_filename, input_line_number]", "1"), "[null,null]");
}

TEST(Expression, NothingEndsTheProcessOrReadsOn) {
  for (const std::string_view program : {"halt", "halt_error", "halt_error(3)"})
    EXPECT_THAT(give(program, "1"), HasSubstr("halt is not available"));
  EXPECT_THAT(give("input", "1"), HasSubstr("sees one event"));
  EXPECT_EQ(give("[inputs]", "1"), "[]");
  EXPECT_EQ(give("[debug, stderr]", "1"), "[1,1]");
  EXPECT_EQ(give("@sh \"echo \\(.)\"", "\"a'b\""), R"("echo 'a'\\''b'")");
}

TEST(Expression, RegularExpressionsWorkOnAnyText) {
  EXPECT_EQ(give("[match(\"ñ\"; \"g\") | .offset]", "\"añbñ\""), "[1,3]");
  EXPECT_EQ(give("[match(\"\"; \"g\")] | length", "\"añb\""), "0");
  EXPECT_EQ(give("[scan(\"x*\")]", "\"axxñxb\""), R"(["xx","x"])");
  EXPECT_EQ(give("[scan(\"(.)=(.)\")]", "\"a=1 b=2\""), R"([["a","1"],["b","2"]])");
  EXPECT_EQ(give("split(\", *\"; null)", "\"a, ñ,c\""), R"(["a","ñ","c"])");
  EXPECT_EQ(give("capture(\"(?<y>\\\\d+)-(?<m>\\\\d+)\")", "\"2024-05\""),
            R"({"y":"2024","m":"05"})");
  EXPECT_EQ(give("sub(\"(?<l>[a-z])\"; \"<\\(.l)>\")", "\"1ab\""), "\"1<a>b\"");
  EXPECT_EQ(give("gsub(\"(?<l>[a-z])\"; \"<\\(.l)>\")", "\"1añb\""), "\"1<a>ñ<b>\"");
  EXPECT_EQ(give("gsub(\"^\\\\s+|\\\\s+$\"; \"\")", "\"  a b  \""), "\"a b\"");
  EXPECT_EQ(give("gsub(\"\"; \"-\")", "\"ab\""), "\"ab\"");
  EXPECT_EQ(give("[test(\"A\"; \"i\"), test([\"B\", \"i\"]), test(\"c\")]", "\"ab\""),
            "[true,true,false]");
  EXPECT_THAT(give("test(\"(\")", "\"a\""), HasSubstr("Regex failure"));
  EXPECT_THAT(give("test(\"^(a+)+$\")", "\"" + std::string(60, 'a') + "!\""),
              HasSubstr("retry-limit-in-match over"));
}

TEST(Expression, ManyThreadsShareOne) {
  const auto expression = Expression::compile("{n: (.n * 2), id: $event.id}");
  std::atomic<int> wrong = 0;
  {
    std::vector<std::jthread> threads;
    for (int t = 0; t < 4; ++t)
      threads.emplace_back([copy = *expression, t, &wrong] {
        for (int i = 0; i < 300; ++i) {
          const int n = t * 1000 + i;
          const std::string id = std::to_string(n);
          const auto values = copy.evaluate("{\"n\": " + id + "}", EventView{.id = id});
          const std::string right = "{\"n\":" + std::to_string(2 * n) + ",\"id\":\"" + id + "\"}";
          if (!values || values->size() != 1 || values->at(0).text != right) ++wrong;
        }
      });
  }
  EXPECT_EQ(wrong, 0);
}

std::string key(std::string_view text, std::string_view data) {
  const auto got = evaluate_key(*Expression::compile(text), data, {});
  if (got) return *got;
  EXPECT_EQ(got.error().fault, Fault::bad_event);
  return "error: " + got.error().message;
}

TEST(Expression, AKeyIsTextOrTheTextOfANumberOrBoolean) {
  EXPECT_EQ(key(".id", R"({"id": "a\"ü"})"), "a\"ü");
  EXPECT_EQ(key(".id + \"-x\"", R"({"id": "a\"ü"})"), "a\"ü-x");
  EXPECT_EQ(key(".id", R"({"id": 10000000000000000001})"), "10000000000000000001");
  EXPECT_EQ(key(".id + 1", R"({"id": 41})"), "42");
  EXPECT_EQ(key(".id | not", R"({"id": false})"), "true");
}

TEST(Expression, WhatIsNotOneScalarIsNoKey) {
  EXPECT_EQ(key(".id", "{}"), "error: .id gives null");
  EXPECT_EQ(key("nan", "{}"), "error: nan gives null");
  EXPECT_EQ(key(".id", R"({"id": []})"), "error: .id gives an array");
  EXPECT_EQ(key("{a: 1}", "{}"), "error: {a: 1} gives an object");
  EXPECT_EQ(key("empty", "{}"), "error: empty gives nothing");
  EXPECT_EQ(key("1, 2", "{}"), "error: 1, 2 gives more than one value");
}

std::uint64_t time_of(std::string_view text, std::string_view data) {
  const auto got = evaluate_time(*Expression::compile(text), data, {});
  return got ? got->value : 1;
}

TEST(Expression, ATimeIsTextOrANumberWhoseSizeTellsItsUnit) {
  constexpr std::uint64_t micros = 1'700'000'000'123'456;
  EXPECT_EQ(time_of(".t", R"({"t": "2023-11-14T22:13:20.123456Z"})"), micros);
  EXPECT_EQ(time_of(".t", R"({"t": 1700000000.123456})"), micros);
  EXPECT_EQ(time_of(".t", R"({"t": 1700000000})"), 1'700'000'000'000'000U);
  EXPECT_EQ(time_of(".t", R"({"t": 1700000000123})"), 1'700'000'000'123'000U);
  EXPECT_EQ(time_of(".t", R"({"t": 1700000000123456})"), micros);
  EXPECT_EQ(time_of(".t", R"({"t": 1700000000123456000})"), micros);
  EXPECT_EQ(time_of(".t", R"({"t": "1700000000123"})"), 1'700'000'000'123'000U);
  EXPECT_EQ(time_of(".t / 1000", R"({"t": 1700000000123})"), 1'700'000'000'123'000U);
  EXPECT_EQ(time_of("$event.time", "not read"), 1U);
  EXPECT_EQ(time_of(".t", R"({"t": 0})"), 0U);
}

TEST(Expression, WhatIsNoInstantIsNoTime) {
  for (const std::string_view data :
       {R"({"t": "yesterday"})", R"({"t": -5})", R"({"t": 1e30})", R"({"t": true})",
        R"({"t": "inf"})", R"({"t": null})", R"({"t": []})", R"({"t": ""})"}) {
    const auto got = evaluate_time(*Expression::compile(".t"), data, {});
    ASSERT_FALSE(got) << data;
    EXPECT_EQ(got.error().fault, Fault::bad_event);
  }
}

}  // namespace
}  // namespace tidemill::expression
