// Random patterns over random events, many at once: the set answers what each pattern answers by
// the plain reading of the language. Few names and values, so that most things happen to meet.
#include <gtest/gtest.h>
#include <simdjson.h>

#include <array>
#include <cstdint>
#include <random>
#include <string>
#include <string_view>
#include <vector>

#include "core/pattern/compile.h"
#include "core/pattern/pattern_set.h"
#include "core/pattern/testing/naive.h"

namespace tidemill::pattern {
namespace {

class Writer {
 public:
  explicit Writer(std::uint32_t seed) : random_(seed) {}

  std::uint32_t below(std::uint32_t limit) {
    return std::uniform_int_distribution<std::uint32_t>(0, limit - 1)(random_);
  }

  std::string event() { return object(3); }

  std::string pattern() {
    std::string out;
    for (std::uint32_t fields = 1 + below(4); fields > 0; --fields)
      out += (out.empty() ? "" : ",") + pattern_field(3);
    return "{" + out + "}";
  }

 private:
  template <std::size_t n>
  std::string pick(const std::array<std::string_view, n>& from) {
    return std::string(from[below(n)]);
  }

  std::string name() {
    if (below(4) > 0) return below(2) == 0 ? R"("a")" : R"("b")";
    return pick(
        std::array<std::string_view, 5>{R"("c")", R"("a.b")", R"("a-")", R"("")", R"("b.a")"});
  }

  std::string value() {
    return pick(std::array<std::string_view, 21>{R"("x")",   R"("xy")",  R"("xyx")",
                                                 R"("XY")",  R"("")",    R"("10.0.0.7")",
                                                 R"("::1")", R"("y*x")", R"("\u00c4x")",
                                                 "0",        "1",        "1.5",
                                                 "-0.0",     "1e3",      "null",
                                                 "true",     "false",    "[]",
                                                 "{}",       "1000",     "1152921504606846977"});
  }

  std::string object(std::uint32_t depth) {
    std::string out;
    for (std::uint32_t fields = 1 + below(4); fields > 0; --fields)
      out += (out.empty() ? "" : ",") + name() + ":" + any(depth == 0 ? 0 : depth - 1);
    return "{" + out + "}";
  }

  std::string any(std::uint32_t depth) {
    const std::uint32_t kind = depth == 0 ? 3 : below(4);
    if (kind == 0) return object(depth);
    if (kind > 2) return value();
    std::string out;
    for (std::uint32_t items = below(4); items > 0; --items)
      out += (out.empty() ? "" : ",") + (below(2) == 0 ? object(depth) : any(depth - 1));
    return "[" + out + "]";
  }

  std::string pattern_field(std::uint32_t depth) {
    const std::uint32_t kind = depth == 0 ? 5 : below(8);
    if (kind == 0 && depth > 1)
      return R"("$or":[{)" + pattern_field(depth - 1) + "},{" + pattern_field(depth - 1) + "," +
             pattern_field(depth - 1) + "}]";
    if (kind > 3) return name() + ":[" + terms() + "]";
    return name() + ":{" + pattern_field(depth - 1) + "," + pattern_field(depth - 1) + "}";
  }

  std::string terms() {
    std::string out = term();
    for (std::uint32_t more = below(3); more > 1; --more) out += "," + term();
    return out;
  }

  std::string text() {
    return pick(std::array<std::string_view, 6>{R"("x")", R"("y")", R"("xy")", R"("yx")",
                                                R"("XYX")", R"("\u00e4")"});
  }

  std::string wildcard() {
    return pick(std::array<std::string_view, 8>{R"("*")", R"("x*")", R"("*x")", R"("*y*")",
                                                R"("x*x")", R"("")", R"("y\\*x")", R"("*x*y*")"});
  }

  std::string term() {
    switch (below(14)) {
      case 0:
        return R"({"prefix":)" + text() + "}";
      case 1:
        return R"({"suffix":)" + text() + "}";
      case 2:
        return R"({"equals-ignore-case":)" + text() + "}";
      case 3:
        return R"({"prefix":{"equals-ignore-case":)" + text() + "}}";
      case 4:
        return R"({"suffix":{"equals-ignore-case":)" + text() + "}}";
      case 5:
        return R"({"wildcard":)" + wildcard() + "}";
      case 6:
        return pick(std::array<std::string_view, 4>{
            R"({"numeric":[">",0]})", R"({"numeric":["<=",1.5]})",
            R"({"numeric":[">=",1,"<",1000]})", R"({"numeric":["=",1]})"});
      case 7:
        return R"({"exists":true})";
      case 8:
      case 9:
        return R"({"exists":false})";
      case 10:
        return pick(std::array<std::string_view, 6>{
            R"({"anything-but":"x"})", R"({"anything-but":[1,0]})",
            R"({"anything-but":["x","xy"]})", R"({"anything-but":{"prefix":"x"}})",
            R"({"anything-but":{"wildcard":["*y*","x"]}})",
            R"({"anything-but":{"equals-ignore-case":"xy"}})"});
      case 11:
        return pick(std::array<std::string_view, 3>{R"({"cidr":"10.0.0.0/8"})",
                                                    R"({"cidr":"::/64"})", R"("10.0.0.7")"});
      default: {
        const std::string literal = value();
        return literal == "[]" || literal == "{}" ? "null" : literal;
      }
    }
  }

  std::mt19937 random_;
};

class Agreement : public ::testing::TestWithParam<std::uint32_t> {};

TEST_P(Agreement, ManyPatternsAtOnceAnswerWhatEachMeans) {
  PatternSet::Scratch scratch;
  simdjson::dom::parser parser;
  std::uint64_t matched = 0;
  for (std::uint32_t round = 0; round < 40; ++round) {
    Writer writer(GetParam() * 1000 + round);
    std::vector<Pattern> patterns;
    std::vector<std::string> texts;
    for (std::uint32_t i = 1 + writer.below(30); i > 0; --i) {
      texts.push_back(writer.pattern());
      const auto compiled = compile(texts.back());
      ASSERT_TRUE(compiled.has_value()) << compiled.error().message << "\n" << texts.back();
      patterns.push_back(*compiled);
    }
    const PatternSet set(patterns);
    for (int events = 0; events < 40; ++events) {
      const std::string event = writer.event();
      const auto found = set.match(event, scratch);
      ASSERT_TRUE(found.has_value()) << event;
      const testing::NaiveEvent naive(parser.parse(event).value_unsafe());
      std::vector<std::uint32_t> expected;
      for (std::uint32_t i = 0; i < patterns.size(); ++i)
        if (testing::Naive(patterns[i], naive).matches(1'000'000).value()) expected.push_back(i);
      const std::vector<std::uint32_t> got(found->begin(), found->end());
      for (std::uint32_t i = 0; i < patterns.size() && got != expected; ++i)
        EXPECT_EQ(std::ranges::count(got, i), std::ranges::count(expected, i)) << texts[i] << "\n"
                                                                               << event;
      ASSERT_EQ(got, expected);
      matched += got.size();
    }
  }
  // Else the patterns and events would have nothing to do with each other.
  EXPECT_GT(matched, 300U);
}

INSTANTIATE_TEST_SUITE_P(Seeds, Agreement, ::testing::Range(1U, 9U));

}  // namespace
}  // namespace tidemill::pattern
