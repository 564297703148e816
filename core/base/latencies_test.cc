#include "core/base/latencies.h"

#include <gmock/gmock.h>

#include <utility>
#include <vector>

namespace tidemill {
namespace {

using ::testing::ElementsAre;
using ::testing::Pair;
using namespace std::chrono_literals;

std::vector<std::pair<std::uint64_t, std::uint64_t>> all_of(const Latencies& latencies) {
  std::vector<std::pair<std::uint64_t, std::uint64_t>> all;
  latencies.each(
      [&](std::uint64_t micros, std::uint64_t count) { all.emplace_back(micros, count); });
  return all;
}

TEST(Latencies, WhatIsShortIsExact) {
  Latencies latencies;
  latencies.add(0us);
  latencies.add(15us, 3);
  latencies.add(-5us);

  EXPECT_THAT(all_of(latencies), ElementsAre(Pair(0, 2), Pair(15, 3)));
}

TEST(Latencies, ABucketIsNeverShorterThanWhatItHoldsNorAnEighthLonger) {
  for (std::int64_t micros = 1; micros < 80'000'000'000; micros += 1 + micros / 7) {
    Latencies latencies;
    latencies.add(Duration(micros));
    const auto all = all_of(latencies);
    ASSERT_EQ(all.size(), 1u);
    const auto longest = static_cast<std::int64_t>(all[0].first);
    EXPECT_GE(longest, micros);
    EXPECT_LE(longest, micros + micros / 8);
  }
}

TEST(Latencies, WhatTakesForEverIsCountedInTheLastBucket) {
  Latencies latencies;
  latencies.add(Duration::max());
  latencies.add(std::chrono::hours(10'000));

  ASSERT_EQ(all_of(latencies).size(), 1u);
  EXPECT_EQ(all_of(latencies)[0].second, 2u);
}

TEST(Latencies, AddUp) {
  Latencies a, b;
  a.add(3us);
  b.add(3us);
  b.add(1ms);
  a += b;

  EXPECT_THAT(all_of(a), ElementsAre(Pair(3, 2), Pair(1023, 1)));
}

}  // namespace
}  // namespace tidemill
