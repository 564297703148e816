#include "core/dispatch/ack_queue.h"

#include <gmock/gmock.h>

#include <string>

#include "core/dispatch/testing/fake_edges.h"
#include "core/dispatch/testing/fake_store.h"
#include "tidemill/testing/virtual_scheduler.h"

namespace tidemill {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using namespace std::chrono_literals;

// Remembers each call as "subject@version" of what it was told.
class TellingSource final : public Source {
 public:
  SourceTraits traits() const override { return {ProgressKind::objects}; }
  std::string identity() const override { return "fake"; }
  bool sees(std::string_view) const override { return false; }
  Task<Result<>> open(const Progress&) override { co_return Result<>{}; }
  Task<Result<PollEnd>> poll(Credit, std::vector<Event>&) override { co_return PollEnd::exhausted; }
  void interrupt() override {}
  Task<Result<>> settle(std::span<const Settled> settled) override {
    std::string call;
    for (const Settled& one : settled)
      call += std::string(one.subject) + "@" + std::string(one.version) + " ";
    calls.push_back(call);
    if (failures > 0 && failures-- > 0) co_return answer;
    co_return Result<>{};
  }
  Task<> close() override { co_return; }

  std::vector<std::string> calls;
  Result<> answer;  ///< Of the next `failures` calls.
  int failures = 0;
};

class AckQueueTest : public ::testing::Test {
 protected:
  AckQueueTest() {
    boost::asio::co_spawn(scheduler_.executor(), queue_.run(),
                          [this](std::exception_ptr) { ended_ = true; });
  }
  ~AckQueueTest() override { scheduler_.abandon(); }

  // A commit of one object; its texts are gone when it has been told of.
  Task<> settle(std::string subject) {
    const CommitPart part{.pipeline = PipelineId(1)};
    const auto number = co_await sequencer_.commit(part, durability_);
    if (!number) co_return;
    std::vector<Settled> settled;
    settled.push_back({{}, {}, subject, "v1"});
    queue_.push(*number, std::move(settled));
    subject.assign(subject.size(), '#');
  }
  void start(std::string subject) { spawn(scheduler_, settle(std::move(subject))); }

