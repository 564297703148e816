#include "template_payload.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <map>
#include <set>
#include <string>

#include "utc_text.h"

namespace tidemill::template_text {
namespace {

using ::testing::HasSubstr;
using ::testing::MatchesRegex;

// The first events of a template.
std::vector<std::string> made(std::string_view text, std::uint64_t count,
                              TemplatePayload::Terms terms = {}) {
  const auto payload = TemplatePayload::parse(text, terms);
  EXPECT_TRUE(payload) << payload.error().message;
  std::vector<std::string> events;
  std::string room;
  for (std::uint64_t index = 0; payload && index < count; ++index) {
    room.assign((*payload)->bytes_max(), '\0');
    const auto written = (*payload)->write(index, room.data());
    EXPECT_LE(written.text.size(), (*payload)->bytes_max());
    events.emplace_back(written.text);
  }
  return events;
}

std::string error_of(std::string_view text) {
  const auto payload = TemplatePayload::parse(text, {});
  EXPECT_FALSE(payload) << text;
  if (payload) return {};
  EXPECT_EQ(payload.error().fault, Fault::bad_config);
  return payload.error().message;
}

TEST(TemplatePayload, TextIsAsItStands) {
  EXPECT_EQ(made("{\"a\": {}} }}", 1)[0], "{\"a\": {}} }}");
}

TEST(TemplatePayload, CountsEvents) { EXPECT_EQ(made("#{{index}}.{{ index }}", 3)[2], "#2.2"); }

TEST(TemplatePayload, IsAFunctionOfSeedAndIndexAlone) {
  constexpr std::string_view all =
      "{{uuid}} {{key}} {{choice a b c}} {{random 1 1000000}} {{text 30}} {{time}} {{time us}}";
  EXPECT_EQ(made(all, 20), made(all, 20));
  EXPECT_NE(made(all, 1, {.seed = 2}), made(all, 1));
  const auto events = made(all, 1000);
  EXPECT_EQ(std::set(events.begin(), events.end()).size(), 1000u);
}

TEST(TemplatePayload, EachPlaceholderHasDiceOfItsOwn) {
  EXPECT_THAT(made("{{text 9}} {{text 9}}", 1)[0], MatchesRegex("(.{9}) .{9}"));
  const std::string two = made("{{text 9}} {{text 9}}", 1)[0];
  EXPECT_NE(two.substr(0, 9), two.substr(10));
}

TEST(TemplatePayload, UuidsHaveTheFormOfVersion4) {
  std::set<std::string> seen;
  for (const std::string& uuid : made("{{uuid}}", 1000)) {
    EXPECT_THAT(uuid, MatchesRegex("[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-"
                                   "[0-9a-f]{12}"));
    seen.insert(uuid);
  }
  EXPECT_EQ(seen.size(), 1000u);
}

TEST(TemplatePayload, ChoosesEachWordAboutAsOften) {
  std::map<std::string, int> seen;
  for (const std::string& word : made(R"({{choice ann "bob and eve" x}})", 3000)) ++seen[word];
  ASSERT_EQ(seen.size(), 3u);
  for (const auto& [word, times] : seen) EXPECT_NEAR(times, 1000, 150) << word;
  EXPECT_EQ(seen.count("bob and eve"), 1u);
}

TEST(TemplatePayload, RandomNumbersAreWithinTheirBoundsAndReachThem) {
  std::set<int> seen;
  for (const std::string& number : made("{{random -3 4}}", 500))
    seen.insert(std::atoi(number.c_str()));
  EXPECT_EQ(seen, (std::set{-3, -2, -1, 0, 1, 2, 3, 4}));
  EXPECT_EQ(made("{{random 7 7}}", 1)[0], "7");
  for (const std::string& number : made("{{random -999999999999999999 999999999999999999}}", 100))
    EXPECT_LE(number.size(), 19u);
}

TEST(TemplatePayload, RandomNumbersHaveTheDecimalsOfTheirBounds) {
  std::set<std::string> seen;
  for (const std::string& number : made("{{random -0.05 1.5}}", 2000)) {
    EXPECT_THAT(number, MatchesRegex("-?[01]\\.[0-9]{2}"));
    seen.insert(number);
  }
  EXPECT_TRUE(seen.contains("-0.05"));
  EXPECT_TRUE(seen.contains("1.50"));
  EXPECT_EQ(seen.size(), 156u);
}

TEST(TemplatePayload, TextHasTheLengthAskedForAndNeedsNoEscape) {
  EXPECT_EQ(made("{{text 0}}", 1)[0], "");
  EXPECT_THAT(made("{{text 100}}", 1)[0], MatchesRegex("[-+a-zA-Z0-9]{100}"));
}

TEST(TemplatePayload, TimeGoesOnFromEventToEvent) {
  const TemplatePayload::Terms terms{.start_us = *utc_micros("2026-02-28T23:59:59Z"),
                                     .step_us = 500'000};
  EXPECT_EQ(made("{{time}}", 3, terms),
            (std::vector<std::string>{"2026-02-28T23:59:59.000Z", "2026-02-28T23:59:59.500Z",
                                      "2026-03-01T00:00:00.000Z"}));
  EXPECT_EQ(made("{{time s}} {{time ms}} {{time us}}", 2, {.start_us = 1'000'000, .step_us = 1})[1],
            "1 1000 1000001");
}

TEST(TemplatePayload, KeysAreAsManyAsThereShallBe) {
  std::set<std::string> seen;
  for (const std::string& key : made("{{key}}", 200, {.keys = 3})) seen.insert(key);
  EXPECT_EQ(seen, (std::set<std::string>{"key-0", "key-1", "key-2"}));
}

TEST(TemplatePayload, WhatIsWrongWithATemplateIsASentence) {
  EXPECT_THAT(error_of("{{indx}}"), HasSubstr("{{indx}}: there is no such placeholder"));
  EXPECT_THAT(error_of("a {{index"), HasSubstr("has no closing }}"));
  EXPECT_THAT(error_of("{{ }}"), HasSubstr("a placeholder has a name"));
  EXPECT_THAT(error_of("{{choice \"a}}"), HasSubstr("a quote is not closed"));
  EXPECT_THAT(error_of("{{choice}}"), HasSubstr("takes the words"));
  EXPECT_THAT(error_of("{{uuid 4}}"), HasSubstr("uuid takes nothing"));
  EXPECT_THAT(error_of("{{random 1}}"), HasSubstr("takes two numbers"));
  EXPECT_THAT(error_of("{{random 1 ten}}"), HasSubstr("takes two numbers"));
  EXPECT_THAT(error_of("{{random 1. 2}}"), HasSubstr("takes two numbers"));
  EXPECT_THAT(error_of("{{random 2 1}}"), HasSubstr("the lower one"));
  EXPECT_THAT(error_of("{{random 1 999999999999999999.9}}"), HasSubstr("takes two numbers"));
  EXPECT_THAT(error_of("{{random 0.123456789 9999999999}}"), HasSubstr("too many digits"));
  EXPECT_THAT(error_of("{{text -1}}"), HasSubstr("takes a length"));
  EXPECT_THAT(error_of("{{text 10000000}}"), HasSubstr("takes a length"));
  EXPECT_THAT(error_of("{{text 1048576}}{{text 1}}"), HasSubstr("more than 1048576 bytes"));
  EXPECT_THAT(error_of("{{time h}}"), HasSubstr("a unit"));
}

TEST(UtcText, ReadsDatesWithAndWithoutTime) {
  EXPECT_EQ(utc_micros("1970-01-01"), 0u);
  EXPECT_EQ(utc_micros("1970-01-02T00:00:01Z"), 86'401'000'000u);
  EXPECT_EQ(utc_micros("2024-02-29T23:59:59Z"), 1'709'251'199'000'000u);
  for (const char* wrong :
       {"", "2026", "2026-1-1", "2026-02-30", "1969-12-31", "2026-01-01T", "2026-01-01T24:00:00Z",
        "2026-01-01T00:00:00", "2026-01-01T00:00:00Zx", "2026-01-01 00:00:00Z", "-026-01-01"})
    EXPECT_FALSE(utc_micros(wrong)) << wrong;
}

}  // namespace
}  // namespace tidemill::template_text
