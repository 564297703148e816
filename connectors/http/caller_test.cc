#include "caller.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace tidemill::http {
namespace {

Callers callers(const CallerOptions& options) {
  auto made = Callers::make(options);
  EXPECT_TRUE(made) << made.error().message;
  return std::move(*made);
}

std::string who(const CallerOptions& options, const std::vector<HttpHeader>& headers) {
  const Callers known = callers(options);
  return std::string(known.who(headers).value_or("nobody"));
}

const CallerOptions everybody{.api_keys = {{"mobile:k-1"}, {"partner:k-2"}, {"mobile:k-3"}},
                              .bearer = {{"ci:t:1"}},
                              .basic = {{"ann:pass:word"}}};

TEST(Callers, AKeyBelongsToAName) {
  EXPECT_EQ(who(everybody, {{"X-Api-Key", "k-1"}}), "mobile");
  EXPECT_EQ(who(everybody, {{"Host", "a"}, {"x-api-key", "k-2"}}), "partner");
  EXPECT_EQ(who(everybody, {{"x-api-key", "k-3"}}), "mobile");
}

TEST(Callers, WhoSendsNoSecretThatIsRightIsNobody) {
  EXPECT_EQ(who(everybody, {}), "nobody");
  for (const auto key : {"", "k", "k-11", "K-1", "mobile", "mobile:k-1", "t:1", "ann:pass:word"})
    EXPECT_EQ(who(everybody, {{"x-api-key", key}}), "nobody") << key;
  for (const auto sent : {"Bearer", "Bearer ", "Bearer t", "Bearer k-1", "Bearert:1", "t:1",
                          "Basic", "Basic t:1", "Basic ?", "Basic YW5uOnBhc3M=", "Digest x"})
    EXPECT_EQ(who(everybody, {{"authorization", sent}}), "nobody") << sent;
}

TEST(Callers, ABearerTokenBelongsToAName) {
  EXPECT_EQ(who(everybody, {{"Authorization", "Bearer t:1"}}), "ci");
  EXPECT_EQ(who(everybody, {{"Authorization", "bearer  t:1"}}), "ci");
}

TEST(Callers, ALoginIsItsName) {
  EXPECT_EQ(who(everybody, {{"Authorization", "Basic YW5uOnBhc3M6d29yZA=="}}), "ann");
}

TEST(Callers, AKeyThatIsWrongLeavesTheOtherWays) {
  EXPECT_EQ(who(everybody, {{"x-api-key", "k-9"}, {"authorization", "Bearer t:1"}}), "ci");
}

TEST(Callers, KeysMayStandInAnotherHeader) {
  auto options = everybody;
  options.header = "X-Token";

  EXPECT_EQ(who(options, {{"x-token", "k-1"}}), "mobile");
  EXPECT_EQ(who(options, {{"x-api-key", "k-1"}}), "nobody");
}

TEST(Callers, AreToldHowToShowWhoTheyAre) {
  EXPECT_EQ(callers(everybody).challenge(), "Bearer, Basic realm=\"tidemill\"");
  EXPECT_EQ(callers({.bearer = {{"a:1"}}}).challenge(), "Bearer");
  EXPECT_EQ(callers({.basic = {{"a:1"}}}).challenge(), "Basic realm=\"tidemill\"");
  EXPECT_EQ(callers({.api_keys = {{"a:1"}}}).challenge(), "");
}

TEST(CallerOptions, AreReadFromTheirGroup) {
  const auto made = caller_spec().make({{"api_keys", "mobile:k-1"}, {"api_keys", "partner:k-2"}});

  ASSERT_TRUE(made);
  EXPECT_TRUE(made->on());
  EXPECT_EQ(who(*made, {{"x-api-key", "k-2"}}), "partner");
  EXPECT_FALSE(caller_spec().make({})->on());
  EXPECT_FALSE(caller_spec().make({{"header", ""}}));
}

TEST(CallerOptions, EntriesThatAreNoneAreRefusedWithoutBeingShown) {
  const auto why = [](const CallerOptions& options) {
    const auto made = Callers::make(options);
    return made ? std::string() : made.error().message;
  };
  const std::string expected =
      "auth.api_keys, entry 2: expected NAME:SECRET, neither of them empty, such as "
      "mobile:${MOBILE_KEY}";

  for (const auto entry : {"", "s3cr3t", ":s3cr3t", "mobile:"})
    EXPECT_EQ(why({.api_keys = {{"a:1"}, {entry}}}), expected) << entry;
  EXPECT_EQ(why({.bearer = {{"a:s3cr3t"}, {"b:s3cr3t"}}}),
            "auth.bearer, entry 2: another entry has the same secret");
  EXPECT_EQ(why({.api_keys = {{"a:1"}}, .bearer = {{"a:1"}}, .basic = {{"a:1"}, {"b:1"}}}), "");
}

}  // namespace
}  // namespace tidemill::http
