#include "core/dispatch/pipeline_runner.h"

#include <gmock/gmock.h>

#include <optional>

#include "core/dispatch/testing/runner_fixture.h"

namespace tidemill {
namespace {

using ::testing::Contains;
using ::testing::Each;
using ::testing::ElementsAre;
using ::testing::Field;
using ::testing::IsEmpty;
using ::testing::SizeIs;
using namespace std::chrono_literals;

using testing::PipelineRunnerTest;
using Call = testing::FakeInvoker::Call;

const Instant t0{};
const Error busy{Fault::transient, "busy"};

TEST_F(PipelineRunnerTest, WithoutAFunctionEventsBecomeRowsUnderTheirKeyPath) {
  with_function_ = false;
  bindings_ = {
      {.name = "t", .takes = Takes::event, .key = expression::Expression::compile(".id").value()}};
  push({R"({"id":"a"})", R"({"id":7})"});

  run();

  EXPECT_THAT(store_.rows, ElementsAre(R"(a={"id":"a"})", R"(7={"id":7})"));
  EXPECT_THAT(source_.settled, ElementsAre(0, 1));
  EXPECT_EQ(stats().committed, 2u);
  EXPECT_EQ(stats().invocations, 0u);
}

TEST_F(PipelineRunnerTest, AnEventWithoutAKeyDiesAtItsTableAndTheOthersStand) {
  with_function_ = false;
  bindings_ = {
      {.name = "t", .takes = Takes::event, .key = expression::Expression::compile(".id").value()}};
  push({R"({"id":"a"})", "not json", R"({"id":"c"})"});

  run();

  EXPECT_THAT(store_.rows, SizeIs(2));
  ASSERT_THAT(store_.dead, SizeIs(1));
  EXPECT_EQ(store_.dead[0].stage, Stage::sink);
  EXPECT_EQ(store_.dead[0].sink, "t");
  EXPECT_EQ(store_.dead[0].data, "not json");
  EXPECT_EQ(store_.logs[Partition(0)].next, Offset(3));
}

TEST_F(PipelineRunnerTest, WhatTheSourceCutOffDiesInItsPlaceAndReachesNoFunction) {
  push({"a", "cut", "b"});
  const Attribute mark{"tidemill-oversized", "5000000"};
  source_.waiting[1].extensions = {&mark, 1};

  run();

  ASSERT_THAT(invoker_.calls, SizeIs(2));
  EXPECT_THAT(invoker_.calls[0].events, ElementsAre("a"));
  EXPECT_THAT(invoker_.calls[1].events, ElementsAre("b"));
  EXPECT_EQ(stats().committed, 2);
  EXPECT_EQ(stats().dead_lettered, 1);
  EXPECT_THAT(log_.lines, Contains(::testing::HasSubstr("5000000 bytes are more than its limit")));
}

TEST_F(PipelineRunnerTest, WhatTheSourceCannotReadDiesInItsPlaceWithTheReason) {
  push({"a", "no,csv", "b"});
  const Attribute mark{"tidemill-refused", "it has 2 fields, and there are 3 columns"};
  source_.waiting[1].extensions = {&mark, 1};

  run();

  ASSERT_THAT(invoker_.calls, SizeIs(2));
  EXPECT_THAT(invoker_.calls[1].events, ElementsAre("b"));
  EXPECT_EQ(stats().committed, 2);
  EXPECT_EQ(stats().dead_lettered, 1);
  EXPECT_THAT(log_.lines,
              Contains(::testing::HasSubstr("the source cannot read it: it has 2 fields")));
}

TEST_F(PipelineRunnerTest, NothingIsAcknowledgedBeforeItsEffectsAreDurable) {
  bindings_ = {messages_, rows_};
  store_.on_commit = [&] {
    EXPECT_THAT(sink_.received, ElementsAre("a")) << "the sink comes before the commit";
    EXPECT_THAT(source_.settled, IsEmpty()) << "the ack comes after it";
  };
  push({"a"});

  run();

  EXPECT_THAT(store_.rows, ElementsAre("a=row"));
  EXPECT_THAT(source_.settled, ElementsAre(0));
}

TEST_F(PipelineRunnerTest, AnEventThatItsSinkRejectsDiesThereWithoutARow) {
  bindings_ = {messages_, rows_};
  sink_.answers_with = [](std::string_view data, int) -> Result<> {
    if (data == "b") return fail(Fault::bad_event, "too odd");
    return {};
  };
  push({"a", "b", "c"});

  run();

  EXPECT_THAT(store_.rows, ElementsAre("a=row", "c=row"));
  ASSERT_THAT(store_.dead, SizeIs(1));
  EXPECT_EQ(store_.dead[0].stage, Stage::sink);
  EXPECT_EQ(store_.dead[0].sink, "out");
  EXPECT_EQ(store_.dead[0].reason, "too odd");
  EXPECT_EQ(store_.dead[0].event_id, "fake/0@1");
  EXPECT_THAT(source_.settled, ElementsAre(0, 1, 2));
  EXPECT_EQ(stats().committed, 2u);
  EXPECT_EQ(stats().dead_lettered, 1u);
}

TEST_F(PipelineRunnerTest, ASinkThatIsBusyIsWrittenAgainWithoutAskingTheFunctionAgain) {
  bindings_ = {messages_, rows_};
  sink_.answers_with = [](std::string_view data, int write) -> Result<> {
    if (data == "b" && write < 3) return std::unexpected(busy);
    return {};
  };
  push({"a", "b"});

  run();

  EXPECT_THAT(invoker_.calls, SizeIs(1));
  EXPECT_THAT(sink_.tried, ElementsAre("a", "b", "b", "b"));
  EXPECT_THAT(store_.rows, ElementsAre("a=row", "b=row"));
  EXPECT_EQ(scheduler_.now(), t0 + 200ms + 400ms);
}

TEST_F(PipelineRunnerTest, ASinkThatThrottlesIsNotWrittenBeforeItSaid) {
  bindings_ = {messages_};
  sink_.answers_with = [](std::string_view, int write) -> Result<> {
    if (write == 1) return std::unexpected(Error{Fault::throttled, "slow down", 7s});
    return {};
  };
  push({"a"});

  run();

  EXPECT_EQ(scheduler_.now(), t0 + 7s);
}

TEST_F(PipelineRunnerTest, AnEventThatDiedOfOneEffectIsNotWrittenAgainForAnother) {
  bindings_ = {{.name = "out", .sink = &sink_, .output = 0}, messages_};
  bindings_[0].retry.attempts = 1;
  sink_.answers_with = [](std::string_view, int) -> Result<> { return std::unexpected(busy); };
  push({"a"});

  run();

  EXPECT_EQ(sink_.writes, 1);
  EXPECT_THAT(store_.dead, SizeIs(1));
}

TEST_F(PipelineRunnerTest, RetriesComeAtTheExactBackOffAndThenTheEventDies) {
  invoker_.fails = [](std::string_view, std::uint32_t) { return busy; };
  push({"a"});

  run();

  EXPECT_THAT(invoker_.calls, ElementsAre(Field(&Call::at, t0), Field(&Call::at, t0 + 200ms),
                                          Field(&Call::at, t0 + 600ms)));
  ASSERT_THAT(store_.dead, SizeIs(1));
  EXPECT_EQ(store_.dead[0].stage, Stage::function);
  EXPECT_EQ(store_.dead[0].reason, "busy");
  EXPECT_EQ(store_.dead[0].attempts, 3u);
  EXPECT_EQ(store_.dead[0].function_version, "v1");
  EXPECT_THAT(source_.settled, ElementsAre(0));
  EXPECT_EQ(stats().retried, 2u);
}

TEST_F(PipelineRunnerTest, ABatchOfWhichNothingSettledCostsNoCommit) {
  invoker_.fails = [](std::string_view, std::uint32_t attempt) {
    return attempt == 1 ? std::optional(busy) : std::nullopt;
  };
  push({"a"});

  run();

  EXPECT_EQ(store_.calls, 1u);
}

TEST_F(PipelineRunnerTest, EachDeadEventOfABatchKeepsItsOwnReason) {
  source_.progress = ProgressKind::objects;
  invoker_.fails = [](std::string_view data, std::uint32_t) -> std::optional<Error> {
    if (data == "b") return std::nullopt;
    return Error{Fault::bad_event, "no " + std::string(data)};
  };
  push({"a", "b", "c"});

  run();

  ASSERT_THAT(store_.dead, SizeIs(2));
  EXPECT_EQ(store_.dead[0].reason, "no a");
  EXPECT_EQ(store_.dead[1].reason, "no c");
}

TEST_F(PipelineRunnerTest, AnOrderedPartitionKeepsItsOrderBehindAFailedEvent) {
  config_.batch.events = 3;
  bindings_ = {messages_, rows_};
  invoker_.fails = [](std::string_view data, std::uint32_t attempt) {
    return data == "b" && attempt < 3 ? std::optional(busy) : std::nullopt;
  };
  push({"a", "b", "c", "d", "e"});

  run();

  EXPECT_THAT(sink_.received, ElementsAre("a", "b", "c", "d", "e"));
  EXPECT_THAT(store_.rows, ElementsAre("a=row", "b=row", "c=row", "d=row", "e=row"));
  EXPECT_THAT(source_.settled, ElementsAre(0, 1, 2, 3, 4));
}

TEST_F(PipelineRunnerTest, AFailedEventOfOnePartitionDoesNotHoldUpAnother) {
  invoker_.fails = [](std::string_view data, std::uint32_t attempt) {
    return data == "a" && attempt < 3 ? std::optional(busy) : std::nullopt;
  };
  push({"a"}, 0);
  push({"b"}, 1);

  run();

  EXPECT_THAT(store_.rows, ElementsAre("b=row", "a=row"));
}

TEST_F(PipelineRunnerTest, ABusyPartitionDoesNotStarveThoseBehindIt) {
  config_.batch.events = 1;
  config_.parallel.batches = 1;
  invoker_.takes = 1ms;
  push({"a0", "a1"}, 0);
  push({"b0"}, 1);

  run();

  EXPECT_THAT(store_.rows, ElementsAre("a0=row", "b0=row", "a1=row"));
}

TEST_F(PipelineRunnerTest, BisectFindsThePoisonEventAndKeepsOrder) {
  config_.batch.events = 16;
  config_.retry.attempts = 1;
  invoker_.batch_fails = [](const Request& request) -> std::optional<Error> {
    for (const Event& event : request.events)
      if (event.data.view() == "e5") return Error{Fault::transient, "threw"};
    return std::nullopt;
  };
  std::vector<std::string> expected;
  for (int i = 0; i < 16; ++i) {
    const std::string name = "e" + std::to_string(i);
    source_.push(name);
    if (i != 5) expected.push_back(name + "=row");
  }

  run();

  EXPECT_EQ(store_.rows, expected);
  ASSERT_THAT(store_.dead, SizeIs(1));
  EXPECT_EQ(store_.dead[0].data, "e5");
  EXPECT_EQ(store_.dead[0].reason, "threw");
  EXPECT_THAT(invoker_.calls, SizeIs(9)) << "four splits: 1 + 2 * 4 invocations";
}

TEST_F(PipelineRunnerTest, AnOpenBatchClosesWhenItsWindowHasPassed) {
  source_.ends = false;
  config_.batch.window = 50ms;
  push({"a"});
  scheduler_.call_at(t0 + 30ms, [&] { push({"b"}); });
  scheduler_.call_at(t0 + 60ms, [&] { push({"c"}); });

  start();
  scheduler_.run();

  ASSERT_THAT(invoker_.calls, SizeIs(2));
  EXPECT_EQ(invoker_.calls[0].at, t0 + 50ms);
  EXPECT_THAT(invoker_.calls[0].events, ElementsAre("a", "b"));
  EXPECT_EQ(invoker_.calls[1].at, t0 + 110ms);
}

TEST_F(PipelineRunnerTest, ASourceThatEndsClosesOpenBatchesAtOnce) {
  config_.batch.window = 1h;
  push({"a"});

  run();

  EXPECT_EQ(scheduler_.now(), t0);
  EXPECT_THAT(store_.rows, SizeIs(1));
}

TEST_F(PipelineRunnerTest, DrainFinishesWhatRunsAndDropsWhatWaits) {
  source_.ends = false;
  config_.batch.events = 1;
  invoker_.takes = 100ms;
  push({"running", "waiting"});
  scheduler_.call_at(t0 + 50ms, [&] { runner_->drain(); });

  run();

  EXPECT_TRUE(result_->has_value());
  EXPECT_THAT(store_.rows, ElementsAre("running=row"));
  EXPECT_THAT(source_.settled, ElementsAre(0));
  EXPECT_EQ(source_.interrupts, 1);
  EXPECT_EQ(scheduler_.now(), t0 + 100ms);
}

TEST_F(PipelineRunnerTest, DrainDropsWhatIsInBackOff) {
  source_.ends = false;
  invoker_.fails = [](std::string_view, std::uint32_t) { return busy; };
  push({"a"});
  scheduler_.call_at(t0 + 50ms, [&] { runner_->drain(); });

  run();

  EXPECT_THAT(invoker_.calls, SizeIs(1));
  EXPECT_THAT(source_.settled, IsEmpty());
  EXPECT_EQ(scheduler_.now(), t0 + 50ms);
}

TEST_F(PipelineRunnerTest, DrainingTwiceInterruptsTheSourceOnce) {
  source_.ends = false;
  start();
  scheduler_.run();
  runner_->drain();
  runner_->drain();
  scheduler_.run();

  EXPECT_TRUE(result_.has_value());
  EXPECT_EQ(source_.interrupts, 1);
}

TEST_F(PipelineRunnerTest, AFailedStoreStopsThePipelineAndNothingIsAcknowledged) {
  source_.ends = false;
  store_.failure = Error{Fault::transient, "disk full"};
  push({"a", "b"});

  run();

  ASSERT_FALSE(result_->has_value());
  EXPECT_EQ(result_->error().message, "disk full");
  EXPECT_THAT(source_.settled, IsEmpty());
  EXPECT_EQ(stats().committed, 0u);
}

TEST_F(PipelineRunnerTest, ASourceThatFailsIsPolledAgainAfterAPause) {
  source_.errors = {busy};
  push({"a"});

  run();

  EXPECT_THAT(source_.polls, ElementsAre(t0, t0 + 1s));
  EXPECT_THAT(store_.rows, SizeIs(1));
  EXPECT_THAT(log_.lines, ElementsAre("p: the source failed: busy"));
}

TEST_F(PipelineRunnerTest, CreditsThatComeBackDoNotCutAThrottledSourcesPauseShort) {
  source_.ends = false;
  invoker_.takes = 100ms;
  push({"a"});
  start();
  scheduler_.run_until([&] { return source_.polls.size() == 2; });
  source_.errors = {{Fault::throttled, "slow down", 5s}};
  push({"b"});
  scheduler_.run_until([&] { return source_.polls.size() == 3; });

  EXPECT_EQ(source_.polls.back(), t0 + 5s);
}

TEST_F(PipelineRunnerTest, ASourceThatCannotGoOnStopsThePipelineWithItsError) {
  source_.errors = {{Fault::bad_config, "no such topic"}};

  run();

  ASSERT_FALSE(result_->has_value());
  EXPECT_EQ(result_->error().message, "no such topic");
}

TEST_F(PipelineRunnerTest, CreditsAreNeverExceededAndAlwaysHaveRoomForABatch) {
  config_.batch = {.events = 4, .bytes = {400}};
  config_.parallel.batches = 2;
  source_.on_deliver = [&](const std::vector<Event>& events) {
    EXPECT_LE(stats().in_flight_events + events.size(), 16u);
    EXPECT_LE(stats().in_flight_bytes + events.size() * 300, 1600u);
  };
  invoker_.takes = 10ms;
  const std::string data(300, 'x');
  for (std::uint32_t i = 0; i < 200; ++i) source_.push(data, i % 3);

  run();

  EXPECT_THAT(source_.settled, SizeIs(200));
  EXPECT_EQ(stats().in_flight_events, 0u);
  EXPECT_EQ(stats().in_flight_bytes, 0u);
}

TEST_F(PipelineRunnerTest, AcknowledgementsDoNotOverlapAndKeepTheOrderOfCommits) {
  config_.batch.events = 1;
  source_.settle_takes = 50ms;
  push({"a", "b", "c", "d"});

  run();

  EXPECT_THAT(source_.settled, ElementsAre(0, 1, 2, 3));
}

TEST_F(PipelineRunnerTest, AnEventOlderThanMaxAgeIsNotTriedAgain) {
  config_.retry.attempts = 100;
  config_.retry.max_age = 1s;
  invoker_.fails = [](std::string_view, std::uint32_t) { return busy; };
  push({"a"});

  run();

  // Tries at 0, 200 and 600 ms; the one at 1400 ms would be past the age.
  EXPECT_THAT(invoker_.calls, SizeIs(3));
  ASSERT_THAT(store_.dead, SizeIs(1));
  EXPECT_EQ(store_.dead[0].reason, "failed, and is older than max_age");
}

TEST_F(PipelineRunnerTest, MaxAgeCountsFromTheEventsOwnTimeAndTheRestOfTheBatchGoesOn) {
  config_.retry.max_age = 1h;
  push({"a", "old", "c"});
  source_.waiting[1].time = EventTime(scheduler_.wall().value - 3'600'000'001);

  run();

  EXPECT_THAT(store_.rows, ElementsAre("a=row", "c=row"));
  ASSERT_THAT(store_.dead, SizeIs(1));
  EXPECT_EQ(store_.dead[0].data, "old");
  EXPECT_EQ(store_.dead[0].reason, "is older than max_age");
  EXPECT_EQ(store_.logs[Partition(0)].next, Offset(3));
}

TEST_F(PipelineRunnerTest, WithDeadLettersOffGivenUpEventsAreStillCountedAndAcknowledged) {
  config_.dead_letter.enabled = false;
  invoker_.fails = [](std::string_view, std::uint32_t) {
    return Error{Fault::bad_event, "poison"};
  };
  push({"a"});

  run();

  EXPECT_THAT(store_.dead, IsEmpty());
  EXPECT_EQ(stats().dead_lettered, 1u);
  EXPECT_EQ(stats().events, 1u);
  EXPECT_THAT(source_.settled, ElementsAre(0));
}

// Suspects by their data.
struct FakeSuspects final : Suspects {
  Suspicion of(const Event& event) const override {
    if (event.data.view() == "guilty") return Suspicion::guilty;
    return event.data.view() == "suspect" ? Suspicion::suspect : Suspicion::none;
  }
  std::string reason(const Event&) const override { return "it crashed"; }
};

TEST_F(PipelineRunnerTest, ASuspectTravelsAloneAndInItsPlace) {
  const FakeSuspects suspects;
  config_.suspects = &suspects;
  push({"a", "b", "suspect", "c", "d"});
  run();
  ASSERT_THAT(invoker_.calls, SizeIs(3));
  EXPECT_THAT(invoker_.calls[0].events, ElementsAre("a", "b"));
  EXPECT_THAT(invoker_.calls[1].events, ElementsAre("suspect"));
  EXPECT_THAT(invoker_.calls[2].events, ElementsAre("c", "d"));
  EXPECT_EQ(stats().committed, 5);
}

TEST_F(PipelineRunnerTest, AGuiltyEventReachesNoFunctionButTheDeadLetters) {
  const FakeSuspects suspects;
  config_.suspects = &suspects;
  push({"a", "guilty", "b"});
  run();
  for (const Call& call : invoker_.calls) EXPECT_THAT(call.events, Each(::testing::Ne("guilty")));
  ASSERT_THAT(store_.dead, SizeIs(1));
  EXPECT_EQ(store_.dead[0].stage, Stage::function);
  EXPECT_EQ(store_.dead[0].reason, "it crashed");
  EXPECT_EQ(stats().committed, 2);
}

TEST_F(PipelineRunnerTest, ABatchThatWasPutOffWaitsWholeAndSpendsNoAttempt) {
  config_.retry.attempts = 1;
  push({"a", "b"});
  invoker_.batch_fails = [this](const Request&) -> std::optional<Error> {
    if (invoker_.calls.size() > 5) return std::nullopt;
    return Error{Fault::throttled, "unhealthy", 5s};
  };
  run();
  ASSERT_THAT(invoker_.calls, SizeIs(6));
  for (const Call& call : invoker_.calls) EXPECT_EQ(call.attempt, 1);
  EXPECT_GE(invoker_.calls.back().at - t0, 25s);
  EXPECT_EQ(stats().committed, 2);
}

}  // namespace
}  // namespace tidemill
