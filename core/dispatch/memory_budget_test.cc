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

TEST(MemoryBudget, RoomThatComesBackWakesWhoWaitsForItAndNobodyElse) {
  MemoryBudget budget(1000);
  int asked_calls = 0, other_calls = 0, own_calls = 0;
  MemoryBudget::Share greedy(budget, [&] { ++own_calls; });
  MemoryBudget::Share asked(budget, [&] { ++asked_calls; });
  MemoryBudget::Share other(budget, [&] { ++other_calls; });
  greedy.take(600);
  std::ignore = asked.room();

  greedy.give(100);
  EXPECT_EQ(asked_calls, 1);
  EXPECT_EQ(other_calls, 0) << "it did not ask";
  EXPECT_EQ(own_calls, 0);

  greedy.give(100);
  EXPECT_EQ(asked_calls, 1) << "once for each time it asks";
}

TEST(MemoryBudget, GivingBackOnesOwnGuaranteeConcernsNobodyElse) {
  MemoryBudget budget(1000);
  int calls = 0;
  MemoryBudget::Share one(budget, nobody);
  MemoryBudget::Share other(budget, [&] { ++calls; });
  one.take(200);
  std::ignore = other.room();

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

}  // namespace
}  // namespace tidemill
