// Signal, sleep_until and run_on of tidemill/async.h, on virtual time.
#include "tidemill/async.h"

#include <gmock/gmock.h>

#include <memory>
#include <optional>
#include <vector>

#include "tidemill/testing/virtual_scheduler.h"

namespace tidemill {
namespace {

using ::testing::ElementsAre;
using namespace std::chrono_literals;
using testing::VirtualScheduler;

const Instant t0{};

Task<> count_wakes(Signal& signal, int& wakes, int wanted) {
  while (wakes < wanted) {
    co_await signal.wait();
    ++wakes;
  }
}

Task<> wait_until(Signal& signal, Instant deadline, std::optional<bool>& notified) {
  notified = co_await signal.wait_until(deadline);
}

TEST(Signal, WakesWhoWaits) {
  VirtualScheduler scheduler;
  Signal signal(scheduler);
  int wakes = 0;
  spawn(scheduler, count_wakes(signal, wakes, 1));
  scheduler.run();
  EXPECT_EQ(wakes, 0);

  signal.notify();
  EXPECT_EQ(wakes, 0) << "the waiter is posted, not run inside notify()";
  scheduler.run();

  EXPECT_EQ(wakes, 1);
}

TEST(Signal, AWakeUpWithNobodyWaitingIsRemembered) {
  VirtualScheduler scheduler;
  Signal signal(scheduler);
  int wakes = 0;
  signal.notify();
  spawn(scheduler, count_wakes(signal, wakes, 2));

  scheduler.run();

  EXPECT_EQ(wakes, 1);
}

TEST(Signal, SeveralWakeUpsAreOne) {
  VirtualScheduler scheduler;
  Signal signal(scheduler);
  int wakes = 0;
  spawn(scheduler, count_wakes(signal, wakes, 2));
  scheduler.run();

  signal.notify();
  signal.notify();
  signal.notify();
  scheduler.run();

  EXPECT_EQ(wakes, 1);
}

Task<> take_what_is_pending(Signal& wake, int& left, int& done) {
  while (done < 20) {
    while (left == 0) co_await wake.wait();
    --left;
    ++done;
  }
}

TEST(Signal, NoWakeUpIsLostInAnyOrderOfHandlers) {
  for (std::uint64_t seed = 0; seed < 100; ++seed) {
    VirtualScheduler scheduler(seed, testing::Order::shuffled);
    Signal signal(scheduler);
    int pending = 0, taken = 0;
    spawn(scheduler, take_what_is_pending(signal, pending, taken));
    for (int i = 0; i < 20; ++i)
      boost::asio::post(scheduler.executor(), [&] {
        ++pending;
        signal.notify();
      });
    scheduler.run();
    EXPECT_EQ(taken, 20) << "seed " << seed;
  }
}

TEST(Signal, AWaitWithADeadlineEndsThere) {
  VirtualScheduler scheduler;
  Signal signal(scheduler);
  std::optional<bool> notified;
  spawn(scheduler, wait_until(signal, t0 + 5s, notified));

  scheduler.run();

  EXPECT_EQ(notified, false);
  EXPECT_EQ(scheduler.now(), t0 + 5s);
}

TEST(Signal, AWakeUpBeforeTheDeadlineEndsTheWaitAndItsTimer) {
  VirtualScheduler scheduler;
  Signal signal(scheduler);
  std::optional<bool> notified;
  spawn(scheduler, wait_until(signal, t0 + 5s, notified));
  scheduler.call_at(t0 + 1s, [&] { signal.notify(); });

  scheduler.run();

  EXPECT_EQ(notified, true);
  EXPECT_EQ(scheduler.now(), t0 + 1s) << "no timer is left behind";
}

TEST(Signal, AWakeUpAtTheMomentOfTheDeadlineIsNotLost) {
  VirtualScheduler scheduler;
  Signal signal(scheduler);
  std::optional<bool> notified;
  spawn(scheduler, wait_until(signal, t0 + 1s, notified));
  scheduler.run_until([&] { return scheduler.steps() > 0; });
  scheduler.call_at(t0 + 1s, [&] { signal.notify(); });
  scheduler.run();

  int wakes = 0;
  spawn(scheduler, count_wakes(signal, wakes, 1));
  scheduler.run();

  EXPECT_EQ((notified == true) + wakes, 1);
}

Task<> hold_while_waiting(Signal& signal, std::shared_ptr<int> kept) {
  co_await signal.wait();
  ++*kept;
}

TEST(Signal, DroppingItDropsTheWaitingFrame) {
  VirtualScheduler scheduler;
  auto held = std::make_shared<int>(1);
  const std::weak_ptr<int> watch = held;
  {
    Signal signal(scheduler);
    spawn(scheduler, hold_while_waiting(signal, std::move(held)));
    scheduler.run();
    EXPECT_FALSE(watch.expired());
  }
  scheduler.run();  // Asio unwinds a dropped coroutine through its executor.

  EXPECT_TRUE(watch.expired());
}

TEST(Signal, DroppingItDuringAWaitWithADeadlineLeavesNoTimerBehind) {
  VirtualScheduler scheduler;
  std::optional<bool> notified;
  auto signal = std::make_unique<Signal>(scheduler);
  spawn(scheduler, wait_until(*signal, t0 + 5s, notified));
  scheduler.run_until([&] { return scheduler.steps() > 0; });

  signal.reset();
  scheduler.run();

  EXPECT_EQ(notified, std::nullopt);
  EXPECT_EQ(scheduler.now(), t0);
}

TEST(SleepUntil, ReturnsAtItsTime) {
  VirtualScheduler scheduler;
  scheduler.run(sleep_until(scheduler, t0 + 3h));
  EXPECT_EQ(scheduler.now(), t0 + 3h);
}

TEST(SleepUntil, ReturnsAtOnceWhenTheTimeHasPassed) {
  VirtualScheduler scheduler;
  scheduler.run(sleep_until(scheduler, t0 + 1s));
  scheduler.run(sleep_until(scheduler, t0));
  EXPECT_EQ(scheduler.now(), t0 + 1s);
}

TEST(RunBlocking, ReturnsWhatTheWorkReturned) {
  VirtualScheduler scheduler;
  auto work = [] { return std::make_unique<int>(7); };

  EXPECT_EQ(*scheduler.run(run_blocking(scheduler, std::move(work))), 7);
}

Task<> call_and_note(Scheduler& on, std::vector<int>& seen) {
  seen.push_back(1);
  auto work = [&seen] {
    seen.push_back(3);
    return 4;
  };
  const int value = co_await run_blocking(on, std::move(work));
  seen.push_back(value);
}

TEST(RunBlocking, TheExecutorGoesOnMeanwhile) {
  VirtualScheduler scheduler;
  std::vector<int> order;
  spawn(scheduler, call_and_note(scheduler, order));
  boost::asio::post(scheduler.executor(), [&] { order.push_back(2); });

  scheduler.run();

  EXPECT_THAT(order, ElementsAre(1, 2, 3, 4));
}

}  // namespace
}  // namespace tidemill
