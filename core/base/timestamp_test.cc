#include "core/base/timestamp.h"

#include <gtest/gtest.h>

#include "core/base/json_line.h"

namespace tidemill {
namespace {

std::string read(std::string_view text) {
  const auto time = parse_timestamp(text);
  return time ? rfc3339(time->value) : "no time";
}

TEST(Timestamp, ReadsWhatItWrites) {
  for (const std::uint64_t micros :
       {0ULL, 1ULL, 951782399999999ULL, 1700000000123456ULL, 253402300799999999ULL})
    EXPECT_EQ(parse_timestamp(rfc3339(micros)), EventTime(micros));
}

TEST(Timestamp, ReadsTheFormsThatSystemsWrite) {
  EXPECT_EQ(read("2024-02-29T12:34:56Z"), "2024-02-29T12:34:56.000000Z");
  EXPECT_EQ(read("2024-02-29t12:34:56.5z"), "2024-02-29T12:34:56.500000Z");
  EXPECT_EQ(read("2024-02-29 12:34:56"), "2024-02-29T12:34:56.000000Z");
  EXPECT_EQ(read("2024-02-29T12:34:56.123456789Z"), "2024-02-29T12:34:56.123456Z");
  EXPECT_EQ(read("2024-02-29 12:34:56,250"), "2024-02-29T12:34:56.250000Z");
}

TEST(Timestamp, AnOffsetIsTakenOff) {
  EXPECT_EQ(read("2024-01-01T00:30:00+01:00"), "2023-12-31T23:30:00.000000Z");
  EXPECT_EQ(read("2024-01-01T00:30:00-0530"), "2024-01-01T06:00:00.000000Z");
}

TEST(Timestamp, ALeapSecondIsTheNextMinutesFirst) {
  EXPECT_EQ(read("2016-12-31T23:59:60Z"), "2017-01-01T00:00:00.000000Z");
}

TEST(Timestamp, WhatIsNoInstantIsRefused) {
  for (const std::string_view text : {"",
                                      "2024",
                                      "2024-02-29",
                                      "2024-02-30T00:00:00Z",
                                      "2023-02-29T00:00:00Z",
                                      "2024-13-01T00:00:00Z",
                                      "2024-00-01T00:00:00Z",
                                      "2024-01-01T24:00:00Z",
                                      "2024-01-01T00:60:00Z",
                                      "2024-01-01T00:00:61Z",
                                      "2024-01-01T00:00:00.Z",
                                      "2024-01-01T00:00:00Zz",
                                      "2024-01-01T00:00:00+1",
                                      "2024-01-01T00:00:00+24:00",
                                      "24-01-01T00:00:00Z",
                                      "2024-1-1T00:00:00Z",
                                      "2024-01-01T00:00:00 UTC",
                                      "1969-12-31T23:59:59Z",
                                      "1970-01-01T00:00:00+00:01",
                                      "2024-01-01T0 :00:00Z"})
    EXPECT_EQ(read(text), "no time") << text;
}

}  // namespace
}  // namespace tidemill
