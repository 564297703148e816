#include "core/dispatch/memory_budget.h"

#include <gtest/gtest.h>

#include <optional>

namespace tidemill {
namespace {

void nobody() {}

TEST(MemoryBudget, ALonePipelineMayHaveAllOfIt) {
  MemoryBudget budget(1000);
  MemoryBudget::Share share(budget, nobody);

  EXPECT_EQ(share.room(), 1000u);
  share.take(700);
  EXPECT_EQ(share.room(), 300u);
  share.take(500);
  EXPECT_EQ(share.room(), 0u) << "what is taken is never refused";
  share.give(1200);
  EXPECT_EQ(share.room(), 1000u);
}

TEST(MemoryBudget, HalfIsGuaranteedInEqualSharesAndTheRestIsForWhoComesFirst) {
  MemoryBudget budget(1000);
  MemoryBudget::Share greedy(budget, nobody);
  MemoryBudget::Share modest(budget, nobody);

  greedy.take(greedy.room());

  EXPECT_EQ(greedy.used(), 750u);
  EXPECT_EQ(greedy.room(), 0u);
  EXPECT_EQ(modest.room(), 250u) << "its own, whatever the other does";
}

TEST(MemoryBudget, WhoTookTooMuchCannotTakeFromAGuarantee) {
  MemoryBudget budget(1000);
  MemoryBudget::Share greedy(budget, nobody);
  MemoryBudget::Share modest(budget, nobody);

  greedy.take(5000);
  EXPECT_EQ(modest.room(), 250u);
  modest.take(100);
  EXPECT_EQ(modest.room(), 150u);
  EXPECT_EQ(greedy.room(), 0u);
}

TEST(MemoryBudget, WhatIsSetAsideIsNotForEventsAndAQuarterAlwaysIs) {
  MemoryBudget budget(1000);
  const MemoryBudget::Share greedy(budget, nobody);
  const MemoryBudget::Share modest(budget, nobody);
  {
    const auto buffer = MemoryBudget::set_aside(budget, 600);
    EXPECT_EQ(budget.bytes(), 400u);
    EXPECT_EQ(modest.guaranteed_room(), 100u);
    EXPECT_EQ(greedy.room(), 300u);
    EXPECT_EQ(MemoryBudget::set_aside(budget, 151), nullptr);
    EXPECT_NE(MemoryBudget::set_aside(budget, 150), nullptr);
    EXPECT_EQ(budget.bytes(), 400u) << "the last one has died at once";
  }
  EXPECT_EQ(greedy.room(), 750u);
}

TEST(MemoryBudget, WhatIsHeldForAPollIsNotYetUsed) {
  MemoryBudget budget(1000);
  MemoryBudget::Share one(budget, nobody);
  MemoryBudget::Share other(budget, nobody);
  one.hold(300);
  EXPECT_EQ(budget.used(), 0u);
  other.take(100);
  one.take(20);
  EXPECT_EQ(budget.used(), 120u);
  one.release();
  EXPECT_EQ(budget.used(), 120u);
}

TEST(MemoryBudget, WhoWaitsIsCalledOnceThereIsAsMuchRoomAsItAskedFor) {
  MemoryBudget budget(1200);
  int waiting_calls = 0, other_calls = 0, own_calls = 0;
  MemoryBudget::Share greedy(budget, [&] { ++own_calls; });
  MemoryBudget::Share waiting(budget, [&] { ++waiting_calls; });
  MemoryBudget::Share other(budget, [&] { ++other_calls; });
  greedy.take(800);
  ASSERT_EQ(waiting.room(), 200u);
  waiting.await_room(400);

  greedy.give(100);
  EXPECT_EQ(waiting_calls, 0) << "there is room for 300";
  greedy.give(100);
  EXPECT_EQ(waiting_calls, 1);
  greedy.give(100);
  EXPECT_EQ(waiting_calls, 1) << "one call for each time it asks";
  EXPECT_EQ(other_calls + own_calls, 0) << "they do not wait";
}

TEST(MemoryBudget, ThoseWhoWaitAreCalledInTurnAndOnlyAsManyAsThereIsRoomFor) {
  MemoryBudget budget(1200);
  int first_calls = 0, second_calls = 0;
  MemoryBudget::Share greedy(budget, nobody);
  MemoryBudget::Share first(budget, [&] { ++first_calls; });
  MemoryBudget::Share second(budget, [&] { ++second_calls; });
  greedy.take(800);
  first.await_room(400);
  second.await_room(300);

  greedy.give(100);
  EXPECT_EQ(first_calls + second_calls, 0) << "enough for the second, but it is not its turn";
  greedy.give(100);
  EXPECT_EQ(first_calls, 1);
  EXPECT_EQ(second_calls, 0) << "what there is belongs to the first";
  first.take(400);
  greedy.give(100);
  EXPECT_EQ(second_calls, 1);
}

TEST(MemoryBudget, WhoGoesWhileItWaitsIsNotCalled) {
  MemoryBudget budget(1200);
  int calls = 0;
  MemoryBudget::Share greedy(budget, nobody);
  greedy.take(1200);
  {
    MemoryBudget::Share gone(budget, [&] { ++calls; });
    gone.await_room(900);
  }
  greedy.give(1200);

  EXPECT_EQ(calls, 0);
}

TEST(MemoryBudget, GivingBackOnesOwnGuaranteeConcernsNobodyElse) {
  MemoryBudget budget(1000);
  int calls = 0;
  MemoryBudget::Share one(budget, nobody);
  MemoryBudget::Share other(budget, [&] { ++calls; });
  one.take(200);
  other.await_room(1);

  one.give(200);

  EXPECT_EQ(calls, 0);
}

TEST(MemoryBudget, APipelineThatComesOrGoesChangesEveryGuarantee) {
  MemoryBudget budget(1200);
  MemoryBudget::Share one(budget, nobody);
  one.take(500);
  EXPECT_EQ(one.room(), 700u);
  {
    std::optional<MemoryBudget::Share> two;
    two.emplace(budget, nobody);
    EXPECT_EQ(one.guarantee(), 300u);
    EXPECT_EQ(one.room(), 400u);
    two->take(400);
    EXPECT_EQ(one.room(), 300u);
  }
  EXPECT_EQ(one.guarantee(), 600u);
  EXPECT_EQ(one.room(), 700u) << "what it held went with it";
}

TEST(MemoryBudget, WhatAPollHoldsNobodyElseCountsOn) {
  MemoryBudget budget(1000);
  MemoryBudget::Share one(budget, [] {});
  MemoryBudget::Share other(budget, [] {});
  ASSERT_EQ(one.room(), 750u);

  one.hold(650);
  EXPECT_EQ(one.room(), 750u) << "what it holds itself is still its own to use";
  EXPECT_EQ(one.guaranteed_room(), 250u);
  EXPECT_EQ(other.room(), 350u);

  one.release();
  EXPECT_EQ(other.room(), 750u);
}

TEST(MemoryBudget, RoomThatAPollDidNotUseIsToldToThoseWhoWait) {
  MemoryBudget budget(1000);
  int called = 0;
  MemoryBudget::Share one(budget, [] {});
  MemoryBudget::Share other(budget, [&] { ++called; });
  one.hold(750);
  other.take(250);
  other.await_room(100);
  EXPECT_EQ(called, 0);
  one.release();
  EXPECT_EQ(called, 1);
}

}  // namespace
}  // namespace tidemill
