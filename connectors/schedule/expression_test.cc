#include "expression.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "timetable.h"

namespace tidemill::schedule {
namespace {

using namespace std::chrono_literals;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

std::string error_of(std::string_view text) {
  const auto parsed = parse_expression(text);
  EXPECT_FALSE(parsed) << text;
  if (parsed) return {};
  EXPECT_EQ(parsed.error().fault, Fault::bad_config);
  return parsed.error().message;
}

// The days of the next instants behind 2026-01-01T00:00:00Z.
std::vector<std::string> days(std::string_view text, std::size_t count) {
  auto expression = parse_expression(text);
  EXPECT_TRUE(expression) << (expression ? "" : expression.error().message);
  if (!expression) return {};
  const auto timetable = Timetable::make(std::move(*expression), {});
  std::vector<std::string> found;
  Seconds at{std::chrono::sys_days(2026y / 1 / 1)};
  while (found.size() < count) {
    const auto next = timetable->next(at);
    if (!next) break;
    at = *next;
    const std::chrono::year_month_day date(std::chrono::floor<std::chrono::days>(at));
    found.push_back(std::to_string(int{date.year()}) + "-" +
                    std::to_string(unsigned{date.month()}) + "-" +
                    std::to_string(unsigned{date.day()}));
  }
  return found;
}

TEST(Expression, DaysOfAwsCountFromSundayAndMayBeNamed) {
  EXPECT_THAT(days("cron(0 0 ? * 1 *)", 2), ElementsAre("2026-1-4", "2026-1-11"));
  EXPECT_THAT(days("cron(0 0 ? * mon *)", 1), ElementsAre("2026-1-5"));
  EXPECT_THAT(days("cron(0 5 ? JAN 1-5 2026)", 6),
              ElementsAre("2026-1-1", "2026-1-4", "2026-1-5", "2026-1-6", "2026-1-7", "2026-1-8"));
}

TEST(Expression, TheNthWeekdayIsSkippedInMonthsWithoutIt) {
  EXPECT_THAT(days("cron(0 2 ? * 7#5 2026)", 9),
              ElementsAre("2026-1-31", "2026-5-30", "2026-8-29", "2026-10-31"));
  EXPECT_THAT(days("cron(0 2 ? * SAT#3 *)", 3), ElementsAre("2026-1-17", "2026-2-21", "2026-3-21"));
}

TEST(Expression, TheLastWeekdayOfTheMonth) {
  EXPECT_THAT(days("cron(15 10 ? * 6L 2026)", 3),
              ElementsAre("2026-1-30", "2026-2-27", "2026-3-27"));
  EXPECT_THAT(days("cron(15 10 ? * FRIL 2026)", 1), ElementsAre("2026-1-30"));
  EXPECT_THAT(days("cron(0 8 LW * ? *)", 3), ElementsAre("2026-1-30", "2026-2-27", "2026-3-31"));
}

TEST(Expression, TheNearestWorkingDayStaysWithinItsMonth) {
  EXPECT_THAT(days("cron(0 8 15W 2,3,8,11 ? 2026)", 4),
              ElementsAre("2026-2-16", "2026-3-16", "2026-8-14", "2026-11-16"));
  EXPECT_THAT(days("cron(0 8 1W 8 ? 2026)", 1), ElementsAre("2026-8-3"));    // The 1st: Saturday.
  EXPECT_THAT(days("cron(0 8 31W 5 ? 2026)", 1), ElementsAre("2026-5-29"));  // The 31st: Sunday.
  EXPECT_THAT(days("cron(0 8 31W * ? 2026)", 2), ElementsAre("2026-1-30", "2026-3-31"));
}

TEST(Expression, TheLastDayOfTheMonthAndDaysBeforeIt) {
  EXPECT_THAT(days("cron(0 0 L 2 ? 2026-2028)", 4),
              ElementsAre("2026-2-28", "2027-2-28", "2028-2-29"));
  EXPECT_THAT(days("cron(0 0 L-30 * ? 2026)", 2), ElementsAre("2026-3-1", "2026-5-1"));
}

TEST(Expression, OfUnixADayMatchesEitherOfTwoRestrictedFields) {
  EXPECT_THAT(days("0 12 13 * 5", 4),
              ElementsAre("2026-1-2", "2026-1-9", "2026-1-13", "2026-1-16"));
  EXPECT_THAT(days("0 12 */10 * 5", 2), ElementsAre("2026-5-1", "2026-7-31"));
  EXPECT_EQ(days("0 0 * * 7", 3), days("0 0 * * SUN", 3));
  EXPECT_EQ(days("@weekly", 3), days("0 0 * * 0", 3));
}

TEST(Expression, ThatNeverComesHasNoInstant) {
  EXPECT_THAT(days("cron(0 0 30 2 ? *)", 1), ElementsAre());
  EXPECT_THAT(days("cron(0 0 1 1 ? 2020)", 1), ElementsAre());
  EXPECT_THAT(days("at(2026-01-01T00:00:00)", 1), ElementsAre());
  EXPECT_THAT(days("at(2026-01-01T00:00:01)", 2), ElementsAre("2026-1-1"));
}

TEST(Expression, WhatIsWrongIsASentenceWithItsColumn) {
  EXPECT_EQ(error_of("cron(0 24 * * ? *)"), "column 8: hour: expected 0 to 23; got 24");
  EXPECT_EQ(error_of("cron(0 0 ? * MON,XYZ *)"),
            "column 18: day of week: expected 1 to 7, SUN to SAT; got XYZ");
  EXPECT_EQ(
      error_of("cron(0 12 * * * *)"),
      "column 15: one of day of month and day of week has to be ?, the one that says nothing");
  EXPECT_THAT(error_of("cron(0 12 ? * ? *)"), HasSubstr("column 15: only one of the two"));
  EXPECT_THAT(error_of("cron(0 12 * * ?)"), HasSubstr("column 16: expected 6 fields"));
  EXPECT_THAT(error_of("cron(0 0 12 * * ? *)"), HasSubstr("column 19: expected 6 fields"));
  EXPECT_THAT(error_of("cron()"), HasSubstr("column 6: expected 6 fields"));
  EXPECT_THAT(error_of("0 12 * * ? *"), HasSubstr("write cron(0 12 * * ? *)"));
  EXPECT_THAT(error_of("0 12 ? * *"), HasSubstr("column 6: day of month: expected 1 to 31; got ?"));
  EXPECT_THAT(error_of("0 12 1,,2 * *"), HasSubstr("column 8: day of month: an item"));
  EXPECT_THAT(error_of("0 5-3 * * *"), HasSubstr("column 3: hour: 5-3 goes down"));
  EXPECT_THAT(error_of("*/0 * * * *"), HasSubstr("column 3: minute: expected a step of 1 to 60"));
  EXPECT_THAT(error_of("*/61 * * * *"), HasSubstr("expected a step"));
  EXPECT_THAT(error_of("0 99999999999 * * *"), HasSubstr("column 3: hour: expected"));
  EXPECT_THAT(error_of("cron(0 0 1,L * ? *)"), HasSubstr("column 10: day of month: L and W stand"));
  EXPECT_THAT(error_of("cron(0 0 L-31 * ? *)"), HasSubstr("L-1 to L-30"));
  EXPECT_THAT(error_of("cron(0 0 W * ? *)"), HasSubstr("stand alone"));
  EXPECT_THAT(error_of("cron(0 0 ? * 2#6 *)"), HasSubstr("column 15: day of week: expected #1"));
  EXPECT_THAT(error_of("cron(0 0 ? * 2,3L *)"), HasSubstr("column 14: day of week: expected 1"));
  EXPECT_THAT(error_of("rate(1 minutes)"), HasSubstr("column 8: 1 takes the singular"));
  EXPECT_THAT(error_of("rate(5 minute)"), HasSubstr("write minutes"));
  EXPECT_THAT(error_of("rate(5 weeks)"), HasSubstr("column 8: expected a whole number"));
  EXPECT_THAT(error_of("rate(0 minutes)"), HasSubstr("column 6: expected a whole number"));
  EXPECT_THAT(error_of("rate(99999999999 days)"), HasSubstr("more than 100 years"));
  EXPECT_THAT(error_of("at(2030-02-30T10:15:00)"), HasSubstr("column 4: there is no such time"));
  EXPECT_THAT(error_of("at(2030-02-03)"), HasSubstr("expected a local time"));
  EXPECT_THAT(error_of("@reboot"), HasSubstr("column 1: expected cron"));
  EXPECT_THAT(error_of("CRON(0 0 * * ? *)"), HasSubstr("column 1: expected cron"));
}

}  // namespace
}  // namespace tidemill::schedule
