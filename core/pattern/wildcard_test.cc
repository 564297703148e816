#include "core/pattern/wildcard.h"

#include <gmock/gmock.h>

namespace tidemill::pattern {
namespace {

using ::testing::HasSubstr;
using ::testing::Optional;

bool matches(std::string_view wildcard, std::string_view value) {
  EXPECT_EQ(Wildcard::problem(wildcard), std::nullopt);
  return Wildcard(wildcard).matches(value);
}

std::size_t alone(const std::string& wildcard) {
  const std::vector<std::vector<std::string>> one = {{wildcard}};
  return complexity(one, 100);
}

TEST(PatternWildcard, AStarStandsForAnyRunTheEmptyOneIncluded) {
  EXPECT_TRUE(matches("a*c", "ac"));
  EXPECT_TRUE(matches("a*c", "abbc"));
  EXPECT_FALSE(matches("a*c", "abcd"));
  EXPECT_TRUE(matches("*.jpg", ".jpg"));
  EXPECT_FALSE(matches("*.jpg", "x.JPG"));
  EXPECT_TRUE(matches("dir/*", "dir/"));
  EXPECT_TRUE(matches("*", ""));
  EXPECT_TRUE(matches("*b*", "abc"));
  EXPECT_FALSE(matches("*b*", "ac"));
}

TEST(PatternWildcard, PartsFollowOneAnotherWithoutOverlap) {
  EXPECT_FALSE(matches("aba*aba", "ababa"));
  EXPECT_TRUE(matches("aba*aba", "abaaba"));
  EXPECT_TRUE(matches("*ab*ab*", "abab"));
  EXPECT_FALSE(matches("*ab*ab*", "aab"));
  EXPECT_TRUE(matches("a*b*c", "a-b-b-c"));
  EXPECT_FALSE(matches("a*b*c", "a-c-b"));
}

TEST(PatternWildcard, WithoutAStarItIsTheTextItself) {
  EXPECT_TRUE(matches("abc", "abc"));
  EXPECT_FALSE(matches("abc", "abcd"));
  EXPECT_TRUE(matches("", ""));
  EXPECT_FALSE(matches("", "a"));
}

TEST(PatternWildcard, ABackslashMakesAStarAndABackslashPlain) {
  EXPECT_TRUE(matches(R"(a\*b*)", "a*bc"));
  EXPECT_FALSE(matches(R"(a\*b*)", "axbc"));
  EXPECT_TRUE(matches(R"(c:\\*)", R"(c:\dir)"));
  EXPECT_TRUE(matches(R"(*\**)", "a*b"));
  EXPECT_FALSE(matches(R"(*\**)", "ab"));
}

TEST(PatternWildcard, SaysWhatIsWrong) {
  EXPECT_THAT(Wildcard::problem("a**b"), Optional(HasSubstr("two stars in a row, at character 2")));
  EXPECT_THAT(Wildcard::problem(R"(a\b)"), Optional(HasSubstr("a backslash at character 2")));
  EXPECT_THAT(Wildcard::problem("a\\"), Optional(HasSubstr("a backslash at character 2")));
  EXPECT_EQ(Wildcard::problem(R"(\**)"), std::nullopt);
}

TEST(PatternWildcard, IsLinearInWhatItLooksAt) {
  const std::string value(1 << 20, 'a');
  EXPECT_FALSE(matches("*" + std::string(1 << 16, 'a') + "b*", value));
}

// The figures of event-ruler's own tests.
TEST(WildcardComplexity, CountsTheBeginningsThatMatchAtOnce) {
  EXPECT_EQ(alone("a*b*b"), 4U);
  std::string stars = "*";
  for (int i = 0; i < 40; ++i) stars += "a*";
  EXPECT_EQ(alone(stars), 81U);
  EXPECT_EQ(complexity(
                std::vector<std::vector<std::string>>{{"*aa*"}, {"*ba*"}, {"*ca*"}, {"*da*"}}, 100),
            12U);
}

TEST(WildcardComplexity, WildcardsOfOneAlternativeShareTheirBeginnings) {
  const std::vector<std::string> texts = {"*kiwi*", "*BASE_QuxB*", "*Delta*",
                                          "*a/example-lake-abc98765432*"};
  EXPECT_EQ(complexity(std::vector<std::vector<std::string>>{texts}, 100), 7U);
  std::vector<std::vector<std::string>> apart;
  for (const std::string& text : texts) apart.push_back({text});
  EXPECT_EQ(complexity(apart, 100), 12U);
}

TEST(WildcardComplexity, FindsWhatAwsRefuses) {
  EXPECT_GT(alone("*:*:*:*:*:event-bus/*"), complexity_max);
  EXPECT_LE(alone("arn:aws:events:us-east-1:*:event-bus/*"), complexity_max);
}

TEST(WildcardComplexity, StopsAtItsLimit) {
  std::vector<std::vector<std::string>> many;
  for (int i = 0; i < 200; ++i) many.push_back({"*" + std::to_string(i) + "*"});
  EXPECT_EQ(complexity(many, 10), 11U);
}

}  // namespace
}  // namespace tidemill::pattern
