#include "rows/field.h"

#include <gtest/gtest.h>

namespace tidemill::rows {
namespace {

namespace json = boost::json;

TEST(Field, IsFoundByItsPath) {
  const json::value row = json::parse(R"({"a": {"b": [1, 2]}, "c": "text"})");
  EXPECT_EQ(shown(field(row, "a.b")), "[1,2]");
  EXPECT_EQ(shown(field(row, "c")), "text");
  EXPECT_EQ(field(row, "a.x"), nullptr);
  EXPECT_EQ(field(row, "c.d"), nullptr);
  EXPECT_EQ(shown(field(row, "nothing")), "");
}

TEST(TimeOfARow, IsReadAsRowsWriteIt) {
  constexpr std::uint64_t expected = 1'790'000'000'000'000;
  for (const char* written : {R"("2026-09-21T14:13:20Z")", R"("2026-09-21T16:13:20.000+02:00")",
                              R"("2026-09-21 08:13:20-06:00")", "1790000000", "1790000000000",
                              "1790000000000000", "1790000000.0"}) {
    const json::value value = json::parse(written);
    EXPECT_EQ(time_of(&value), expected) << written;
  }
  const json::value fraction = json::parse(R"("2026-09-21T14:13:20.25Z")");
  EXPECT_EQ(time_of(&fraction), expected + 250'000);
}

TEST(TimeOfARow, WhatIsNoTimeIsNone) {
  for (const char* written :
       {R"("")", R"("yesterday")", R"("2026-13-01T00:00:00Z")", R"("2026-02-30T00:00:00Z")",
        R"("2026-09-21T14:13:20")", R"("2026-09-21T24:13:20Z")", "-1", "1e300", "null", "[]"}) {
    const json::value value = json::parse(written);
    EXPECT_FALSE(time_of(&value)) << written;
  }
  EXPECT_FALSE(time_of(nullptr));
}

TEST(Day, IsThatOfUtc) { EXPECT_EQ(day_of(1'790'000'000'000'000), "2026-09-21"); }

}  // namespace
}  // namespace tidemill::rows
