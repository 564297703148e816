#include "core/pattern/long_numbers.h"

#include <gtest/gtest.h>

namespace tidemill::pattern {
namespace {

TEST(LongNumbers, OnlyWhatDoesNotFitBecomesAString) {
  EXPECT_EQ(mark_long_numbers(R"({"a": 12345678901234567890123, "b": 5})"),
            R"({"a": "\u0000number:12345678901234567890123", "b": 5})");
  EXPECT_EQ(mark_long_numbers("[1e400,-1e400,1e-400]"),
            R"(["\u0000number:1e400","\u0000number:-1e400","\u0000number:1e-400"])");
  EXPECT_EQ(mark_long_numbers(R"({"a": [1, -2.5e3, 0.0, 123456789012345678]})"), std::nullopt);
}

TEST(LongNumbers, DigitsWithinStringsStay) {
  EXPECT_EQ(mark_long_numbers(R"({"a\"12345678901234567890": "12345678901234567890\\"})"),
            std::nullopt);
  EXPECT_EQ(mark_long_numbers(R"(["\"", 12345678901234567890123])"),
            R"(["\"", "\u0000number:12345678901234567890123"])");
}

TEST(LongNumbers, WhatIsNoJsonEndsAsItBegan) {
  EXPECT_EQ(mark_long_numbers(""), std::nullopt);
  EXPECT_EQ(mark_long_numbers("\"open"), std::nullopt);
  EXPECT_EQ(mark_long_numbers("\"open\\"), std::nullopt);
  EXPECT_EQ(mark_long_numbers("-"), std::nullopt);
  EXPECT_EQ(mark_long_numbers("- 1 -."), std::nullopt);
}

}  // namespace
}  // namespace tidemill::pattern