  testing::VirtualScheduler scheduler_;
  testing::FakeLog log_;
  testing::FakeStore store_;
  TellingSource source_;
  CommitSequencer sequencer_{scheduler_, store_, scheduler_.blocking()};
  Durability durability_ = Durability::sync;
  AckQueue queue_{scheduler_, log_, sequencer_, source_, "p", [this] { ++room_came_; }};
  int room_came_ = 0;
  bool ended_ = false;
};

TEST_F(AckQueueTest, WhatIsDurableIsToldAtOnceAndItsTextsAreCopies) {
  start("a-subject-too-long-for-the-small-string-optimization");
  scheduler_.run();

  EXPECT_EQ(scheduler_.now(), Instant{});
  EXPECT_THAT(source_.calls,
              ElementsAre("a-subject-too-long-for-the-small-string-optimization@v1 "));
}

TEST_F(AckQueueTest, WhatIsNotDurableIsHeldUntilTheSyncAndThenToldInOneCall) {
  durability_ = Durability::periodic;
  for (const char* subject : {"a", "b", "c"}) start(subject);
  scheduler_.call_at(Instant{} + 999ms, [&] { EXPECT_THAT(source_.calls, IsEmpty()); });
  scheduler_.run();

  EXPECT_EQ(scheduler_.now(), Instant{} + 1s);
  EXPECT_THAT(source_.calls, ElementsAre("a@v1 b@v1 c@v1 "));
}

TEST_F(AckQueueTest, ListensToSyncsOnlyWhileOneIsNeeded) {
  start("durable at once");
  scheduler_.run();
  EXPECT_EQ(sequencer_.listeners(), 0u);
  durability_ = Durability::periodic;
  start("later");
  scheduler_.run_until([&] { return sequencer_.visible() == 2; });
  scheduler_.run_until([&] { return sequencer_.listeners() == 1; });
  EXPECT_EQ(sequencer_.listeners(), 1u);
  scheduler_.run();

  EXPECT_THAT(source_.calls, ElementsAre("durable at once@v1 ", "later@v1 "));
  EXPECT_EQ(sequencer_.listeners(), 0u);
}

TEST_F(AckQueueTest, ClosingSyncsWhatIsHeldWithoutDelayAndEndsOnceItIsTold) {
  durability_ = Durability::periodic;
  start("a");
  scheduler_.run_until([&] { return sequencer_.visible() == 1; });
  scheduler_.call_at(Instant{} + 100ms, [&] { queue_.close(); });
  scheduler_.run();

  EXPECT_EQ(scheduler_.now(), Instant{} + 100ms);
  EXPECT_THAT(source_.calls, ElementsAre("a@v1 "));
  EXPECT_TRUE(ended_);
}

TEST_F(AckQueueTest, ClosingWithNothingHeldEnds) {
  queue_.close();
  scheduler_.run();

  EXPECT_TRUE(ended_);
  EXPECT_THAT(source_.calls, IsEmpty());
}

TEST_F(AckQueueTest, AfterAFailedSyncWhatIsHeldIsNeverTold) {
  durability_ = Durability::periodic;
  start("a");
  scheduler_.run_until([&] { return sequencer_.visible() == 1; });
  store_.failure = Error{Fault::transient, "disk full"};
  scheduler_.run();
  queue_.close();
  scheduler_.run();

  EXPECT_TRUE(ended_);
  EXPECT_THAT(source_.calls, IsEmpty());
}

TEST_F(AckQueueTest, WhatTheSourceDoesNotTakeItIsToldAgainBeforeTheNext) {
  source_.answer = fail(Fault::transient, "gone");
  source_.failures = 2;
  start("a");
  scheduler_.run_until([&] { return source_.calls.size() == 1; });
  start("b");
  scheduler_.run();

  EXPECT_THAT(source_.calls, ElementsAre("a@v1 ", "a@v1 ", "a@v1 ", "b@v1 "));
  EXPECT_THAT(log_.lines, ElementsAre("p: the source did not take an ack: gone",
                                      "p: the source did not take an ack: gone"));
}

TEST_F(AckQueueTest, ASourceThatAsksForTimeGetsIt) {
  source_.answer = std::unexpected(
      Error{.fault = Fault::throttled, .message = "slow down", .retry_after = 1min});
  source_.failures = 1;
  start("a");
  scheduler_.run();

  EXPECT_EQ(scheduler_.now(), Instant{} + 1min);
  EXPECT_THAT(source_.calls, ElementsAre("a@v1 ", "a@v1 "));
}

TEST_F(AckQueueTest, WhatTheSourceWillNeverTakeIsLoggedAndTheNextIsTold) {
  source_.answer = fail(Fault::fenced, "another owns it");
  source_.failures = 1;
  start("a");
  scheduler_.run();
  start("b");
  scheduler_.run();

  EXPECT_THAT(source_.calls, ElementsAre("a@v1 ", "b@v1 "));
  EXPECT_THAT(log_.lines, ElementsAre("p: the source did not take an ack: another owns it"));
}

TEST_F(AckQueueTest, AnAckThatWasCancelledIsNotWorthALine) {
  source_.answer = fail(Fault::cancelled, "closing");
  source_.failures = 1;
  start("a");
  scheduler_.run();

  EXPECT_THAT(log_.lines, IsEmpty());
}

TEST_F(AckQueueTest, AtTheEndASourceThatIsGoneIsToldAFewTimesOnly) {
  source_.answer = fail(Fault::transient, "gone");
  source_.failures = 1'000'000;
  start("a");
  scheduler_.call_at(Instant{} + 1h, [&] {
    source_.calls.clear();
    queue_.close();
  });
  scheduler_.run();

  EXPECT_TRUE(ended_);
  EXPECT_LT(scheduler_.now(), Instant{} + 1h + 3s);
  EXPECT_THAT(source_.calls, ElementsAre("a@v1 ", "a@v1 ", "a@v1 "));
}

TEST_F(AckQueueTest, IsFullUntilTheSourceHasTakenWhatItWasTold) {
  source_.answer = fail(Fault::transient, "busy");
  source_.failures = 1;
  start("a");
  scheduler_.run_until([&] { return source_.calls.size() == 1; });
  queue_.push(1, std::vector<Settled>(AckQueue::held_max - 2));
  EXPECT_FALSE(queue_.full());
  queue_.push(1, std::vector<Settled>(1));
  EXPECT_TRUE(queue_.full()) << "with the one that is being told";
  scheduler_.run();

  EXPECT_FALSE(queue_.full());
  EXPECT_EQ(room_came_, 1);
}

TEST_F(AckQueueTest, MuchThatIsHeldIsWorthASyncOfItsOwn) {
  durability_ = Durability::periodic;
  start("a");
  scheduler_.run_until([&] { return sequencer_.visible() == 1; });
  EXPECT_THAT(source_.calls, IsEmpty());
  queue_.push(1, std::vector<Settled>(70'000));
  scheduler_.run();

  EXPECT_EQ(scheduler_.now(), Instant{});
  EXPECT_THAT(source_.calls, ::testing::SizeIs(1));
}

}  // namespace
}  // namespace tidemill
