#include "core/dispatch/turnstile.h"

#include <gmock/gmock.h>

#include <algorithm>
#include <vector>

#include "tidemill/testing/virtual_scheduler.h"

namespace tidemill {
namespace {

using ::testing::ElementsAre;
using namespace std::chrono_literals;

// Counts who is inside at once, and in which order they came in.
struct Room {
  Scheduler& scheduler;
  Turnstile turnstile;
  std::vector<int> order;
  int inside = 0;
  int most = 0;

  Room(Scheduler& s, std::uint32_t places) : scheduler(s), turnstile(s, places) {}

  Task<> visit(int who, Duration stay) {
    co_await turnstile.enter();
    order.push_back(who);
    most = std::max(most, ++inside);
    co_await sleep_until(scheduler, scheduler.now() + stay);
    --inside;
    turnstile.leave();
  }

  void start(int who, Duration stay = 10ms) {
    boost::asio::co_spawn(scheduler.executor(), visit(who, stay), boost::asio::detached);
  }
};

TEST(Turnstile, LetsOneThroughAtATimeInTheOrderOfArrival) {
  testing::VirtualScheduler scheduler;
  Room room(scheduler, 1);
  for (int who = 0; who < 5; ++who) room.start(who);

  scheduler.run();

  EXPECT_THAT(room.order, ElementsAre(0, 1, 2, 3, 4));
  EXPECT_EQ(room.most, 1);
  EXPECT_EQ(scheduler.now(), Instant{} + 50ms);
}

TEST(Turnstile, LetsAsManyThroughAsItHasPlaces) {
  testing::VirtualScheduler scheduler;
  Room room(scheduler, 3);
  for (int who = 0; who < 6; ++who) room.start(who);

  scheduler.run();

  EXPECT_EQ(room.most, 3);
  EXPECT_EQ(scheduler.now(), Instant{} + 20ms);
}

TEST(Turnstile, WhoComesBetweenLeavingAndEnteringDoesNotOvertake) {
  for (std::uint64_t seed = 0; seed < 50; ++seed) {
    testing::VirtualScheduler scheduler(seed, testing::Order::shuffled);
    Room room(scheduler, 2);
    for (int who = 0; who < 20; ++who) room.start(who, Duration(who % 3));

    scheduler.run();

    EXPECT_EQ(room.order.size(), 20u);
    EXPECT_LE(room.most, 2) << "seed " << seed;
  }
}

TEST(Turnstile, IsFreeAgainAfterEverybodyLeft) {
  testing::VirtualScheduler scheduler;
  Room room(scheduler, 1);
  room.start(1);
  scheduler.run();
  room.start(2);

  scheduler.run();

  EXPECT_THAT(room.order, ElementsAre(1, 2));
}

}  // namespace
}  // namespace tidemill
