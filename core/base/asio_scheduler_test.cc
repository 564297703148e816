#include "core/base/asio_scheduler.h"

#include <gmock/gmock.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <latch>
#include <memory>
#include <thread>
#include <vector>

#include "tidemill/async.h"

namespace tidemill {
namespace {

using ::testing::ElementsAre;
using namespace std::chrono_literals;

TEST(AsioScheduler, TimersFireInTheOrderOfTheirTimesAndNeverEarly) {
  AsioScheduler scheduler(1);
  std::vector<int> order;
  const Instant start = scheduler.now();
  scheduler.call_at(start + 4ms, [&] {
    EXPECT_GE(scheduler.now(), start + 4ms);
    order.push_back(3);
    scheduler.stop();
  });
  scheduler.call_at(start + 1ms, [&] { order.push_back(1); });
  scheduler.call_at(start + 2ms, [&] { order.push_back(2); });

  scheduler.run();

  EXPECT_THAT(order, ElementsAre(1, 2, 3));
}

TEST(AsioScheduler, ATimeThatHasPassedFiresAtOnceButNotInsideTheCall) {
  AsioScheduler scheduler(1);
  bool fired = false;
  scheduler.call_at(scheduler.now() - 1h, [&] {
    fired = true;
    scheduler.stop();
  });
  EXPECT_FALSE(fired);

  scheduler.run();

  EXPECT_TRUE(fired);
}

TEST(AsioScheduler, ACancelledTimerNeverFiresAndReleasesWhatItHeld) {
  AsioScheduler scheduler(1);
  const auto held = std::make_shared<int>(0);
  const auto timer = scheduler.call_at(scheduler.now() + 1ms, [held] { ++*held; });
  scheduler.call_at(scheduler.now() + 2ms, [&] { scheduler.stop(); });

  scheduler.cancel(timer);
  EXPECT_EQ(held.use_count(), 1);
  scheduler.run();

  EXPECT_EQ(*held, 0);
}

TEST(AsioScheduler, ATimerMayCancelOneThatIsDueAtTheSameMoment) {
  AsioScheduler scheduler(1);
  const Instant due = scheduler.now();
  bool fired = false;
  auto second = Scheduler::TimerId::none;
  scheduler.call_at(due - 1ms, [&] { scheduler.cancel(second); });
  second = scheduler.call_at(due, [&] { fired = true; });
  scheduler.call_at(due + 1ms, [&] { scheduler.stop(); });

  scheduler.run();

  EXPECT_FALSE(fired);
}

TEST(AsioScheduler, CancellingWhatHasFiredOrNeverWasDoesNothing) {
  AsioScheduler scheduler(1);
  auto first = Scheduler::TimerId::none;
  scheduler.cancel(first);
  first = scheduler.call_at(scheduler.now(), [&] { scheduler.cancel(first); });
  scheduler.call_at(scheduler.now() + 1ms, [&] {
    scheduler.cancel(first);
    scheduler.stop();
  });

  scheduler.run();
}

// Leaves the scheduler's thread, holds the pool until the executor has done something else, and
// comes back.
Task<> visit_pool(AsioScheduler& scheduler, std::latch& executor_ran) {
  const auto home = std::this_thread::get_id();
  auto work = [&executor_ran] {
    executor_ran.wait();
    return std::this_thread::get_id();
  };
  const auto there = co_await run_blocking(scheduler, std::move(work));
  EXPECT_NE(there, home);
  EXPECT_EQ(std::this_thread::get_id(), home) << "the caller resumes where it was";
  scheduler.stop();
}

TEST(AsioScheduler, BlockingWorkRunsOnAnotherThreadWhileTheExecutorGoesOn) {
  AsioScheduler scheduler(1);
  std::latch executor_ran(1);
  boost::asio::co_spawn(scheduler.executor(), visit_pool(scheduler, executor_ran),
                        boost::asio::detached);
  scheduler.call_at(scheduler.now() + 1ms, [&] { executor_ran.count_down(); });

  scheduler.run();
}

Task<> meet_on_pool(AsioScheduler& on, std::latch& inside, int& count) {
  auto work = [&inside] {
    inside.arrive_and_wait();
    return 1;
  };
  count += co_await run_blocking(on, std::move(work));
  if (count == 3) on.stop();
}

TEST(AsioScheduler, AsManyBlockingCallsRunAtOnceAsItHasThreads) {
  AsioScheduler scheduler(3);
  std::latch all_inside(3);
  int returned = 0;
  for (int i = 0; i < 3; ++i)
    boost::asio::co_spawn(scheduler.executor(), meet_on_pool(scheduler, all_inside, returned),
                          boost::asio::detached);

  scheduler.run();

  EXPECT_EQ(returned, 3);
}

TEST(AsioScheduler, StopFromAnotherThreadEndsRun) {
  AsioScheduler scheduler(1);
  boost::asio::post(scheduler.blocking(), [&] { scheduler.stop(); });

  scheduler.run();
}

Task<> hold_for_an_hour(Scheduler& on, std::shared_ptr<int> kept) {
  co_await sleep_until(on, on.now() + 1h);
  ++*kept;
}

TEST(AsioScheduler, DestroyingItDropsTimersAndFramesThatAreLeft) {
  const auto held = std::make_shared<int>(0);
  {
    AsioScheduler scheduler(1);
    scheduler.call_at(scheduler.now() + 1h, [held] { ++*held; });
    boost::asio::co_spawn(scheduler.executor(), hold_for_an_hour(scheduler, held),
                          boost::asio::detached);
    scheduler.call_at(scheduler.now() + 1ms, [&] { scheduler.stop(); });
    scheduler.run();
    EXPECT_EQ(held.use_count(), 3);
  }
  EXPECT_EQ(held.use_count(), 1);
  EXPECT_EQ(*held, 0);
}

TEST(AsioScheduler, TheWallClockIsPastTheYearThisWasWritten) {
  AsioScheduler scheduler(1);
  EXPECT_GT(scheduler.wall().value, 1'700'000'000'000'000u);
}

}  // namespace
}  // namespace tidemill
