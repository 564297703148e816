#include "core/invoke/function_threads.h"

#include <gtest/gtest.h>

#include <future>

namespace tidemill {
namespace {

// A work that says when it began, and ends when it is let. Outlives the threads.
struct Gate {
  CallThreads::Work work() {
    return [this] {
      began.set_value();
      may_end.get_future().wait();
      ended.set_value();
    };
  }
  std::promise<void> began, may_end, ended;
};

TEST(FunctionThreads, RunsAsManyAtOnceAsThereAreThreads) {
  Gate first, second, third;
  FunctionThreads threads(2);
  threads.start(first.work());
  threads.start(second.work());
  threads.start(third.work());
  first.began.get_future().wait();
  second.began.get_future().wait();
  first.may_end.set_value();
  third.began.get_future().wait();
  second.may_end.set_value();
  third.may_end.set_value();
}

TEST(FunctionThreads, ALostThreadIsReplaced) {
  Gate hangs, waits;
  FunctionThreads threads(1);
  const auto number = threads.start(hangs.work());
  hangs.began.get_future().wait();
  threads.start(waits.work());

  threads.abandon(number);

  waits.began.get_future().wait();
  EXPECT_EQ(threads.lost(), 1);
  waits.may_end.set_value();
  hangs.may_end.set_value();
}

TEST(FunctionThreads, AThreadThatComesBackIsNotLostAnyMore) {
  Gate hangs, next;
  FunctionThreads threads(1);
  const auto number = threads.start(hangs.work());
  hangs.began.get_future().wait();
  threads.abandon(number);
  hangs.may_end.set_value();
  hangs.ended.get_future().wait();
  while (threads.lost() > 0) std::this_thread::yield();

  threads.start(next.work());
  next.began.get_future().wait();
  next.may_end.set_value();
}

TEST(FunctionThreads, AbandonedBeforeItBeganAWorkNeverRuns) {
  Gate first, third;
  bool ran = false;
  FunctionThreads threads(1);
  threads.start(first.work());
  first.began.get_future().wait();
  const auto second = threads.start([&ran] { ran = true; });
  threads.start(third.work());
  threads.abandon(second);
  EXPECT_EQ(threads.lost(), 0);
  first.may_end.set_value();
  third.began.get_future().wait();
  third.may_end.set_value();
  EXPECT_FALSE(ran);
}

TEST(FunctionThreads, ToAbandonWhatHasEndedDoesNothing) {
  Gate first, second;
  FunctionThreads threads(1);
  const auto number = threads.start(first.work());
  first.may_end.set_value();
  threads.start(second.work());
  second.began.get_future().wait();
  threads.abandon(number);
  EXPECT_EQ(threads.lost(), 0);
  second.may_end.set_value();
}

}  // namespace
}  // namespace tidemill
