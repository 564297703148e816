#include "timetable.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <string>
#include <vector>

#include "template_text/utc_text.h"

namespace tidemill::schedule {
namespace {

using namespace std::chrono_literals;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

Seconds at(std::string_view text) {
  return Seconds(std::chrono::seconds(template_text::utc_micros(text).value() / 1'000'000));
}

Timetable timetable(std::string_view expression, Timetable::Terms terms = {}) {
  auto parsed = parse_expression(expression);
  EXPECT_TRUE(parsed) << expression;
  auto made = Timetable::make(std::move(parsed.value()), terms);
  EXPECT_TRUE(made) << (made ? "" : made.error().message);
  return std::move(made.value());
}

std::vector<Seconds> between(const Timetable& of, std::string_view from, std::string_view to) {
  std::vector<Seconds> found;
  for (auto next = of.next_from(at(from)); next && *next < at(to); next = of.next(*next))
    found.push_back(*next);
  return found;
}

// 02:00 to 03:00 is skipped on 2025-03-30, and comes twice on 2025-10-26.
const Timetable::Terms berlin{.timezone = "Europe/Berlin"};

TEST(Timetable, ALocalTimeThatIsSkippedHasNoInstant) {
  const auto quarters = timetable("cron(0/15 1-3 * * ? *)", berlin);
  EXPECT_THAT(between(quarters, "2025-03-30", "2025-03-30T12:00:00Z"),
              ElementsAre(at("2025-03-30T00:00:00Z"), at("2025-03-30T00:15:00Z"),
                          at("2025-03-30T00:30:00Z"), at("2025-03-30T00:45:00Z"),
                          at("2025-03-30T01:00:00Z"), at("2025-03-30T01:15:00Z"),
                          at("2025-03-30T01:30:00Z"), at("2025-03-30T01:45:00Z")));
  EXPECT_FALSE(timetable("at(2025-03-30T02:30:00)", berlin).next(at("2025-01-01")));
}

TEST(Timetable, ALocalTimeThatComesTwiceHasItsFirstInstant) {
  const auto halves = timetable("cron(0/30 2 * * ? *)", berlin);
  EXPECT_THAT(between(halves, "2025-10-26", "2025-10-27"),
              ElementsAre(at("2025-10-26T00:00:00Z"), at("2025-10-26T00:30:00Z")));
  // Also when asked from within the second time.
  EXPECT_EQ(halves.next(at("2025-10-26T01:10:00Z")), at("2025-10-27T01:00:00Z"));
  EXPECT_EQ(timetable("at(2025-10-26T02:30:00)", berlin).next(at("2025-01-01")),
            at("2025-10-26T00:30:00Z"));
}

TEST(Timetable, UnixCronGoesByTheSameClock) {
  EXPECT_EQ(timetable("30 2 * * *", berlin).next(at("2025-03-29T12:00:00Z")),
            at("2025-03-31T00:30:00Z"));
}

TEST(Timetable, EvenlySpacedInstantsKnowNoDaylightSavingAndCountFromTheirStart) {
  EXPECT_THAT(between(timetable("rate(1 day)", berlin), "2025-10-25T01:00:00Z", "2025-10-28"),
              ElementsAre(at("2025-10-26"), at("2025-10-27")));
  const auto from = timetable("rate(7 hours)", {.start = at("2025-01-01T05:00:00Z")});
  EXPECT_THAT(between(from, "2024-12-31", "2025-01-02"),
              ElementsAre(at("2025-01-01T05:00:00Z"), at("2025-01-01T12:00:00Z"),
                          at("2025-01-01T19:00:00Z")));
  EXPECT_EQ(timetable("rate(1 second)").next(at("2025-01-01")), at("2025-01-01T00:00:01Z"));
}

TEST(Timetable, NothingIsBeforeItsStartOrBehindItsEnd) {
  const auto bounded = timetable(
      "0 12 * * *", {.start = at("2025-01-02T12:00:00Z"), .end = at("2025-01-03T12:00:00Z")});
  EXPECT_THAT(between(bounded, "2025-01-01", "2026-01-01"),
              ElementsAre(at("2025-01-02T12:00:00Z"), at("2025-01-03T12:00:00Z")));
}

TEST(Timetable, TheLatestOfALongTimeAreFoundWithoutAskingForAll) {
  const auto minutes = timetable("* * * * *");
  EXPECT_EQ(minutes.latest(at("2001-01-01"), at("2025-01-01"), 3), at("2024-12-31T23:57:00Z"));
  const auto years = timetable("0 0 1 1 *");
  EXPECT_EQ(years.latest(at("2001-01-01"), at("2025-01-01"), 3), at("2022-01-01"));
  EXPECT_EQ(years.latest(at("2023-06-01"), at("2025-01-01"), 3), at("2024-01-01"));
  EXPECT_FALSE(years.latest(at("2024-06-01"), at("2025-01-01"), 3));
}

TEST(Timetable, AZoneThatIsNoneIsASentence) {
  const auto made = Timetable::make(Every{1s}, {.timezone = "Europe/Berlim"});
  ASSERT_FALSE(made);
  EXPECT_EQ(made.error().fault, Fault::bad_config);
  EXPECT_THAT(made.error().message, HasSubstr("such as Europe/Berlin; got Europe/Berlim"));
}

}  // namespace
}  // namespace tidemill::schedule
