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

}  // namespace
}  // namespace tidemill::aws
