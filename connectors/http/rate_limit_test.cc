#include "rate_limit.h"

#include <gtest/gtest.h>

#include <chrono>
#include <string>

namespace tidemill::http {
namespace {

using namespace std::chrono_literals;

class RateLimitTest : public ::testing::Test {
 protected:
  static RateLimit limit(double per_second, std::uint32_t burst, std::uint32_t callers = 100) {
    return RateLimit({.rate = {per_second}, .burst = burst, .callers = callers});
  }

  Instant now_{1h};
};

TEST_F(RateLimitTest, ABurstPassesAndThenOneAtATime) {
  RateLimit ten = limit(10, 3);

  for (int i = 0; i < 3; ++i) EXPECT_EQ(ten.take("a", now_), 0s);
  EXPECT_EQ(ten.take("a", now_), 100ms);
  EXPECT_EQ(ten.take("a", now_ + 40ms), 60ms);
  EXPECT_EQ(ten.take("a", now_ + 100ms), 0s);
  EXPECT_EQ(ten.take("a", now_ + 100ms), 100ms);
}

TEST_F(RateLimitTest, ABucketThatIsFullTakesNoMore) {
  RateLimit ten = limit(10, 3);
  EXPECT_EQ(ten.take("a", now_), 0s);

  for (int i = 0; i < 3; ++i) EXPECT_EQ(ten.take("a", now_ + 10min), 0s);
  EXPECT_EQ(ten.take("a", now_ + 10min), 100ms);
}

TEST_F(RateLimitTest, WhoIsRefusedLosesNothing) {
  RateLimit one = limit(1, 1);
  EXPECT_EQ(one.take("a", now_), 0s);

  for (int i = 1; i < 10; ++i) EXPECT_EQ(one.take("a", now_ + i * 100ms), 1s - i * 100ms);

  EXPECT_EQ(one.take("a", now_ + 1s), 0s);
}

TEST_F(RateLimitTest, InTheLongRunAsManyPassAsTheRateSays) {
  RateLimit seven = limit(7, 2);
  int passed = 0;

  for (auto at = now_; at < now_ + 1min; at += 1ms)
    if (seven.take("a", at) == 0s) ++passed;

  EXPECT_GE(passed, 7 * 60);
  EXPECT_LE(passed, 7 * 60 + 2);
}

TEST_F(RateLimitTest, EachCallerHasABucketOfItsOwn) {
  RateLimit one = limit(1, 1);

  EXPECT_EQ(one.take("a", now_), 0s);
  EXPECT_EQ(one.take("b", now_), 0s);
  EXPECT_EQ(one.take("a", now_), 1s);
  EXPECT_EQ(one.remembered(), 2U);
}

TEST_F(RateLimitTest, TheCallerNotHeardOfForLongestIsForgotten) {
  RateLimit one = limit(1, 1, 2);
  EXPECT_EQ(one.take("a", now_), 0s);
  EXPECT_EQ(one.take("b", now_), 0s);
  EXPECT_EQ(one.take("a", now_), 1s);

  EXPECT_EQ(one.take("c", now_), 0s);  // Of a and b, b is forgotten.

  EXPECT_EQ(one.remembered(), 2U);
  EXPECT_EQ(one.take("a", now_), 1s);
  EXPECT_EQ(one.take("b", now_), 0s);
}

TEST_F(RateLimitTest, ManyCallersTakeNoMoreThanTheirPlace) {
  RateLimit limited = limit(5, 5, 50);

  for (int i = 0; i < 10'000; ++i)
    EXPECT_EQ(limited.take("caller number " + std::to_string(i), now_), 0s);

  EXPECT_EQ(limited.remembered(), 50U);
}

TEST_F(RateLimitTest, WithoutABurstASecondsWorthMayComeAtOnce) {
  RateLimit three = limit(3.5, 0);
  for (int i = 0; i < 3; ++i) EXPECT_EQ(three.take("a", now_), 0s);
  EXPECT_GT(three.take("a", now_), 0s);

  RateLimit slow = limit(0.1, 0);
  EXPECT_EQ(slow.take("a", now_), 0s);
  EXPECT_EQ(slow.take("a", now_), 10s);
}

TEST_F(RateLimitTest, ARateOfNextToNothingIsNoOverflow) {
  RateLimit never = limit(1e-300, 1'000'000);
  EXPECT_EQ(never.take("a", now_), 0s);
  RateLimit once = limit(1e-300, 1);
  EXPECT_EQ(once.take("a", now_), 0s);
  EXPECT_EQ(once.take("a", now_), std::chrono::hours(24 * 365));
}

TEST_F(RateLimitTest, TheWaitIsToldInWholeSeconds) {
  EXPECT_EQ(retry_after(1us), "1");
  EXPECT_EQ(retry_after(1s), "1");
  EXPECT_EQ(retry_after(1001ms), "2");
  EXPECT_EQ(retry_after(0s), "1");
}

TEST(RateLimitOptions, AreReadFromTheirGroup) {
  const auto made = rate_limit_spec().make({{"rate", "100"}, {"burst", "200"}});

  ASSERT_TRUE(made);
  EXPECT_TRUE(made->on());
  EXPECT_EQ(made->rate.per_second, 100);
  EXPECT_EQ(made->burst, 200U);
  EXPECT_FALSE(rate_limit_spec().make({})->on());
  EXPECT_EQ(rate_limit_spec().make({{"burst", "2"}}).error().message,
            "rate_limit.burst needs a rate");
}

}  // namespace
}  // namespace tidemill::http
