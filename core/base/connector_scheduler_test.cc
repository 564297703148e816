#include "core/base/connector_scheduler.h"

#include <gmock/gmock.h>

#include <atomic>
#include <boost/asio/post.hpp>
#include <latch>
#include <vector>

#include "core/base/asio_scheduler.h"
#include "tidemill/testing/virtual_scheduler.h"

namespace tidemill {
namespace {

using ::testing::ElementsAre;

TEST(ConnectorScheduler, CallsOfAConnectorThatHangsTakeNoMoreThreadsThanItsShare) {
  // Threads of the engine's pool may touch these until it is joined.
  std::latch forever(1);
  std::latch hanging(2);
  std::latch done(50);
  std::atomic<int> started = 0;
  AsioScheduler engine(1);
  ConnectorScheduler hung(engine);
  ConnectorScheduler sound(engine);
  for (int i = 0; i < 20; ++i)
    boost::asio::post(hung.blocking(), [&] {
      if (++started <= 2) hanging.count_down();
      forever.wait();
    });
  hanging.wait();
  for (int i = 0; i < 50; ++i) boost::asio::post(sound.blocking(), [&] { done.count_down(); });
  done.wait();

  EXPECT_EQ(started, 2);
  forever.count_down();
}

TEST(ConnectorScheduler, WhatWaitedRunsInItsOrderAndAllOfItRuns) {
  testing::VirtualScheduler engine;
  std::vector<int> order;
  {
    ConnectorScheduler one(engine);
    for (int i = 1; i <= 5; ++i)
      boost::asio::post(one.blocking(), [&order, i] { order.push_back(i); });
  }
  engine.run();

  EXPECT_THAT(order, ElementsAre(1, 2, 3, 4, 5));
}

TEST(ConnectorScheduler, AConnectorWithMuchToDoLetsOthersInBetween) {
  testing::VirtualScheduler engine;
  ConnectorScheduler greedy(engine);
  ConnectorScheduler other(engine);
  std::vector<int> order;
  for (int i = 1; i <= 4; ++i)
    boost::asio::post(greedy.blocking(), [&order, i] { order.push_back(i); });
  boost::asio::post(other.blocking(), [&order] { order.push_back(0); });
  engine.run();

  EXPECT_THAT(order, ElementsAre(1, 2, 0, 3, 4));
}

}  // namespace
}  // namespace tidemill
