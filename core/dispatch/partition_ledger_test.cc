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
