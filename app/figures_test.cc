#include "app/figures.h"

#include <gtest/gtest.h>

namespace tidemill::app {
namespace {

using namespace std::chrono_literals;

TEST(Figures, NumbersHaveThreeDigitsThatCount) {
  EXPECT_EQ(short_number(0), "0");
  EXPECT_EQ(short_number(0.4), "0.4");
  EXPECT_EQ(short_number(17), "17");
  EXPECT_EQ(short_number(99.96), "100");
  EXPECT_EQ(short_number(999.4), "999");
  EXPECT_EQ(short_number(999.6), "1k");
  EXPECT_EQ(short_number(12'345), "12.3k");
  EXPECT_EQ(short_number(4'560'000), "4.56M");
  EXPECT_EQ(short_number(3e18), "3000000T");
}

TEST(Figures, BytesCountIn1024) {
  EXPECT_EQ(short_bytes(0), "0B");
  EXPECT_EQ(short_bytes(512), "512B");
  EXPECT_EQ(short_bytes(1536), "1.5KiB");
  EXPECT_EQ(short_bytes(268'435'456), "256MiB");
}

TEST(Figures, DurationsHaveTheUnitThatFits) {
  EXPECT_EQ(short_duration(0us), "0us");
  EXPECT_EQ(short_duration(85us), "85us");
  EXPECT_EQ(short_duration(1250us), "1.25ms");
  EXPECT_EQ(short_duration(12'500ms), "12.5s");
  EXPECT_EQ(short_duration(200s), "3m20s");
  EXPECT_EQ(short_duration(3h), "3h");
  EXPECT_EQ(short_duration(2h + 14min + 5s), "2h14m");
  EXPECT_EQ(short_duration(123h), "5d3h");
}

TEST(Figures, WholeNumbersAreGroupedInThrees) {
  EXPECT_EQ(grouped(0), "0");
  EXPECT_EQ(grouped(999), "999");
  EXPECT_EQ(grouped(1'000), "1,000");
  EXPECT_EQ(grouped(1'204'311), "1,204,311");
}

}  // namespace
}  // namespace tidemill::app
