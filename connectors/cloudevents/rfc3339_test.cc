#include "rfc3339.h"

#include <gtest/gtest.h>

namespace tidemill::cloudevents {
namespace {

TEST(Rfc3339, ATimeIsMicrosecondsSince1970) {
  EXPECT_EQ(parse_rfc3339("1970-01-01T00:00:00Z"), 0);
  EXPECT_EQ(parse_rfc3339("2018-04-05T17:31:00Z"), 1'522'949'460'000'000);
  EXPECT_EQ(parse_rfc3339("2018-04-05t17:31:00z"), 1'522'949'460'000'000);
  EXPECT_EQ(parse_rfc3339("2024-02-29T23:59:59Z"), 1'709'251'199'000'000);
  EXPECT_EQ(parse_rfc3339("1969-12-31T23:59:59Z"), -1'000'000);
}

TEST(Rfc3339, FractionsHaveAsManyDigitsAsOneLikes) {
  EXPECT_EQ(parse_rfc3339("1970-01-01T00:00:01.5Z"), 1'500'000);
  EXPECT_EQ(parse_rfc3339("1970-01-01T00:00:00.000042Z"), 42);
  EXPECT_EQ(parse_rfc3339("1970-01-01T00:00:00.1234567890123Z"), 123'456);
}

TEST(Rfc3339, OffsetsAreTakenOff) {
  EXPECT_EQ(parse_rfc3339("2018-04-05T19:31:00+02:00"), 1'522'949'460'000'000);
  EXPECT_EQ(parse_rfc3339("2018-04-05T12:01:00-05:30"), 1'522'949'460'000'000);
}

TEST(Rfc3339, ALeapSecondIsTheNextMinute) {
  EXPECT_EQ(parse_rfc3339("2016-12-31T23:59:60Z"), 1'483'228'800'000'000);
}

TEST(Rfc3339, OtherTextsAreNoTimes) {
  for (const auto text :
       {"", "yesterday", "2018-04-05", "2018-04-05T17:31:00", "2018-04-05 17:31:00Z",
        "2018-04-05T17:31Z", "2018-4-05T17:31:00Z", "2018-02-30T00:00:00Z", "2018-13-01T00:00:00Z",
        "2018-04-05T24:00:00Z", "2018-04-05T17:60:00Z", "2018-04-05T17:31:61Z",
        "2018-04-05T17:31:00.Z", "2018-04-05T17:31:00+0200", "2018-04-05T17:31:00+24:00",
        "2018-04-05T17:31:00Zx", " 2018-04-05T17:31:00Z", "+018-04-05T17:31:00Z"})
    EXPECT_EQ(parse_rfc3339(text), std::nullopt) << text;
}

}  // namespace
}  // namespace tidemill::cloudevents
