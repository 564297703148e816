#include "core/dispatch/event_clock.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <random>
#include <vector>

namespace tidemill {
namespace {

using std::chrono::microseconds;
using ::testing::ElementsAre;

constexpr TableId table{7};
constexpr Windowing tens{
    .size = microseconds(10), .every = microseconds(10), .lateness = microseconds(5)};

std::vector<std::uint64_t> starts(const Windowing& windowing, std::uint64_t time) {
  std::vector<std::uint64_t> all;
  windowing.each(EventTime(time), [&](EventTime start, EventTime end) {
    EXPECT_LE(start.value, time);
    EXPECT_GT(end.value, time);
    all.push_back(start.value);
  });
  return all;
}

TEST(Windowing, TumblingWindowsAreHalfOpenAndAligned) {
  EXPECT_THAT(starts(tens, 0), ElementsAre(0));
  EXPECT_THAT(starts(tens, 9), ElementsAre(0));
  EXPECT_THAT(starts(tens, 10), ElementsAre(10));
}

TEST(Windowing, HoppingWindowsOverlapAndNoneBeginsBefore1970) {
  const Windowing hops{.size = microseconds(30), .every = microseconds(10), .lateness = {}};
  EXPECT_THAT(starts(hops, 45), ElementsAre(40, 30, 20));
  EXPECT_THAT(starts(hops, 40), ElementsAre(40, 30, 20));
  EXPECT_THAT(starts(hops, 12), ElementsAre(10, 0));
}

TEST(Windowing, AWindowClosesWhenTheWatermarkReachesItsEnd) {
  EXPECT_FALSE(tens.closed(EventTime(10), EventTime(14)));
  EXPECT_TRUE(tens.closed(EventTime(10), EventTime(15)));
  EXPECT_FALSE(tens.closed(EventTime(10), EventTime(0))) << "nothing was seen yet";
  EXPECT_EQ(tens.watermark(EventTime(3)), EventTime(0));
}

TEST(Windowing, AnEventIsDroppedWhenItsLastWindowHasClosed) {
  const Windowing hops{.size = microseconds(30), .every = microseconds(10), .lateness = {}};
  EXPECT_FALSE(hops.dropped(EventTime(5), EventTime(29)));
  EXPECT_TRUE(hops.dropped(EventTime(5), EventTime(30)));
  EXPECT_TRUE(hops.late(EventTime(5), EventTime(6)));
  EXPECT_FALSE(hops.late(EventTime(5), EventTime(5)));
}

TEST(EventClock, TellsWhatCameBeforeAnEvent) {
  EventClock clock(table, tens);
  clock.see(Offset(0), EventTime(20), true);
  clock.see(Offset(1), EventTime(), true);
  clock.see(Offset(2), EventTime(15), true);
  clock.see(Offset(3), EventTime(40), true);
  EXPECT_EQ(clock.sight(Offset(0)).latest_before, EventTime(0));
  EXPECT_EQ(clock.sight(Offset(1)).time, EventTime(0));
  EXPECT_EQ(clock.sight(Offset(2)).latest_before, EventTime(20));
  EXPECT_EQ(clock.sight(Offset(3)).latest_before, EventTime(20));
  EXPECT_EQ(clock.sight(Offset(2)).time, EventTime(15)) << "in any order";
}

TEST(EventClock, StandsWhereProgressStands) {
  EventClock clock(table, tens);
  clock.see(Offset(0), EventTime(20), true);
  clock.see(Offset(1), EventTime(90), true);
  clock.see(Offset(2), EventTime(30), true);
  clock.settle({Offset(1), Offset(2)});
  clock.move_to(Offset(0));
  EXPECT_EQ(clock.progress(), (ClockProgress{table, EventTime(0), 0, 0}));
  clock.settle({Offset(0), Offset(1)});
  clock.move_to(Offset(2));
  EXPECT_EQ(clock.progress(), (ClockProgress{table, EventTime(90), 0, 0}));
  EXPECT_EQ(clock.sight(Offset(2)).latest_before, EventTime(90));
  clock.settle({Offset(2), Offset(3)});
  clock.move_to(Offset(3));
  EXPECT_EQ(clock.progress(), (ClockProgress{table, EventTime(90), 1, 1}));
  EXPECT_EQ(clock.size(), 0);
}

TEST(EventClock, CountsTheLateAndThoseThatAreDropped) {
  EventClock clock(table, tens);
  clock.see(Offset(0), EventTime(29), true);
  clock.see(Offset(1), EventTime(24), true);  // As late as allowed.
  clock.see(Offset(2), EventTime(23), true);  // Late, but its window is open.
  clock.see(Offset(3), EventTime(19), true);  // Late, and its window has closed.
  clock.settle({Offset(0), Offset(4)});
  clock.move_to(Offset(4));
  EXPECT_EQ(clock.progress(), (ClockProgress{table, EventTime(29), 2, 1}));
}

TEST(EventClock, WhatIsSkippedCountsOnceThoughProgressStandsInFrontOfIt) {
  EventClock clock(table, tens);
  clock.see(Offset(0), EventTime(50), true);
  clock.see(Offset(1), EventTime(60), true);
  clock.see(Offset(2), EventTime(10), true);
  clock.see(Offset(3), EventTime(70), true);
  clock.settle({Offset(1), Offset(2)});
  clock.skip({Offset(2), Offset(3)});
  // Enough for neighbours to be joined.
  for (std::uint64_t i = 4; i < 5000; ++i) clock.see(Offset(i), EventTime(), false);
  clock.settle({Offset(0), Offset(1)});
  clock.move_to(Offset(2));
  EXPECT_EQ(clock.progress(), (ClockProgress{table, EventTime(60), 0, 0}));
  clock.settle({Offset(3), Offset(4)});
  clock.move_to(Offset(5000));
  EXPECT_EQ(clock.progress(), (ClockProgress{table, EventTime(70), 1, 1}));
}

TEST(EventClock, GoesOnAfterARestartAsIfNothingHadHappened) {
  std::mt19937_64 random(3);
  std::vector<EventTime> times;
  for (std::uint64_t i = 0; i < 500; ++i) times.emplace_back(100 + i + random() % 40);
  EventClock whole(table, tens);
  for (std::size_t i = 0; i < times.size(); ++i) whole.see(Offset(i), times[i], true);

  // Every second event settled ahead, then the power went.
  EventClock first(table, tens);
  for (std::size_t i = 0; i < 300; ++i) first.see(Offset(i), times[i], true);
  first.settle({Offset(0), Offset(100)});
  first.move_to(Offset(100));
  EventClock second(first.progress(), tens);
  for (std::size_t i = 100; i < times.size(); ++i)
    second.see(Offset(i), times[i], i >= 300 || i % 2 == 0);
  for (std::size_t i = 100; i < times.size(); ++i) {
    if (i < 300 && i % 2 != 0) continue;
    ASSERT_EQ(second.sight(Offset(i)).latest_before, whole.sight(Offset(i)).latest_before) << i;
  }
  whole.settle({Offset(0), Offset(500)});
  whole.move_to(Offset(500));
  second.settle({Offset(100), Offset(500)});
  second.move_to(Offset(500));
  EXPECT_EQ(second.progress(), whole.progress());
}

TEST(EventClock, HoldsWhatIsPendingHoweverMuchSettlesAheadOfIt) {
  EventClock clock(table, tens);
  clock.see(Offset(0), EventTime(1), true);
  for (std::uint64_t i = 1; i < 100'000; ++i) {
    clock.see(Offset(i), EventTime(i), true);
    clock.settle({Offset(i), Offset(i + 1)});
  }
  EXPECT_LE(clock.size(), 4096);
  clock.see(Offset(100'000), EventTime(99'999 - 30), true);
  EXPECT_EQ(clock.sight(Offset(100'000)).latest_before, EventTime(99'999));
  clock.settle({Offset(0), Offset(1)});
  clock.move_to(Offset(100'000));
  EXPECT_EQ(clock.progress(), (ClockProgress{table, EventTime(99'999), 0, 0}));
  clock.settle({Offset(100'000), Offset(100'001)});
  clock.move_to(Offset(100'001));
  EXPECT_EQ(clock.progress(), (ClockProgress{table, EventTime(99'999), 1, 1}));
}

}  // namespace
}  // namespace tidemill
