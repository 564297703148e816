#include "core/base/blocking_pool.h"

#include <gtest/gtest.h>

#include <atomic>
#include <boost/asio/post.hpp>
#include <latch>
#include <thread>

namespace tidemill {
namespace {

using namespace std::chrono_literals;

// Latches are declared before the pool, whose threads may touch them until it is joined.

TEST(BlockingPool, ItsThreadsAreMadeWhenTheyAreNeeded) {
  std::latch done(1);
  BlockingPool pool(3);
  EXPECT_EQ(pool.threads(), 0u);
  boost::asio::post(pool.executor(), [&] { done.count_down(); });
  done.wait();

  EXPECT_EQ(pool.threads(), 1u);
}

TEST(BlockingPool, CallsThatHangKeepNoOtherFromRunning) {
  std::latch forever(1);
  std::latch done(100);
  BlockingPool pool(2, 1ms);
  for (int i = 0; i < 10; ++i) boost::asio::post(pool.executor(), [&] { forever.wait(); });
  for (int i = 0; i < 100; ++i) boost::asio::post(pool.executor(), [&] { done.count_down(); });
  done.wait();

  EXPECT_GE(pool.threads(), 11u);
  while (pool.threads() > 12) std::this_thread::yield();  // Those that hang, and the usual two.
  forever.count_down();
}

TEST(BlockingPool, WhereCallsReturnItHasNoMoreThreadsThanUsual) {
  std::latch done(10'000);
  BlockingPool pool(2, 1h);
  for (int i = 0; i < 10'000; ++i) boost::asio::post(pool.executor(), [&] { done.count_down(); });
  done.wait();

  EXPECT_LE(pool.threads(), 2u);
}

TEST(BlockingPool, ThreadsThatTookTheirPlaceEndWhenTheCallsThatHungReturn) {
  std::latch released(1);
  std::latch all_hang(6);
  BlockingPool pool(1, 1ms);
  for (int i = 0; i < 6; ++i)
    boost::asio::post(pool.executor(), [&] {
      all_hang.count_down();
      released.wait();
    });
  all_hang.wait();
  EXPECT_GE(pool.threads(), 6u);
  while (pool.threads() > 7) std::this_thread::yield();  // Those that hang, and the usual one.
  released.count_down();
  while (pool.threads() > 1) std::this_thread::yield();
}

TEST(BlockingPool, JoinWaitsForWhatWaits) {
  std::atomic<int> ran = 0;
  BlockingPool pool(1);
  for (int i = 0; i < 100; ++i) boost::asio::post(pool.executor(), [&] { ++ran; });
  pool.join();

  EXPECT_EQ(ran, 100);
}

}  // namespace
}  // namespace tidemill
