#include "core/dispatch/outbox_pump.h"

#include <gmock/gmock.h>

#include <string>

#include "core/dispatch/testing/fake_edges.h"
#include "core/dispatch/testing/fake_store.h"
#include "tidemill/testing/virtual_scheduler.h"

namespace tidemill {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;
using namespace std::chrono_literals;

const Instant t0{};
const Error busy{Fault::transient, "busy"};

class OutboxPumpTest : public ::testing::Test {
 protected:
  OutboxPumpTest() {
    target_.binding.retry.backoff.jitter = Jitter::none;
    config_.pipeline = "p";
    config_.id = PipelineId(1);
  }
  ~OutboxPumpTest() override { scheduler_.abandon(); }

  /// As a pipeline's commit does.
  Task<> queue(std::string data) {
    CommitPart part{.pipeline = PipelineId(1)};
    QueuedEffect effect;
    effect.outbox = OutboxId(1);
    effect.data = data;
    effect.source = "fake";
    effect.offset = Offset(last_offset_++);
    part.queued.push_back(std::move(effect));
    const auto committed = co_await sequencer_.commit(part, Durability::sync);
    if (committed && pump_) pump_->added(1, data.size());
  }
  void queue_all(std::initializer_list<const char*> all) {
    for (const char* data : all) scheduler_.run(queue(data));
  }

  void start() {
    pump_.emplace(scheduler_, log_, store_, sequencer_, target_, config_,
                  OutboxPump::Callbacks{
                      [this] { ++room_came_; },
                      [this](const DeadLetter& letter) { died_.push_back(letter.reason); }});
    boost::asio::co_spawn(scheduler_.executor(), pump_->run(),
                          [this](std::exception_ptr, Result<> result) {
                            ended_ = true;
                            result_ = std::move(result);
                          });
  }

