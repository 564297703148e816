#include "utc_time.h"

#include <gtest/gtest.h>

namespace tidemill::aws {
namespace {

TEST(UtcTime, IsADateATimeAndPerhapsAFraction) {
  EXPECT_EQ(parse_utc("1970-01-01T00:00:01Z")->value, 1'000'000);
  EXPECT_EQ(parse_utc("2023-11-14T22:13:20Z")->value, 1'700'000'000'000'000);
  EXPECT_EQ(parse_utc("2023-11-14T22:13:20.123Z")->value, 1'700'000'000'123'000);
  EXPECT_EQ(parse_utc("2023-11-14T22:13:20.123456789Z")->value, 1'700'000'000'123'456);
  EXPECT_TRUE(parse_utc("2024-02-29T00:00:00Z"));
}

TEST(UtcTime, IsNothingElse) {
  for (const char* text :
       {"", "Z", "2023-11-14T22:13:20", "2023-02-29T00:00:00Z", "2023-11-14 22:13:20Z",
        "2023-11-14T24:00:00Z", "2023-11-14T22:13:20.Z", "2023-11-14T22:13:20+01:00Z",
        "1969-12-31T23:59:59Z", "2o23-11-14T22:13:20Z", "2023-13-14T22:13:20Z"})
    EXPECT_FALSE(parse_utc(text)) << text;
}

TEST(UtcTime, OfAnAnswerIsThatOfHttp) {
  EXPECT_EQ(parse_http_date("Tue, 14 Nov 2023 22:13:20 GMT")->value, 1'700'000'000'000'000);
  EXPECT_EQ(parse_http_date("Thu, 01 Jan 1970 00:00:01 GMT")->value, 1'000'000);
  for (const char* text :
       {"", "Tue, 14 Nov 2023 22:13:20 UTC", "Tue, 14 nov 2023 22:13:20 GMT",
        "Tue, 1  Nov 2023 22:13:20 GMT", "Tue, 14 Nov 23 22:13:20 GMT",
        "Tuesday, 14-Nov-23 22:13:20 GMT", "Tue, 31 Feb 2023 22:13:20 GMT", "2023-11-14T22:13:20Z"})
    EXPECT_FALSE(parse_http_date(text)) << text;
}

}  // namespace
}  // namespace tidemill::aws
