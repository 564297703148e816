#include "core/dispatch/partition_ledger.h"

#include <gmock/gmock.h>

#include <algorithm>
#include <random>
#include <set>

namespace tidemill {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

OffsetRange range(std::uint64_t begin, std::uint64_t end) { return {Offset(begin), Offset(end)}; }

bool admit(PartitionLedger& ledger, std::uint64_t offset) {
  return ledger.admit(Offset(offset), Offset(offset + 1));
}

void admit_all(PartitionLedger& ledger, std::uint64_t begin, std::uint64_t end) {
  for (std::uint64_t offset = begin; offset < end; ++offset) EXPECT_TRUE(admit(ledger, offset));
}

void settle(PartitionLedger& ledger, std::uint64_t offset) {
  ledger.settle(Offset(offset), Offset(offset + 1));
}

void settle(PartitionLedger& ledger, std::initializer_list<std::uint64_t> offsets) {
  for (const std::uint64_t offset : offsets) settle(ledger, offset);
}

PartitionLedger restored(std::uint64_t next, std::vector<OffsetRange> settled) {
  return PartitionLedger(LogProgress{Partition(0), Offset(next), std::move(settled)});
}

TEST(PartitionLedger, StartsWhereTheFirstEventStands) {
  PartitionLedger ledger{Partition(4)};

  admit_all(ledger, 100, 102);

  EXPECT_EQ(ledger.progress().partition, Partition(4));
  EXPECT_EQ(ledger.progress().next, Offset(100));
  EXPECT_THAT(ledger.progress().settled, IsEmpty());
}

TEST(PartitionLedger, MovesOnInOrder) {
  PartitionLedger ledger{Partition(0)};
  admit_all(ledger, 0, 3);

  settle(ledger, {0, 1});

  EXPECT_EQ(ledger.progress().next, Offset(2));
}

TEST(PartitionLedger, AnUnsettledEventPinsNextAndWhatIsAheadIsRemembered) {
  PartitionLedger ledger{Partition(0)};
  admit_all(ledger, 0, 6);

  settle(ledger, {1, 2, 4});

  EXPECT_EQ(ledger.progress().next, Offset(0));
  EXPECT_THAT(ledger.progress().settled, ElementsAre(range(1, 3), range(4, 5)));
}

TEST(PartitionLedger, ClosingTheHoleMovesNextOverEverythingBehindIt) {
  PartitionLedger ledger{Partition(0)};
  admit_all(ledger, 0, 6);
  settle(ledger, {1, 2, 4});

  settle(ledger, {0});

  EXPECT_EQ(ledger.progress().next, Offset(3));
  EXPECT_THAT(ledger.progress().settled, ElementsAre(range(4, 5)));
}

TEST(PartitionLedger, OffsetsMayHaveGaps) {
  PartitionLedger ledger{Partition(0)};
  EXPECT_TRUE(ledger.admit(Offset(0), Offset(10)));
  EXPECT_TRUE(ledger.admit(Offset(10), Offset(11)));
  EXPECT_TRUE(ledger.admit(Offset(50), Offset(60)));

  ledger.settle(Offset(10), Offset(11));
  ledger.settle(Offset(50), Offset(60));
  EXPECT_THAT(ledger.progress().settled, ElementsAre(range(10, 60)));
  ledger.settle(Offset(0), Offset(10));

  EXPECT_EQ(ledger.progress().next, Offset(60));
  EXPECT_THAT(ledger.progress().settled, IsEmpty());
}

TEST(PartitionLedger, AWholeBatchSettlesAsOneRange) {
  PartitionLedger ledger{Partition(0)};
  admit_all(ledger, 0, 3000);

  ledger.settle(Offset(1000), Offset(2000));
  EXPECT_THAT(ledger.progress().settled, ElementsAre(range(1000, 2000)));
  ledger.settle(Offset(0), Offset(1000));

  EXPECT_EQ(ledger.progress().next, Offset(2000));
  EXPECT_THAT(ledger.progress().settled, IsEmpty());
}

TEST(PartitionLedger, AGapInFrontOfASettledEventDoesNotPinNext) {
  PartitionLedger ledger = restored(5, {range(8, 9)});
  EXPECT_TRUE(admit(ledger, 5));
  EXPECT_FALSE(admit(ledger, 8));
  EXPECT_TRUE(admit(ledger, 9));

  settle(ledger, {5});

  EXPECT_EQ(ledger.progress().next, Offset(9));
}

TEST(PartitionLedger, AReplayDropsWhatWasSettled) {
  PartitionLedger ledger = restored(5, {range(7, 9)});

  EXPECT_FALSE(admit(ledger, 4));
  EXPECT_TRUE(admit(ledger, 5));
  EXPECT_TRUE(admit(ledger, 6));
  EXPECT_FALSE(admit(ledger, 7));
  EXPECT_FALSE(admit(ledger, 8));
  EXPECT_TRUE(admit(ledger, 9));
}

TEST(PartitionLedger, TheSettledRangesOfAnEarlierLifeStayUntilNextPassesThem) {
  PartitionLedger ledger = restored(5, {range(7, 9), range(20, 30)});
  admit_all(ledger, 5, 7);
  EXPECT_TRUE(admit(ledger, 9));

  settle(ledger, {5});
  EXPECT_EQ(ledger.progress().next, Offset(6));
  EXPECT_THAT(ledger.progress().settled, ElementsAre(range(7, 9), range(20, 30)));
  settle(ledger, {6});

  EXPECT_EQ(ledger.progress().next, Offset(9));
  EXPECT_THAT(ledger.progress().settled, ElementsAre(range(20, 30)));
}

TEST(PartitionLedger, OldAndNewRangesGiveOneDisjointList) {
  PartitionLedger ledger = restored(0, {range(2, 3), range(5, 6)});
  for (const std::uint64_t offset : {0u, 1u, 3u, 4u}) EXPECT_TRUE(admit(ledger, offset));

  settle(ledger, {1, 3});

  EXPECT_EQ(ledger.progress().next, Offset(0));
  EXPECT_THAT(ledger.progress().settled, ElementsAre(range(1, 4), range(5, 6)));
}

TEST(PartitionLedger, TooManyRangesBlockThePartitionUntilItsHoleCloses) {
  PartitionLedger ledger{Partition(0)};
  constexpr std::uint64_t last = 2 * PartitionLedger::ranges_max;
  admit_all(ledger, 0, last + 1);

  for (std::uint64_t offset = 1; offset < last - 1; offset += 2) settle(ledger, offset);
  EXPECT_FALSE(ledger.blocked());
  settle(ledger, last - 1);
  EXPECT_TRUE(ledger.blocked());
  settle(ledger, 0);

  EXPECT_FALSE(ledger.blocked());
}

TEST(PartitionLedger, ALongRangeIsOneRange) {
  PartitionLedger ledger{Partition(0)};
  admit_all(ledger, 0, 5000);

  for (std::uint64_t offset = 1; offset < 5000; ++offset) settle(ledger, offset);

  EXPECT_FALSE(ledger.blocked());
  EXPECT_THAT(ledger.progress().settled, ElementsAre(range(1, 5000)));
}

TEST(PartitionLedger, RangesOfAnEarlierLifeCountTowardsTheBound) {
  std::vector<OffsetRange> ranges;
  for (std::uint64_t i = 0; i < PartitionLedger::ranges_max - 1; ++i)
    ranges.push_back(range(10 + 2 * i, 11 + 2 * i));
  PartitionLedger ledger = restored(0, std::move(ranges));
  EXPECT_TRUE(admit(ledger, 0));
  admit_all(ledger, 9000, 9002);

  settle(ledger, 9001);

  EXPECT_TRUE(ledger.blocked());
}

TEST(PartitionLedger, AnEarlierLifeAtTheBoundStillLetsTheHoleBeRead) {
  std::vector<OffsetRange> ranges;
  for (std::uint64_t i = 0; i < PartitionLedger::ranges_max; ++i)
    ranges.push_back(range(10 + 2 * i, 11 + 2 * i));

  EXPECT_FALSE(restored(0, std::move(ranges)).blocked());
}

TEST(PartitionLedger, WhatIsSkippedSettlesWithTheEventBehindIt) {
  PartitionLedger ledger{Partition(0)};
  admit_all(ledger, 0, 6);

  ledger.skip(Offset(1), Offset(3));
  ledger.skip(Offset(4), Offset(5));
  settle(ledger, {3, 5});
  EXPECT_EQ(ledger.next(), Offset(0));
  EXPECT_THAT(ledger.progress().settled, ElementsAre(range(1, 6)));

  settle(ledger, 0);
  EXPECT_EQ(ledger.next(), Offset(6));
  EXPECT_THAT(ledger.progress().settled, IsEmpty());
}

TEST(PartitionLedger, WhatIsSkippedLastWaitsForTheNextEventOrIsSettledAlone) {
  PartitionLedger ledger{Partition(0)};
  admit_all(ledger, 0, 2);
  ledger.skip(Offset(0), Offset(2));
  EXPECT_EQ(ledger.next(), Offset(0));

  EXPECT_TRUE(admit(ledger, 5));  // Three offsets without events lie between.
  settle(ledger, 5);
  EXPECT_EQ(ledger.next(), Offset(6));

  EXPECT_TRUE(admit(ledger, 6));
  ledger.skip(Offset(6), Offset(7));
  ledger.settle_skipped();
  EXPECT_EQ(ledger.next(), Offset(7));
  ledger.settle_skipped();
  EXPECT_EQ(ledger.next(), Offset(7));
}

TEST(PartitionLedger, WhatIsSkippedInFrontOfWhatHasSettledIsSettled) {
  PartitionLedger ledger = restored(5, {range(7, 9)});
  admit_all(ledger, 5, 7);

  ledger.skip(Offset(6), Offset(7));

  EXPECT_THAT(ledger.progress().settled, ElementsAre(range(6, 9)));
  ledger.skip(Offset(5), Offset(6));
  EXPECT_EQ(ledger.next(), Offset(7)) << "the rest has yet to be delivered again";
  EXPECT_FALSE(admit(ledger, 7));
  EXPECT_FALSE(admit(ledger, 8));
  EXPECT_EQ(ledger.next(), Offset(9));
  EXPECT_THAT(ledger.progress().settled, IsEmpty());
}

TEST(PartitionLedger, WhatIsSkippedInFrontOfAGapGoesWithTheEventBehindTheGap) {
  PartitionLedger ledger{Partition(0)};
  EXPECT_TRUE(admit(ledger, 0));
  EXPECT_TRUE(admit(ledger, 1));
  EXPECT_TRUE(admit(ledger, 8));

  ledger.skip(Offset(1), Offset(2));
  settle(ledger, {0, 8});

  EXPECT_EQ(ledger.next(), Offset(9));
}

// Settles in random order, restarts at random moments from what progress() said, and checks after
// each step that progress covers exactly what was settled.
TEST(PartitionLedger, NoOrderOfSettlingAndRestartingLosesOrInventsProgress) {
  constexpr std::uint64_t events = 40;
  for (std::uint32_t seed = 0; seed < 200; ++seed) {
    std::mt19937 random(seed);
    std::set<std::uint64_t> settled;
    LogProgress stored{Partition(0), Offset(0), {}};
    while (settled.size() < events) {
      PartitionLedger ledger{stored};
      std::vector<std::uint64_t> open;
      for (std::uint64_t offset = stored.next.value; offset < events; ++offset) {
        ASSERT_EQ(admit(ledger, offset), !settled.contains(offset));
        if (!settled.contains(offset)) open.push_back(offset);
      }
      std::ranges::shuffle(open, random);
      open.resize(1 + random() % open.size());
      for (const std::uint64_t offset : open) {
        settle(ledger, offset);
        settled.insert(offset);
        stored = ledger.progress();
        std::set<std::uint64_t> covered;
        for (std::uint64_t i = 0; i < stored.next.value; ++i) covered.insert(i);
        std::uint64_t end = stored.next.value;
        for (const OffsetRange& r : stored.settled) {
          ASSERT_LT(end, r.begin.value) << "ranges ascend and do not touch, seed " << seed;
          end = r.end.value;
          for (std::uint64_t i = r.begin.value; i < end; ++i) covered.insert(i);
        }
        ASSERT_EQ(covered, settled) << "seed " << seed;
      }
    }
  }
}

// As above, with events that are skipped as they come in; what is left to skip settles in the end.
TEST(PartitionLedger, NoOrderOfSkippingAndSettlingLosesOrInventsProgress) {
  constexpr std::uint64_t events = 40;
  for (std::uint32_t seed = 0; seed < 500; ++seed) {
    std::mt19937 random(seed);
    std::set<std::uint64_t> done, skipped;
    LogProgress stored{Partition(0), Offset(0), {}};
    const auto covered = [&] {
      std::set<std::uint64_t> all;
      for (std::uint64_t i = 0; i < stored.next.value; ++i) all.insert(i);
      for (const OffsetRange& r : stored.settled)
        for (std::uint64_t i = r.begin.value; i < r.end.value; ++i) all.insert(i);
      return all;
    };
    while (stored.next.value < events) {
      PartitionLedger ledger{stored};
      std::vector<std::uint64_t> open;
      const std::set<std::uint64_t> before = covered();
      const std::uint64_t polled = 1 + random() % 8;
      for (std::uint64_t offset = stored.next.value; offset < events;) {
        std::vector<std::uint64_t> came;
        for (std::uint64_t i = 0; i < polled && offset < events; ++i, ++offset)
          if (admit(ledger, offset)) came.push_back(offset);
        for (const std::uint64_t one : came) {
          const bool skip = random() % 2 == 0;
          if (skip) ledger.skip(Offset(one), Offset(one + 1));
          if (skip) skipped.insert(one);
          if (!skip) open.push_back(one);
        }
        std::ranges::shuffle(open, random);
        for (std::uint64_t n = random() % (open.size() + 1); n > 0; --n) {
          settle(ledger, open.back());
          done.insert(open.back());
          open.pop_back();
        }
        if (random() % 4 == 0) ledger.settle_skipped();
        stored = ledger.progress();
        for (const std::uint64_t i : covered())
          ASSERT_TRUE(done.contains(i) || skipped.contains(i)) << i << ", seed " << seed;
        ASSERT_TRUE(std::ranges::includes(covered(), done)) << "seed " << seed;
      }
      ledger.settle_skipped();
      stored = ledger.progress();
      ASSERT_TRUE(!open.empty() || stored.next == Offset(events)) << "seed " << seed;
      ASSERT_TRUE(std::ranges::includes(covered(), before)) << "seed " << seed;
    }
  }
}

TEST(PartitionLedger, WhatIsDeliveredOnceMoreWhileItIsUnderWayIsDropped) {
  PartitionLedger ledger{Partition(0)};
  EXPECT_TRUE(ledger.admit(Offset(0), Offset(1)));
  EXPECT_TRUE(ledger.admit(Offset(1), Offset(2)));
  EXPECT_FALSE(ledger.admit(Offset(0), Offset(1)));
  EXPECT_FALSE(ledger.admit(Offset(1), Offset(2)));
  EXPECT_TRUE(ledger.admit(Offset(2), Offset(3)));
  ledger.settle(Offset(0), Offset(3));
  EXPECT_EQ(ledger.next(), Offset(3));
}

}  // namespace
}  // namespace tidemill
