#include "core/streams/queue_source.h"

#include <gmock/gmock.h>

#include <algorithm>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include "core/streams/stream_fixture.h"

namespace tidemill {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using testing::Put;
using ::testing::SizeIs;

using std::chrono::seconds;

class QueueSourceTest : public testing::StreamTest {
 protected:
  // A pipeline that takes from the queue.
  struct Taker {
    Taker(QueueSourceTest& test, QueueSource::Options options)
        : source(*test.queue_, test.scheduler_, options), driver(test.scheduler_, source) {
      EXPECT_TRUE(driver.open(test.none_));
    }
    QueueSource source;
    testing::SourceDriver driver;
  };

  std::unique_ptr<Taker> taker(QueueSource::Options options = {}) {
    return std::make_unique<Taker>(*this, options);
  }

  void put(const std::vector<Put>& puts) { StreamTest::put(*outlet_, puts); }

  void settle(Taker& taker, const std::vector<Event>& events) {
    std::vector<Settled> settled;
    for (const Event& event : events) settled.push_back({event.partition, event.offset, {}, {}});
    CommitPart part;
    taker.source.leave(settled, part);
    commit(part);
  }

  StreamState state() { return store_.streams.state(queue_->id(), Partition(0)); }

  static Credit at_most(std::uint32_t events) {
    return {.events = events, .bytes = 1u << 20, .alone = true};
  }

