#include "core/invoke/instance_pool.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <barrier>
#include <chrono>
#include <string>
#include <thread>
#include <vector>

#include "core/invoke/testing/native_function_fixture.h"

namespace tidemill {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::HasSubstr;

using InstancePoolTest = NativeFunctionTest;

TEST_F(InstancePoolTest, CancelEndsWhatRuns) {
  make("good");
  std::barrier running(2);
  read_object_ = [&running](const Event&, std::uint64_t) -> Result<Bytes> {
    running.arrive_and_wait();
    return Bytes::forever("started");
  };
  std::string reason;
  std::thread invoking([&] {
    const auto answer = invoke({event("a", "object"), event("b", "linger")});
    reason = answer.failures.at(0).reason;
  });
  running.arrive_and_wait();
  function_->cancel();
  invoking.join();
  EXPECT_THAT(reason, testing::StartsWith("gave up after"));
}

TEST_F(InstancePoolTest, ALeakIsReportedOnce) {
  make("rogue", {{"mode", "leak"}});
  invoke({event("a", "")});
  EXPECT_THAT(log_.lines, ElementsAre(HasSubstr("a freed response kept 100 bytes")));
}

TEST_F(InstancePoolTest, APluginMayAskToBeStartedLater) {
  const auto later = try_make("rogue", {{"mode", "create_later"}});
  ASSERT_FALSE(later);
  EXPECT_EQ(later.error().fault, Fault::transient);
  EXPECT_EQ(later.error().message, "it cannot start: later, please");
  const auto nothing = try_make("rogue", {{"mode", "create_null"}});
  ASSERT_FALSE(nothing);
  EXPECT_EQ(nothing.error().message, "it cannot start: it gives no reason");
}

TEST_F(InstancePoolTest, AResponseOutlivesLaterInvocationsAndTheFunction) {
  make("good");
  std::vector<Answer> answers;
  const std::vector<Event> first = {event("a", "row one")};
  const std::vector<Event> second = {event("b", "row two")};
  for (const auto& events : {std::span(first), std::span(second)}) {
    auto request = this->request();
    request.events = events;
    answers.push_back(function_->invoke(request));
  }
  function_.reset();
  EXPECT_EQ(shown(answers[0].effects.at(0)), "0.0 3:0 row/a=one");
  EXPECT_EQ(shown(answers[1].effects.at(0)), "0.0 3:0 row/b=two");
  answers.erase(answers.begin());
  EXPECT_EQ(shown(answers[0].effects.at(0)), "0.0 3:0 row/b=two");
}

TEST_F(InstancePoolTest, InstancesAreMadeOnDemandUpToTheConcurrency) {
  make("good", {}, 2);
  EXPECT_EQ(function_->instances(), 1u);
  std::barrier inside(3);
  std::barrier leave(3);
  read_object_ = [&](const Event&, std::uint64_t) -> Result<Bytes> {
    inside.arrive_and_wait();
    leave.arrive_and_wait();
    return Bytes::forever("x");
  };
  const std::vector<Event> events = {event("a", "object")};
  auto shared = request();
  shared.events = events;
  std::vector<std::thread> busy;
  for (int i = 0; i < 2; ++i)
    busy.emplace_back([&] { EXPECT_FALSE(function_->invoke(shared).error); });
  inside.arrive_and_wait();
  EXPECT_EQ(function_->instances(), 2u);
  const auto third = function_->invoke(shared);
  ASSERT_TRUE(third.error);
  EXPECT_EQ(third.error->fault, Fault::throttled);
  EXPECT_EQ(third.error->message, "all 2 instances of function f are busy");
  EXPECT_GT(third.error->retry_after, 0ms);
  leave.arrive_and_wait();
  for (auto& thread : busy) thread.join();
}

TEST_F(InstancePoolTest, ProvisionedInstancesExistBeforeTheFirstEvent) {
  make("good", {}, 4);
  ASSERT_TRUE(function_->provision(9));
  EXPECT_EQ(function_->instances(), 4u);
  make("plain", {}, 4);
  ASSERT_TRUE(function_->provision(4));
  EXPECT_EQ(function_->instances(), 1u) << "a thread-safe plugin needs one";
}

TEST_F(InstancePoolTest, ManyThreadsShareAThreadSafeInstance) {
  make("plain");
  const std::vector<Event> events = {event("a", "four")};
  auto shared = request();
  shared.events = events;
  std::atomic<int> right = 0;
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t)
    threads.emplace_back([&] {
      for (int i = 0; i < 200; ++i)
        if (function_->invoke(shared).effects.at(0).data == "4") ++right;
    });
  for (auto& thread : threads) thread.join();
  EXPECT_EQ(right, 800);
  EXPECT_EQ(function_->instances(), 1u);
}

TEST_F(InstancePoolTest, AConstructorThatThrowsIsABadConfiguration) {
  for (const auto& [where, reason] : {std::pair{"constructor", "no model file"},
                                      std::pair{"constructor_int",
                                                "the constructor threw something that is not a "
                                                "std::exception"}}) {
    const auto made = try_make("throwing", {{"where", where}});
    ASSERT_FALSE(made);
    EXPECT_EQ(made.error().fault, Fault::bad_config);
    EXPECT_EQ(made.error().message, std::string("it cannot start: ") + reason);
  }
}

TEST_F(InstancePoolTest, ARuleOfTheSpecThatFailsIsABadConfiguration) {
  const auto made = try_make("good", {{"prefix", "forbidden"}});
  ASSERT_FALSE(made);
  EXPECT_EQ(made.error().message, "it cannot start: prefix must not be 'forbidden'");
}

}  // namespace
}  // namespace tidemill
