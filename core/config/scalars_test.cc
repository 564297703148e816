#include "core/config/scalars.h"

#include <gmock/gmock.h>

namespace tidemill::config {
namespace {

using ::testing::Optional;

TEST(Scalars, SizesComeInPowersOfTwoAndOfTen) {
  EXPECT_THAT(parse_bytes("1024"), Optional(1024u));
  EXPECT_THAT(parse_bytes("500KB"), Optional(500'000u));
  EXPECT_THAT(parse_bytes("6MiB"), Optional(6u * 1024 * 1024));
  EXPECT_THAT(parse_bytes("1.5KiB"), Optional(1536u));
  EXPECT_THAT(parse_bytes("2TiB"), Optional(2ull << 40));
  EXPECT_THAT(parse_bytes("0"), Optional(0u));
}

TEST(Scalars, WhatIsNoSizeIsRefused) {
  for (const char* text : {"", "MiB", "-1", "6 MiB", "6mib", "6Mi", "0.2", "1e3", "0x10", "nan",
                           "inf", "99999999TiB", "10m", "1,000", "6MiB "})
    EXPECT_EQ(parse_bytes(text), std::nullopt) << text;
}

TEST(Scalars, DurationsNeedAUnitUnlessTheyAreZero) {
  EXPECT_THAT(parse_duration("250ms"), Optional(250'000));
  EXPECT_THAT(parse_duration("10s"), Optional(10'000'000));
  EXPECT_THAT(parse_duration("1.5m"), Optional(90'000'000));
  EXPECT_THAT(parse_duration("14d"), Optional(14 * 86'400'000'000));
  EXPECT_THAT(parse_duration("0"), Optional(0));
  for (const char* text : {"10", "250 parsecs", "-1s", "1h30m", "s", "0.1us", "1e9d", "10S"})
    EXPECT_EQ(parse_duration(text), std::nullopt) << text;
}

TEST(Scalars, RatesArePerSecondMinuteOrHour) {
  EXPECT_THAT(parse_rate("100/s"), Optional(100.0));
  EXPECT_THAT(parse_rate("30/m"), Optional(0.5));
  EXPECT_THAT(parse_rate("0/s"), Optional(0.0));
  for (const char* text : {"100", "/s", "100/d", "100 /s", "-1/s"})
    EXPECT_EQ(parse_rate(text), std::nullopt) << text;
}

TEST(Scalars, IntegersReadAsTheyLookAndFit64Bits) {
  EXPECT_THAT(parse_integer("010"), Optional(std::string("10")));
  EXPECT_THAT(parse_integer("-0"), Optional(std::string("0")));
  EXPECT_THAT(parse_integer("18446744073709551615"), Optional(std::string("18446744073709551615")));
  EXPECT_THAT(parse_integer("-9223372036854775808"), Optional(std::string("-9223372036854775808")));
  for (const char* text : {"", "-", "+1", "1.0", "1e3", "0x10", "18446744073709551616",
                           "-9223372036854775809", "ten", "1_000"})
    EXPECT_EQ(parse_integer(text), std::nullopt) << text;
}

TEST(Scalars, OnlyTrueAndFalseAreBooleans) {
  EXPECT_THAT(parse_boolean("true"), Optional(true));
  EXPECT_THAT(parse_boolean("false"), Optional(false));
  for (const char* text : {"yes", "on", "True", "1", ""})
    EXPECT_EQ(parse_boolean(text), std::nullopt) << text;
}

TEST(Scalars, ShowsTheUnitAPersonWouldChoose) {
  EXPECT_EQ(show_bytes(6 * 1024 * 1024), "6MiB");
  EXPECT_EQ(show_bytes(500'000), "500KB");
  EXPECT_EQ(show_bytes(1), "1B");
  EXPECT_EQ(show_bytes(0), "0B");
  EXPECT_EQ(show_duration(250'000), "250ms");
  EXPECT_EQ(show_duration(90'000'000), "90s");
  EXPECT_EQ(show_duration(14 * 86'400'000'000), "14d");
  EXPECT_EQ(show_duration(-1'000'000), "-1s");
  EXPECT_EQ(show_duration(0), "0s");
  EXPECT_EQ(show_rate(0.5), "0.5/s");
}

TEST(Scalars, WhatIsShownReadsBack) {
  for (const std::uint64_t bytes : {1ull, 999ull, 1000ull, 1024ull, 1025ull, 3ull << 30})
    EXPECT_THAT(parse_bytes(show_bytes(bytes)), Optional(bytes));
  for (const std::int64_t micros : {1, 1'000, 1'500'000, 60'000'000, 86'400'000})
    EXPECT_THAT(parse_duration(show_duration(micros)), Optional(micros));
}

}  // namespace
}  // namespace tidemill::config
