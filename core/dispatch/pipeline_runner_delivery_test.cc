// PipelineRunner: what the source hears and when, what comes twice, and where effects and records
// go besides.
#include <gmock/gmock.h>

#include "core/dispatch/testing/runner_fixture.h"

namespace tidemill {
namespace {

using ::testing::AllOf;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::SizeIs;
using ::testing::UnorderedElementsAre;
using namespace std::chrono_literals;

using testing::PipelineRunnerTest;

const Instant t0{};
const Error busy{Fault::transient, "busy"};
const Error odd{Fault::bad_event, "too odd"};

TEST_F(PipelineRunnerTest, WithPeriodicDurabilityTheSourceHearsNothingBeforeTheSync) {
  source_.ends = false;
  config_.durability = Durability::periodic;
  push({"a"});

  start();
  ASSERT_TRUE(scheduler_.run_until([&] { return stats().committed == 1; }));
  EXPECT_EQ(scheduler_.now(), t0);
  scheduler_.call_at(t0 + 999ms, [&] { EXPECT_THAT(source_.settled, IsEmpty()); });
  scheduler_.run();

  EXPECT_EQ(scheduler_.now(), t0 + 1s);
  EXPECT_EQ(store_.syncs, 1u);
  EXPECT_THAT(source_.settled, ElementsAre(0));
}

TEST_F(PipelineRunnerTest, WithPeriodicDurabilityTheEndOfTheSourceIsSyncedAtOnce) {
  config_.durability = Durability::periodic;
  push({"a", "b"});

  run();

  EXPECT_EQ(scheduler_.now(), t0);
  EXPECT_EQ(store_.syncs, 1u);
  EXPECT_THAT(source_.settled, ElementsAre(0, 1));
}

TEST_F(PipelineRunnerTest, ASourceThatDoesNotTakeItsAcksIsNotAskedForEverMore) {
  source_.progress = ProgressKind::queue;
  source_.settle_takes = 1h;
  config_.batch.events = 10'000;
  const std::size_t all = AckQueue::held_max + 70'000;
  for (std::size_t i = 0; i < all; ++i) source_.push("e");
  start();
  scheduler_.call_at(t0 + 59min, [&] {
    EXPECT_GE(stats().committed, AckQueue::held_max);
    EXPECT_THAT(source_.waiting, Not(IsEmpty()));
  });
  scheduler_.run();

  EXPECT_TRUE(result_.has_value());
  EXPECT_THAT(source_.settled, SizeIs(all));
}

TEST_F(PipelineRunnerTest, AQueueHearsOnlyOfWhatSettled) {
  source_.ends = false;
  source_.progress = ProgressKind::queue;
  config_.retry.backoff.initial = 1h;
  config_.retry.backoff.max = 1h;
  invoker_.fails = [](std::string_view data, std::uint32_t) {
    return data == "b" ? std::optional(busy) : std::nullopt;
  };
  push({"a", "b", "c"});

  start();
  scheduler_.run_until([&] { return scheduler_.now() > t0; });

  EXPECT_THAT(source_.settled, ElementsAre(0, 2));
  EXPECT_THAT(store_.logs, IsEmpty()) << "what was handed out is known to the queue alone";
}

class DedupeByNativeId : public PipelineRunnerTest {
 protected:
  DedupeByNativeId() {
    source_.progress = ProgressKind::queue;
    config_.dedupe.by = DedupeBy::native;
    config_.batch.events = 1;
  }
  void push_id(std::string_view data, std::string_view id) {
    source_.push(data);
    source_.waiting.back().id = id;
  }
};

TEST_F(DedupeByNativeId, ADuplicateOfAnEventUnderWayIsAcknowledgedOnceThatHasSettled) {
  invoker_.takes = 10ms;
  push_id("first", "m1");
  push_id("again", "m1");
  push_id("other", "m2");
  source_.on_settle = [&] { EXPECT_GE(scheduler_.now(), t0 + 10ms); };

  run();

  EXPECT_THAT(store_.rows, UnorderedElementsAre("first=row", "other=row"));
  EXPECT_THAT(source_.settled, UnorderedElementsAre(0, 1, 2));
  EXPECT_EQ(stats().duplicates, 1u);
  EXPECT_EQ(stats().committed, 2u);
  EXPECT_EQ(stats().events, 3u);
  EXPECT_EQ(stats().in_flight_events, 0u);
}

TEST_F(DedupeByNativeId, ADuplicateOfASettledEventReachesNoFunction) {
  source_.ends = false;
  push_id("first", "m1");
  scheduler_.call_at(t0 + 1s, [&] { push_id("again", "m1"); });

  start();
  scheduler_.run();

  EXPECT_THAT(invoker_.calls, SizeIs(1));
  EXPECT_THAT(source_.settled, ElementsAre(0, 1));
  EXPECT_EQ(stats().duplicates, 1u);
}

TEST_F(DedupeByNativeId, ADuplicateOfAnEventThatWasGivenUpIsNotTriedAgain) {
  invoker_.fails = [](std::string_view, std::uint32_t) { return odd; };
  push_id("first", "m1");
  push_id("again", "m1");

  run();

  EXPECT_THAT(invoker_.calls, SizeIs(1));
  EXPECT_THAT(store_.dead, SizeIs(1));
  EXPECT_THAT(source_.settled, UnorderedElementsAre(0, 1));
}

TEST_F(DedupeByNativeId, EventsWithoutAnIdAreNeverDuplicates) {
  push_id("a", "");
  push_id("b", "");

  run();

  EXPECT_THAT(store_.rows, SizeIs(2));
  EXPECT_EQ(stats().duplicates, 0u);
}

TEST_F(PipelineRunnerTest, DestinationsGetARecordOfEveryEventThatSettledOrWasGivenUp) {
  testing::FakeSink successes(scheduler_);
  testing::FakeSink failures(scheduler_);
  bindings_ = {
      {.name = "on_success", .sink = &successes, .takes = Takes::success},
      {.name = "on_failure", .sink = &failures, .takes = Takes::failure},
      messages_,
  };
  invoker_.fails = [](std::string_view data, std::uint32_t) {
    return data == R"("poison")" ? std::optional(odd) : std::nullopt;
  };
  sink_.answers_with = [](std::string_view data, int) -> Result<> {
    if (data == R"("refused")") return fail(Fault::bad_event, "no room for it");
    return {};
  };
  source_.progress = ProgressKind::objects;
  push({R"("good")", R"("poison")", R"("refused")"});

  run();

  EXPECT_THAT(successes.received,
              ElementsAre(AllOf(HasSubstr(R"("condition":"Success")"),
                                HasSubstr(R"("requestPayload":"good")"), Not(HasSubstr("error")))))
      << "what a sink refuses is no success";
  EXPECT_THAT(
      failures.received,
      ElementsAre(AllOf(HasSubstr(R"("requestPayload":"poison")"), HasSubstr("too odd")),
                  AllOf(HasSubstr(R"("requestPayload":"refused")"), HasSubstr("no room for it"))));
  EXPECT_THAT(store_.dead, SizeIs(2)) << "the dead letters keep them too";
}

TEST_F(PipelineRunnerTest, AFailureRecordThatIsRefusedChangesNothingForItsEvent) {
  bindings_ = {{.name = "on_failure", .sink = &sink_, .takes = Takes::failure}};
  invoker_.fails = [](std::string_view, std::uint32_t) { return odd; };
  sink_.answers_with = [](std::string_view, int) -> Result<> {
    return fail(Fault::bad_event, "no such queue");
  };
  push({"a"});

  run();

  ASSERT_THAT(store_.dead, SizeIs(1));
  EXPECT_EQ(store_.dead[0].reason, "too odd");
  EXPECT_THAT(log_.lines,
              Contains("p: on_failure did not take the record of fake/0@0: no such queue"));
}

class DeliveryByQueue : public PipelineRunnerTest {
 protected:
  DeliveryByQueue() {
    messages_.delivery = Delivery::queue;
    messages_.outbox = OutboxId(1);
    bindings_ = {messages_, rows_};
    config_.batch.events = 2;
  }
};

TEST_F(DeliveryByQueue, ADeadSinkDoesNotHoldUpThePipelineAndGetsItsEffectsInOrderLater) {
  bindings_[0].retry.attempts = 1'000'000;
  source_.ends = false;
  bool dead = true;
  sink_.answers_with = [&](std::string_view, int) -> Result<> {
    if (dead) return std::unexpected(busy);
    return {};
  };
  push({"a", "b", "c", "d", "e"});

  start();
  ASSERT_TRUE(scheduler_.run_until([&] { return source_.settled.size() == 5; }));
  EXPECT_EQ(scheduler_.now(), t0);
  EXPECT_THAT(store_.rows, SizeIs(5));
  EXPECT_THAT(sink_.received, IsEmpty());

  scheduler_.call_at(t0 + 1h, [&] { dead = false; });
  scheduler_.run();
  EXPECT_THAT(sink_.received, ElementsAre("a", "b", "c", "d", "e"));
  EXPECT_THAT(store_.outbox_effects, IsEmpty());
}

TEST_F(DeliveryByQueue, APipelineThatEndsDeliversItsQueueFirst) {
  sink_.takes = 10ms;
  push({"a", "b", "c", "d", "e"});

  run();

  EXPECT_THAT(sink_.received, ElementsAre("a", "b", "c", "d", "e"));
  EXPECT_THAT(store_.outbox_effects, IsEmpty());
}

TEST_F(DeliveryByQueue, ARefusedEffectBecomesADeadLetterAtTheSinkAndTheOthersGoOn) {
  sink_.answers_with = [](std::string_view data, int) -> Result<> {
    if (data == "b") return std::unexpected(odd);
    return {};
  };
  push({"a", "b", "c"});

  run();

  EXPECT_THAT(sink_.received, ElementsAre("a", "c"));
  ASSERT_THAT(store_.dead, SizeIs(1));
  EXPECT_EQ(store_.dead[0].stage, Stage::sink);
  EXPECT_EQ(store_.dead[0].sink, "out");
  EXPECT_EQ(store_.dead[0].reason, "too odd");
  EXPECT_EQ(store_.dead[0].data, "b");
  EXPECT_THAT(store_.rows, SizeIs(3)) << "its event has settled before";
}

TEST_F(DeliveryByQueue, ADeadSinkDoesNotHoldUpAnotherSinksQueue) {
  testing::FakeSink other(scheduler_);
  SinkBinding second = bindings_[0];
  second.name = "other";
  second.sink = &other;
  second.outbox = OutboxId(2);
  bindings_.push_back(second);
  bindings_[0].retry.attempts = 1'000'000;
  source_.ends = false;
  sink_.answers_with = [](std::string_view, int) -> Result<> { return std::unexpected(busy); };
  push({"a", "b", "c"});

  start();
  ASSERT_TRUE(scheduler_.run_until([&] { return other.received.size() == 3; }));

  EXPECT_EQ(scheduler_.now(), t0);
  EXPECT_THAT(other.received, ElementsAre("a", "b", "c"));
  EXPECT_THAT(sink_.received, IsEmpty());
  scheduler_.abandon();
}

TEST_F(DeliveryByQueue, AQueueThatCannotBeReadIsReadAgain) {
  store_.read_failure = Error{Fault::transient, "broken"};
  push({"a", "b"});
  scheduler_.call_at(t0 + 1h, [&] { store_.read_failure.reset(); });

  run();

  EXPECT_TRUE(result_->has_value());
  EXPECT_THAT(sink_.received, ElementsAre("a", "b"));
  EXPECT_GE(scheduler_.now(), t0 + 1h);
}

TEST_F(DeliveryByQueue, WhatIsStillQueuedAtADrainStaysInTheStore) {
  source_.ends = false;
  bindings_[0].retry.attempts = 1'000'000;
  sink_.answers_with = [](std::string_view, int) -> Result<> { return std::unexpected(busy); };
  push({"a", "b"});
  scheduler_.call_at(t0 + 10s, [&] { runner_->drain(); });

  run();

  EXPECT_THAT(store_.outbox_effects, SizeIs(2));
  EXPECT_THAT(source_.settled, ElementsAre(0, 1));
}

TEST_F(PipelineRunnerTest, EffectsThatDieBehindAQueueAreCountedAndLoggedUpToTheSameBound) {
  messages_.delivery = Delivery::queue;
  messages_.outbox = OutboxId(1);
  bindings_ = {messages_};
  sink_.answers_with = [](std::string_view, int) -> Result<> { return std::unexpected(odd); };
  for (int i = 0; i < 50; ++i) source_.push("e" + std::to_string(i));

  run();

  EXPECT_EQ(stats().committed, 50u);
  EXPECT_EQ(stats().dead_lettered, 0u);
  EXPECT_EQ(stats().dead_effects, 50u);
  EXPECT_THAT(store_.dead, SizeIs(50));
  EXPECT_THAT(log_.lines, SizeIs(21)) << "twenty, and that no more will come";
  EXPECT_THAT(log_.lines, Contains("p: dead letter fake/0@0 at sink out: too odd"));
}

}  // namespace
}  // namespace tidemill
