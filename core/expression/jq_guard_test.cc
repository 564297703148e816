// Programs and data that would stop or end an engine that ran libjq as it is.

#include "core/expression/jq_guard.h"

#include <gmock/gmock.h>
#include <sys/resource.h>

#include "core/expression/expression.h"

// What an evaluation that is left in the middle held is lost by design.
extern "C" __attribute__((visibility("default"))) const char* __lsan_default_suppressions() {
  return "leak:libjq\n";
}

namespace tidemill::expression {
namespace {

using ::testing::AnyOf;
using ::testing::HasSubstr;
using std::chrono_literals::operator""ms;

constexpr Limits tight{.time = 50ms, .memory = std::size_t{16} << 20};

// Why `program` fails on `data`; afterwards the same expression has to work on other data.
std::string why_not(std::string_view program, std::string_view data, Limits limits = tight) {
  const auto expression = Expression::compile(
      "if . == \"fine\" then . else (" + std::string(program) + ") end", limits);
  if (!expression) return "cannot compile: " + expression.error().message;
  const auto values = expression->evaluate(data, {});
  const auto after = expression->evaluate("\"fine\"", {});
  EXPECT_TRUE(after && after->at(0).text == "\"fine\"") << program;
  if (values) return "gave " + std::to_string(values->size()) + " values";
  EXPECT_EQ(values.error().fault, Fault::bad_event);
  return values.error().message;
}

TEST(JqGuard, StandsInFrontOfLibjqsAllocator) {
  JqGuard guard(tight);
  jv value = jv_null();
  EXPECT_FALSE(
      guard.run([](void* into) { *static_cast<jv*>(into) = jv_string_empty(1 << 30); }, &value));
  EXPECT_EQ(guard.cut(), JqGuard::Cut::memory);
}

const auto over_a_limit =
    AnyOf("jq: took longer than 50 ms", "jq: needs more than 16 MiB of memory",
          "jq: gives more than 16 MiB, or deeper than 256 levels");

TEST(JqGuard, EndlessProgramsEnd) {
  for (const std::string_view program :
       {"def f: f; f", "def f: 1 | f; f", "last(repeat(1))", "[range(1e12)] | length",
        "range(1e12) | empty", "until(false; .)", "reduce range(1e12) as $i (0; . + $i)",
        "label $out | foreach repeat(1) as $i (0; . + 1; if . < 0 then break $out else empty end)",
        "def f: [f]; f", "recurse(1) | select(false)", "first(repeat(empty))", "range(1e12)"})
    EXPECT_THAT(why_not(program, "1"), over_a_limit) << program;
}

// What they made may be nested too deep to be freed: then it is lost.
TEST(JqGuard, ProgramsThatNestWithoutEndEnd) {
  for (const std::string_view program :
       {"until(false; [.])", "until(false; {a: .})", "last(recurse([.]))"}) {
    const auto values = Expression::compile(program, tight)->evaluate("1", {});
    ASSERT_FALSE(values) << program;
    EXPECT_THAT(values.error().message, over_a_limit) << program;
  }
}

TEST(JqGuard, TheTimeLimitIsTheThreadsOwnAndCloselyKept) {
  const auto expression = Expression::compile("def f: f; f", tight);
  const auto used = [] {
    rusage usage{};
    ::getrusage(RUSAGE_THREAD, &usage);
    return std::chrono::seconds(usage.ru_utime.tv_sec) +
           std::chrono::microseconds(usage.ru_utime.tv_usec);
  };
  const auto before = used();
  EXPECT_FALSE(expression->evaluate("1", {}));
  const auto took = used() - before;
  EXPECT_GE(took, tight.time - 10ms);
  EXPECT_LT(took, 5000ms);
}

TEST(JqGuard, FunctionsOfLibjqThatLoopForEverAreLeft) {
  EXPECT_THAT(why_not("del(.[nan])", "[1]"), over_a_limit);
  EXPECT_EQ(why_not(".a - .b",
                    [] {
                      std::string many = "0";
                      for (int i = 0; i < 30'000; ++i) many += ",0";
                      std::string ones = "1";
                      for (int i = 0; i < 30'000; ++i) ones += ",1";
                      return "{\"a\":[" + many + "],\"b\":[" + ones + "]}";
                    }()),
            "jq: took longer than 50 ms");
  EXPECT_THAT(why_not("indices(\"\")", "\"a\""), over_a_limit);
}

TEST(JqGuard, MemoryIsBounded) {
  constexpr Limits unhurried{.time = 30'000ms, .memory = tight.memory};
  for (const std::string_view program :
       {"\"x\" * 1e9", ".[1000000000] = 1", "[range(1e7)]", "[range(1e7) | tostring]",
        "reduce range(60) as $i (1; [., .]) | tojson", "[limit(1e7; repeat(\"x\"))] | add",
        "reduce range(40) as $i (\"x\"; . + .)", "[range(1e6)] | [., .] | map(sort)"})
    EXPECT_EQ(why_not(program, "null", unhurried), "jq: needs more than 16 MiB of memory")
        << program;
  EXPECT_EQ(why_not("reduce range(60) as $i (1; [., .])", "null", unhurried),
            "jq: gives more than 16 MiB, or deeper than 256 levels");
}

TEST(JqGuard, DataThatGrowsInMemoryIsBounded) {
  std::string many = "[{}";
  for (int i = 0; i < 200'000; ++i) many += ",{}";
  EXPECT_EQ(why_not("length", many + "]", {.time = 30'000ms, .memory = tight.memory}),
            "jq: needs more than 16 MiB of memory");
}

TEST(JqGuard, AFailedAssertionOfLibjqIsAnError) {
  EXPECT_THAT(why_not("todate", "1e19"), HasSubstr("jq: libjq gave up: "));
  EXPECT_THAT(why_not(".[nan:]", "[1, 2]"), HasSubstr("jq: libjq gave up: "));
}

TEST(JqGuard, ValuesNestedDeepDoNotUseUpTheStack) {
  constexpr Limits roomy{.time = 30'000ms, .memory = std::size_t{1} << 30};
  for (const std::string_view program : {"reduce range(1000000) as $i (1; [.]) | length",
                                         "reduce range(600000) as $i (1; {a: .}) | length"}) {
    const auto values = Expression::compile(program, roomy)->evaluate("1", {});
    ASSERT_FALSE(values);
    EXPECT_EQ(values.error().message, "jq: a value is nested too deep");
  }
  const auto values =
      Expression::compile("reduce range(20000) as $i (1; [.]) | length", roomy)->evaluate("1", {});
  EXPECT_EQ(values->at(0).text, "1");
}

TEST(JqGuard, AnExpressionThatLosesMemoryAgainAndAgainIsStopped) {
  const auto expression = Expression::compile(
      "[range(1000) | tostring] as $held | todate | [$held]", {.memory = 1 << 20});
  int left = 0;
  while (left < 1'000) {
    const auto values = expression->evaluate("1e19", {});
    ASSERT_FALSE(values);
    if (values.error().fault == Fault::bad_config) break;
    ++left;
  }
  EXPECT_GT(left, 3);
  EXPECT_LT(left, 1'000);
}

}  // namespace
}  // namespace tidemill::expression
