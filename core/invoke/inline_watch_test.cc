#include "core/invoke/inline_watch.h"

#include <gtest/gtest.h>

namespace tidemill {
namespace {

constexpr auto three_seconds = [] { return InlineWatch::Subject{"f", "which hangs", 3}; };

TEST(InlineWatch, ACallThatTakesLongerThanItMayHangs) {
  const auto subject = three_seconds();
  InlineWatch watch;
  watch.enter(subject, nullptr);
  for (int second = 0; second <= 3; ++second) EXPECT_FALSE(watch.look()) << second;
  const auto hung = watch.look();
  ASSERT_TRUE(hung);
  EXPECT_EQ(hung->subject->function, "f");
}

TEST(InlineWatch, ManyShortCallsHangNever) {
  const auto subject = three_seconds();
  InlineWatch watch;
  for (int second = 0; second < 20; ++second) {
    watch.enter(subject, nullptr);
    EXPECT_FALSE(watch.look());
    watch.leave();
  }
}

TEST(InlineWatch, ALoopThatWaitsForEventsDoesNotHang) {
  const auto subject = three_seconds();
  InlineWatch watch;
  watch.enter(subject, nullptr);
  watch.leave();
  for (int second = 0; second < 20; ++second) EXPECT_FALSE(watch.look());
}

}  // namespace
}  // namespace tidemill