  EmbeddedQueue* queue_ = hub_.queue("jobs").value();
  std::unique_ptr<Outlet> outlet_ = std::make_unique<Outlet>(*queue_, StreamLimits{.records = 3});
};

TEST_F(QueueSourceTest, HandsOutWhatIsPutAndLetsItGoInTheCommitThatSettlesIt) {
  const auto one = taker();
  one->driver.begin_poll();
  EXPECT_FALSE(one->driver.answered()) << "there is nothing yet";
  put({{"a"}, {"b"}, {"c"}});
  const auto events = one->driver.take();
  EXPECT_THAT(texts(events), ElementsAre("a", "b", "c"));
  EXPECT_EQ(state().records, 3);
  settle(*one, {events[1]});
  EXPECT_EQ(state(), (StreamState{.first = 1, .next = 4, .records = 2, .bytes = 2}));
  settle(*one, {events[0], events[2]});
  EXPECT_EQ(state(), (StreamState{.first = 4, .next = 4})) << "the front moves over what left";
}

TEST_F(QueueSourceTest, IsBehindByWhatNobodyHasWhateverItsDelay) {
  const auto one = taker();
  const auto two = taker();
  put({{"a"}, {"b"}, {.data = "later", .deliver_at = in(seconds(9))}});
  EXPECT_EQ(one->source.behind(), 3u);
  const auto events = one->driver.poll(at_most(1));
  EXPECT_EQ(one->source.behind(), 2u);
  EXPECT_EQ(two->source.behind(), 2u) << "it is the queue that is behind";
  settle(*one, events);
  EXPECT_EQ(one->source.behind(), 2u);
}

TEST_F(QueueSourceTest, WhatOneHasIsHiddenFromTheOthers) {
  const auto one = taker();
  const auto two = taker();
  put({{"a"}, {"b"}, {"c"}});
  EXPECT_THAT(texts(one->driver.poll(at_most(2))), ElementsAre("a", "b"));
  EXPECT_THAT(texts(two->driver.poll(at_most(2))), ElementsAre("c"));
  two->driver.begin_poll();
  EXPECT_FALSE(two->driver.answered());
}

TEST_F(QueueSourceTest, WhatAnEndedPipelineHadIsHandedOutAgainAndSaysSo) {
  auto one = taker({.visibility = seconds(30)});
  const auto two = taker();
  put({{"a"}, {"b"}});
  const auto first = one->driver.poll();
  EXPECT_THAT(first[0].extensions, IsEmpty());
  settle(*one, {first[0]});
  two->driver.begin_poll();
  const Instant ended = scheduler_.now();
  scheduler_.run(one->source.close());
  const auto again = two->driver.take();
  EXPECT_THAT(texts(again), ElementsAre("b"));
  EXPECT_EQ(scheduler_.now() - ended, seconds(30)) << "hidden for its visibility";
  ASSERT_THAT(again[0].extensions, SizeIs(1));
  EXPECT_EQ(again[0].extensions[0].name, "receives");
  EXPECT_EQ(again[0].extensions[0].value, "2");
}

TEST_F(QueueSourceTest, ADelayedEntryIsHiddenUntilItsTimeAndHoldsNobodyUp) {
  const auto one = taker();
  put({{"late", "", in(seconds(60))}, {"now"}});
  const Instant began = scheduler_.now();
  EXPECT_THAT(texts(one->driver.poll()), ElementsAre("now"));
  EXPECT_THAT(texts(one->driver.poll()), ElementsAre("late"));
  EXPECT_EQ(scheduler_.now() - began, seconds(60));
}

TEST_F(QueueSourceTest, OfAGroupOneIsOutAtATimeAndTheyKeepTheirOrder) {
  const auto one = taker();
  const auto two = taker();
  put({{"a1", "a"}, {"a2", "a"}, {"b1", "b"}, {"a3", "a"}, {"free"}});
  const auto first = one->driver.poll();
  EXPECT_THAT(texts(first), ElementsAre("a1", "b1", "free"));
  EXPECT_EQ(first[0].key, "a") << "so that order_by: key keeps the same order";
  two->driver.begin_poll();
  EXPECT_FALSE(two->driver.answered());
  settle(*one, {first[0]});
  const auto second = two->driver.take();
  EXPECT_THAT(texts(second), ElementsAre("a2"));
  settle(*two, second);
  EXPECT_THAT(texts(one->driver.poll()), ElementsAre("a3"));
}

TEST_F(QueueSourceTest, WhoKeepsTheOrderOfKeysMayHaveManyOfAGroupAndNobodyElseAny) {
  const auto one = taker({.keyed = true});
  const auto two = taker({.keyed = true});
  put({{"a1", "a"}, {"a2", "a"}, {"b1", "b"}});
  EXPECT_THAT(texts(one->driver.poll(at_most(2))), ElementsAre("a1", "a2"));
  put({{"a3", "a"}});
  EXPECT_THAT(texts(two->driver.poll()), ElementsAre("b1"));
  two->driver.begin_poll();
  EXPECT_FALSE(two->driver.answered()) << "a3 belongs behind what one has";
}

TEST_F(QueueSourceTest, AGroupWhoseFirstIsDelayedWaitsForIt) {
  const auto one = taker({.keyed = true});
  put({{"a1", "a", in(seconds(10))}, {"a2", "a"}, {"b1", "b"}});
  EXPECT_THAT(texts(one->driver.poll()), ElementsAre("b1"));
  const auto next = one->driver.poll();
  EXPECT_THAT(texts(next), ElementsAre("a1"));
  settle(*one, next);
  EXPECT_THAT(texts(one->driver.poll()), ElementsAre("a2"));
}

TEST_F(QueueSourceTest, WhatIsGivenBackOfAGroupComesAgainInItsOrder) {
  auto one = taker({.keyed = true});
  put({{"a1", "a"}, {"a2", "a"}, {"a3", "a"}});
  one->driver.poll(at_most(2));
  const auto two = taker({.keyed = true});
  scheduler_.run(one->source.close());
  std::vector<std::string> again;
  while (again.size() < 3)
    for (std::string& text : texts(two->driver.poll())) again.push_back(std::move(text));
  EXPECT_THAT(again, ElementsAre("a1", "a2", "a3"));
}

TEST_F(QueueSourceTest, CreditsAreKept) {
  const auto one = taker();
  put({{"aaaa"}, {"bbbb"}, {"cccc"}});
  const Credit small{.events = 10, .bytes = 9, .alone = true};
  EXPECT_THAT(texts(one->driver.poll(small)), ElementsAre("aaaa", "bbbb"));
  const Credit none{.events = 10, .bytes = 1};
  EXPECT_THAT(one->driver.poll(none), IsEmpty()) << "the next does not fit";
  EXPECT_THAT(texts(one->driver.poll(small)), ElementsAre("cccc"));
}

TEST_F(QueueSourceTest, AFullQueueSaysSoUntilThereIsRoom) {
  const auto one = taker();
  Signal room(scheduler_);
  outlet_->subscribe(room);
  put({{"a"}, {"b"}});
  EXPECT_FALSE(outlet_->full());
  put({{"c"}});
  EXPECT_TRUE(outlet_->full());
  settle(*one, one->driver.poll(at_most(1)));
  EXPECT_FALSE(outlet_->full());
  EXPECT_TRUE(scheduler_.run(room.wait_until(scheduler_.now()))) << "its producer was told";
  outlet_->unsubscribe(room);
}

TEST_F(QueueSourceTest, UntilIdleItEndsWhenNothingIsLeftAndNobodyPutsAnyMore) {
  const auto one = taker({.until_idle = true});
  put({{"a"}});
  const auto events = one->driver.poll();
  one->driver.begin_poll();
  EXPECT_FALSE(one->driver.answered()) << "its producer still runs";
  outlet_->end();
  EXPECT_TRUE(one->driver.answered());
  EXPECT_EQ(*one->driver.end(), PollEnd::exhausted);
}

TEST_F(QueueSourceTest, ANewEngineHandsOutEverythingThatIsLeft) {
  {
    const auto one = taker();
    put({{"a"}, {"b"}, {"c"}, {"d"}});
    const auto events = one->driver.poll();
    settle(*one, {events[0], events[2]});
  }
  outlet_.reset();
  hub_.clear();
  queue_ = hub_.queue("jobs").value();
  EXPECT_EQ(queue_->records(), 2);
  const auto one = taker();
  EXPECT_THAT(texts(one->driver.poll()), ElementsAre("b", "d"));
}

TEST_F(QueueSourceTest, ItDoesNotLookWhileThereIsNothing) {
  const auto one = taker();
  put({{"a"}});
  one->driver.poll();
  one->driver.begin_poll();
  EXPECT_FALSE(one->driver.answered());
  const std::uint64_t reads = store_.stream_reads;
  scheduler_.call_at(scheduler_.now() + std::chrono::hours(24), [] {});
  scheduler_.run();
  EXPECT_EQ(store_.stream_reads, reads);
}

TEST_F(QueueSourceTest, AStoreThatCannotBeReadFailsThePollAndLosesNothing) {
  const auto one = taker();
  put({{"a"}});
  store_.read_failure = Error{Fault::transient, "not now"};
  one->driver.poll();
  EXPECT_FALSE(one->driver.end());
  store_.read_failure.reset();
  EXPECT_THAT(texts(one->driver.poll()), ElementsAre("a"));
}

// Whatever the order in which takers take, settle and go, every entry is settled once, and those of
// a group in their order.
TEST_F(QueueSourceTest, AnyOrderOfTakingAndLeavingSettlesEveryEntryOnceAndGroupsInOrder) {
  for (std::uint64_t seed = 1; seed <= 60; ++seed) {
    std::mt19937_64 dice(seed);
    const std::string name = "jobs" + std::to_string(seed);
    queue_ = hub_.queue(name).value();
    outlet_ = std::make_unique<Outlet>(*queue_, StreamLimits{});
    std::vector<std::unique_ptr<Taker>> takers;
    std::vector<std::vector<Event>> has;
    const auto add = [&] {
      takers.push_back(taker({.keyed = dice() % 2 == 0, .until_idle = true}));
      has.emplace_back();
    };
    add();
    add();
    std::vector<std::string> done;
    std::uint32_t made = 0;
    while (done.size() < 60) {
      const std::size_t who = dice() % takers.size();
      switch (dice() % 6) {
        case 0:
          if (made < 60) {
            std::vector<Put> some;
            for (std::uint32_t i = 0; i < 5; ++i, ++made) {
              const std::string group = dice() % 3 == 0 ? "" : std::string(1, "abc"[dice() % 3]);
              const WallTime at = dice() % 5 == 0 ? in(seconds(1)) : WallTime();
              some.push_back({std::to_string(1000 + made), group, at});
            }
            put(some);
          }
          if (made == 60) outlet_->end();
          break;
        case 1:
        case 2: {
          takers[who]->driver.begin_poll(at_most(1 + dice() % 4));
          if (!takers[who]->driver.answered()) {
            // Nothing to have now; perhaps later.
            takers[who]->driver.interrupt();
            takers.erase(takers.begin() + static_cast<std::ptrdiff_t>(who));
            has.erase(has.begin() + static_cast<std::ptrdiff_t>(who));
            add();
            scheduler_.run(sleep_until(scheduler_, scheduler_.now() + seconds(1)));
          } else {
            for (Event& event : takers[who]->driver.take()) has[who].push_back(std::move(event));
          }
          break;
        }
        case 3:
          if (dice() % 10 == 0) {
            takers.erase(takers.begin() + static_cast<std::ptrdiff_t>(who));
            has.erase(has.begin() + static_cast<std::ptrdiff_t>(who));
            add();
          }
          break;
        default:
          if (!has[who].empty()) {
            const Event event = has[who].front();
            has[who].erase(has[who].begin());
            settle(*takers[who], {event});
            done.push_back(std::string(event.key) + std::string(event.data.view()));
          }
      }
    }
    EXPECT_EQ(state().records, 0);
    std::vector<std::string> unique = done;
    std::ranges::sort(unique);
    EXPECT_EQ(std::ranges::unique(unique).size(), 0) << "seed " << seed;
    for (const char group : {'a', 'b', 'c'}) {
      std::vector<std::string> mine;
      for (const std::string& one : done)
        if (one[0] == group) mine.push_back(one);
      EXPECT_TRUE(std::ranges::is_sorted(mine)) << "seed " << seed << " group " << group;
    }
    takers.clear();
    outlet_.reset();
  }
}

}  // namespace
}  // namespace tidemill