  testing::VirtualScheduler scheduler_;
  testing::FakeLog log_;
  testing::FakeStore store_;
  CommitSequencer sequencer_{scheduler_, store_, scheduler_.blocking()};
  testing::FakeSink sink_{scheduler_};
  Target target_{{.name = "out", .sink = &sink_, .outbox = OutboxId(1)},
                 std::make_unique<Turnstile>(scheduler_)};
  OutboxPump::Config config_;
  std::optional<OutboxPump> pump_;
  std::uint64_t last_offset_ = 0;
  int room_came_ = 0;
  std::vector<std::string> died_;
  bool ended_ = false;
  Result<> result_;
};

TEST_F(OutboxPumpTest, DeliversWhatAnEarlierLifeLeftThenWhatComes) {
  queue_all({"a", "b"});
  start();
  scheduler_.run();
  EXPECT_THAT(sink_.received, ElementsAre("a", "b"));
  queue_all({"c"});
  scheduler_.run();

  EXPECT_THAT(sink_.received, ElementsAre("a", "b", "c"));
  EXPECT_THAT(store_.outbox_effects, IsEmpty());
  EXPECT_FALSE(ended_);
}

TEST_F(OutboxPumpTest, AnEffectLeavesTheOutboxOnlyAfterItsSinkTookIt) {
  queue_all({"a"});
  sink_.answers_with = [&](std::string_view, int) -> Result<> {
    EXPECT_THAT(store_.outbox_effects, SizeIs(1));
    return {};
  };
  start();
  scheduler_.run();

  EXPECT_THAT(store_.outbox_effects, IsEmpty());
}

TEST_F(OutboxPumpTest, AnEffectWhoseCommitFailedIsWrittenAgain) {
  queue_all({"a"});
  store_.on_commit = [&] { store_.failure = Error{Fault::transient, "power"}; };
  start();
  scheduler_.run();
  EXPECT_TRUE(ended_) << "a store that fails ends the pump";
  store_.on_commit = nullptr;
  store_.failure.reset();
  ASSERT_TRUE(scheduler_.run(sequencer_.recover()).has_value());
  start();
  scheduler_.run();

  EXPECT_THAT(sink_.received, ElementsAre("a", "a"));
  EXPECT_THAT(store_.outbox_effects, IsEmpty());
}

TEST_F(OutboxPumpTest, OrderIsKeptBehindAnEffectThatIsTriedAgain) {
  target_.binding.retry.attempts = 10;
  sink_.answers_with = [](std::string_view, int write) -> Result<> {
    if (write < 4) return std::unexpected(busy);
    return {};
  };
  queue_all({"a"});
  start();
  scheduler_.call_at(t0 + 100ms, [&] { spawn(scheduler_, queue("b")); });
  scheduler_.run();

  EXPECT_THAT(sink_.received, ElementsAre("a", "b"));
}

TEST_F(OutboxPumpTest, OrderIsKeptWithinOneWrite) {
  sink_.answers_with = [](std::string_view data, int write) -> Result<> {
    if (data == "b" && write == 1) return std::unexpected(busy);
    return {};
  };
  queue_all({"a", "b", "c"});
  start();
  scheduler_.run();

  EXPECT_THAT(sink_.received, ElementsAre("a", "c", "b", "c"));
}

TEST_F(OutboxPumpTest, WhatIsGivenUpLeavesWithItsDeadLetterInOneCommit) {
  queue_all({"a", "b"});
  sink_.answers_with = [](std::string_view data, int) -> Result<> {
    if (data == "a") return fail(Fault::bad_event, "odd");
    return {};
  };
  const std::uint64_t calls = store_.calls;
  start();
  scheduler_.run();

  EXPECT_EQ(store_.calls, calls + 1);
  ASSERT_THAT(store_.dead, SizeIs(1));
  EXPECT_EQ(store_.dead[0].event_id, "fake/0@0");
  EXPECT_EQ(store_.dead[0].sink, "out");
  EXPECT_EQ(store_.dead[0].reason, "odd");
  EXPECT_EQ(store_.dead[0].attempts, 1u);
  EXPECT_THAT(died_, ElementsAre("odd"));
  EXPECT_THAT(sink_.received, ElementsAre("b"));
}

TEST_F(OutboxPumpTest, WithDeadLettersOffWhatIsGivenUpIsCounted) {
  config_.dead_letter.enabled = false;
  queue_all({"a"});
  sink_.answers_with = [](std::string_view, int) -> Result<> {
    return fail(Fault::bad_event, "odd");
  };
  start();
  scheduler_.run();

  EXPECT_THAT(store_.dead, IsEmpty());
  EXPECT_THAT(died_, ElementsAre("odd"));
  EXPECT_THAT(store_.outbox_effects, IsEmpty());
}

TEST_F(OutboxPumpTest, FinishEndsItOnceTheOutboxIsEmpty) {
  queue_all({"a", "b"});
  sink_.takes = 10ms;
  start();
  pump_->finish();
  scheduler_.run();

  EXPECT_TRUE(ended_);
  EXPECT_THAT(sink_.received, ElementsAre("a", "b"));
}

// The read that finds nothing may be older than the last commit before finish().
TEST_F(OutboxPumpTest, FinishDeliversWhatWasCommittedWhileAReadWasUnderWay) {
  int reads = 0;
  store_.on_read_end = [&] {
    if (++reads != 2) return;  // The first one counts what is there.
    QueuedEffect effect;
    effect.outbox = OutboxId(1);
    effect.number = 1;
    effect.data = "late";
    store_.outbox_effects.emplace(1, effect);
    pump_->added(1, 4);
    pump_->finish();
  };
  start();
  scheduler_.run();

  EXPECT_TRUE(ended_);
  EXPECT_THAT(sink_.received, ElementsAre("late"));
}

TEST_F(OutboxPumpTest, StopLeavesTheRestInTheOutbox) {
  target_.binding.retry.attempts = 1000;
  sink_.answers_with = [](std::string_view, int) -> Result<> { return std::unexpected(busy); };
  queue_all({"a"});
  start();
  scheduler_.call_at(t0 + 10s, [&] { pump_->stop(); });
  scheduler_.run();

  EXPECT_TRUE(ended_);
  EXPECT_THAT(store_.outbox_effects, SizeIs(1));
  EXPECT_THAT(store_.dead, IsEmpty());
}

TEST_F(OutboxPumpTest, AnOutboxThatCannotBeReadIsReadAgain) {
  queue_all({"a"});
  store_.read_failure = Error{Fault::transient, "broken"};
  start();
  scheduler_.call_at(t0 + 1h, [&] {
    store_.read_failure.reset();
    pump_->finish();
  });
  scheduler_.run();

  EXPECT_TRUE(ended_);
  EXPECT_TRUE(result_.has_value());
  EXPECT_THAT(sink_.received, ElementsAre("a"));
  EXPECT_EQ(log_.lines.front(), "p: the outbox of sink out cannot be read: broken");
}

TEST_F(OutboxPumpTest, FinishIsNotMissedWhileAReadIsToBeTriedAgain) {
  store_.read_failure = Error{Fault::transient, "broken"};
  start();
  scheduler_.run_until([&] { return !log_.lines.empty(); });
  store_.read_failure.reset();
  pump_->finish();
  scheduler_.run();

  EXPECT_TRUE(ended_);
}

TEST_F(OutboxPumpTest, StopEndsItThoughTheOutboxCannotBeRead) {
  store_.read_failure = Error{Fault::transient, "broken"};
  start();
  scheduler_.call_at(t0 + 1h, [&] { pump_->stop(); });
  scheduler_.run();

  EXPECT_TRUE(ended_);
  EXPECT_EQ(scheduler_.now(), t0 + 1h);
}

TEST_F(OutboxPumpTest, AStoreWhoseWritesFailEndsItWithTheError) {
  queue_all({"a"});
  store_.failure = Error{Fault::transient, "disk full"};
  start();
  scheduler_.run();

  ASSERT_TRUE(ended_);
  ASSERT_FALSE(result_.has_value());
  EXPECT_EQ(result_.error().message, "disk full");
}

TEST_F(OutboxPumpTest, WhatIsGivenUpIsNotReportedBeforeItIsCommitted) {
  queue_all({"a"});
  sink_.answers_with = [](std::string_view, int) -> Result<> {
    return fail(Fault::bad_event, "odd");
  };
  store_.on_commit = [&] { store_.failure = Error{Fault::transient, "power"}; };
  start();
  scheduler_.run();

  EXPECT_TRUE(ended_);
  EXPECT_THAT(died_, IsEmpty());
}

TEST_F(OutboxPumpTest, SaysWhenItHasRoomAgain) {
  for (const auto& [effects, bytes] : {std::pair{OutboxPump::effects_max, std::uint64_t{1}},
                                       std::pair{std::uint64_t{1}, OutboxPump::bytes_max}}) {
    sink_.takes = 1s;
    sink_.writes = 0;
    start();
    scheduler_.run();
    EXPECT_EQ(room_came_, 1) << "what an earlier life left is counted";
    spawn(scheduler_, queue("a"));
    scheduler_.run_until([&] { return sink_.writes == 1; });
    pump_->added(effects, bytes);
    EXPECT_TRUE(pump_->full());
    scheduler_.run();

    EXPECT_FALSE(pump_->full());
    EXPECT_EQ(std::exchange(room_came_, 0), 2);
    pump_->stop();
    scheduler_.run();
  }
}

TEST_F(OutboxPumpTest, IsFullUntilWhatAnEarlierLifeLeftIsCounted) {
  sink_.takes = 1s;
  start();
  EXPECT_TRUE(pump_->full());
  scheduler_.run();
  EXPECT_FALSE(pump_->full());
}

TEST_F(OutboxPumpTest, WhatAnEarlierLifeLeftCountsTowardsTheBounds) {
  QueuedEffect effect;
  effect.outbox = OutboxId(1);
  effect.data.assign(1u << 10, 'x');
  for (effect.number = 1; effect.number <= 20'000; ++effect.number)
    store_.outbox_effects.emplace(effect.number, effect);
  sink_.takes = 1h;
  start();
  scheduler_.run_until([&] { return sink_.writes == 1; });
  EXPECT_FALSE(pump_->full());
  const std::uint64_t bytes_left = OutboxPump::bytes_max - 20'000 * 1024;
  pump_->added(1, bytes_left - 1);
  EXPECT_FALSE(pump_->full());
  pump_->added(1, 1);
  EXPECT_TRUE(pump_->full()) << "by bytes";
  scheduler_.run_until([&] { return sink_.writes == 2; });
  EXPECT_FALSE(pump_->full());
  pump_->added(OutboxPump::effects_max - 20'002 + 256, 0);
  EXPECT_TRUE(pump_->full()) << "by effects";
  scheduler_.abandon();
}

}  // namespace
}  // namespace tidemill
