// PipelineRunner: dead letters that are played again.
#include <gmock/gmock.h>

#include "core/dispatch/testing/runner_fixture.h"
#include "core/pattern/compile.h"

namespace tidemill {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;
using ::testing::UnorderedElementsAre;
using namespace std::chrono_literals;

const Instant t0{};
const Error odd{Fault::bad_event, "too odd"};

class ReplayTest : public testing::PipelineRunnerTest {
 protected:
  // As FakeSource would have handed it out.
  static DeadLetter letter(std::uint64_t number, std::string data) {
    DeadLetter letter;
    letter.number = number;
    letter.offset = Offset(100 + number);
    letter.source = "fake";
    letter.event_id = "fake/0@" + std::to_string(100 + number);
    letter.code = "transient";
    letter.function = "f";
    letter.function_version = "v1";
    letter.data = std::move(data);
    letter.first_died = letter.died = WallTime(7);
    return letter;
  }

  void wait_for_replay(DeadLetter letter, Duration gap = Duration(0)) {
    store_.waiting[letter.number] = gap;
    store_.dead.push_back(std::move(letter));
  }

  std::vector<std::string> invoked() const {
    std::vector<std::string> all;
    for (const auto& call : invoker_.calls)
      all.insert(all.end(), call.events.begin(), call.events.end());
    return all;
  }
};

TEST_F(ReplayTest, ALetterWhoseEventSucceedsGoesInTheCommitOfItsEffects) {
  wait_for_replay(letter(3, "a"));
  store_.dead.push_back(letter(4, "not marked"));
  bool together = false;
  store_.on_row = [&](const RowChange& row) {
    if (row.key != "a") return;
    for (const CommitPart& part : store_.groups.back())
      together = together || part.replayed == std::vector<std::uint64_t>{3};
  };
  push({"live"});

  run();

  EXPECT_TRUE(together);
  EXPECT_THAT(store_.rows, UnorderedElementsAre("a=row", "live=row"));
  ASSERT_THAT(store_.dead, SizeIs(1));
  EXPECT_EQ(store_.dead[0].number, 4u);
  EXPECT_THAT(store_.waiting, IsEmpty());
  EXPECT_EQ(stats().replayed, 1u);
  EXPECT_EQ(stats().events, 1u) << "what is replayed was counted when it came";
  EXPECT_EQ(stats().committed, 1u);
  EXPECT_EQ(source_.settled, std::vector<std::uint64_t>{0}) << "of the source's own events";
}

TEST_F(ReplayTest, ALetterWhoseEventFailsAgainStaysInItsPlaceAndCountsTheReplay) {
  config_.retry.attempts = 2;
  invoker_.fails = [](std::string_view, std::uint32_t) -> std::optional<Error> {
    return Error{Fault::transient, "still not"};
  };
  DeadLetter before = letter(3, "a");
  before.replays = 1;
  before.attempts = 5;
  wait_for_replay(before);

  run();

  EXPECT_THAT(invoked(), ElementsAre("a", "a")) << "it has its attempts anew";
  ASSERT_THAT(store_.dead, SizeIs(1));
  const DeadLetter& now = store_.dead[0];
  EXPECT_EQ(now.number, 3u);
  EXPECT_EQ(now.replays, 2u);
  EXPECT_EQ(now.attempts, 2u);
  EXPECT_EQ(now.reason, "still not");
  EXPECT_EQ(now.code, "transient");
  EXPECT_EQ(now.first_died, WallTime(7));
  EXPECT_GT(now.died, WallTime(7));
  EXPECT_EQ(now.data, "a");
  EXPECT_EQ(now.event_id, before.event_id);
  EXPECT_THAT(store_.waiting, IsEmpty()) << "once for each time that somebody asks";
  EXPECT_EQ(stats().failed_replays, 1u);
  EXPECT_EQ(stats().dead_lettered, 0u);
  EXPECT_THAT(store_.rows, IsEmpty());
}

TEST_F(ReplayTest, WithDeadLettersOffAReplayThatFailsLosesNothing) {
  config_.dead_letter.enabled = false;
  invoker_.fails = [](std::string_view, std::uint32_t) { return std::optional(odd); };
  wait_for_replay(letter(3, "a"));

  run();

  ASSERT_THAT(store_.dead, SizeIs(1));
  EXPECT_EQ(store_.dead[0].replays, 1u);
}

TEST_F(ReplayTest, LettersGoThroughInBatchesUnderTheLimitsOfThePipeline) {
  config_.batch.events = 4;
  config_.batch.window = 1h;
  for (std::uint64_t i = 1; i <= 10; ++i) wait_for_replay(letter(i, std::to_string(i)));

  run();

  EXPECT_EQ(scheduler_.now(), t0) << "a replay waits for no company";
  EXPECT_THAT(invoked(), ElementsAre("1", "2", "3", "4", "5", "6", "7", "8", "9", "10"));
  for (const auto& call : invoker_.calls) EXPECT_LE(call.events.size(), 4u);
  EXPECT_EQ(invoker_.running_max, 1) << "the order of a log holds for its letters, too";
  EXPECT_THAT(store_.dead, IsEmpty());
}

TEST_F(ReplayTest, ARateHoldsThemBack) {
  for (std::uint64_t i = 1; i <= 101; ++i) wait_for_replay(letter(i, std::to_string(i)), 10ms);

  run();

  EXPECT_THAT(store_.dead, IsEmpty());
  EXPECT_GE(scheduler_.now(), t0 + 1s - ReplayFeed::tick);
  EXPECT_LE(scheduler_.now(), t0 + 1s + ReplayFeed::tick);
  EXPECT_LE(invoker_.calls.size(), 30u) << "several at a time, where they are frequent";
}

TEST_F(ReplayTest, ARunningPipelineReplaysWhatIsMarkedMeanwhile) {
  source_.ends = false;
  push({"live"});
  start();
  ASSERT_TRUE(scheduler_.run_until([&] { return stats().committed == 1; }));
  scheduler_.run();
  wait_for_replay(letter(1, "a"));
  wait_for_replay(letter(2, "b"));
  runner_->replay();
  ASSERT_TRUE(scheduler_.run_until([&] { return stats().replayed == 2; }));
  scheduler_.run();
  // A lower number than the last one that was replayed.
  store_.dead.push_back(letter(1, "once more"));
  store_.waiting[1] = Duration(0);
  runner_->replay();
  ASSERT_TRUE(scheduler_.run_until([&] { return stats().replayed == 3; }));
  EXPECT_THAT(store_.dead, IsEmpty());
  runner_->drain();
  scheduler_.run();
  EXPECT_TRUE(result_.has_value());
}

TEST_F(ReplayTest, WhatIsTakenBackBeforeItsTimeStaysALetter) {
  source_.ends = false;
  for (std::uint64_t i = 1; i <= 10; ++i) wait_for_replay(letter(i, std::to_string(i)), 1min);
  start();
  ASSERT_TRUE(scheduler_.run_until([&] { return stats().replayed == 2; }));
  store_.waiting.clear();
  runner_->replay();
  scheduler_.run();
  EXPECT_THAT(invoked(), ElementsAre("1", "2"));
  EXPECT_THAT(store_.dead, SizeIs(8));
  EXPECT_LE(scheduler_.now(), t0 + 2min);
  scheduler_.abandon();
}

TEST_F(ReplayTest, WhatIsUnderWayIsNotTakenAgainHoweverOftenSomebodyLooks) {
  source_.ends = false;
  invoker_.takes = 10s;
  wait_for_replay(letter(1, "a"));
  start();
  ASSERT_TRUE(scheduler_.run_until([&] { return !invoker_.calls.empty(); }));
  for (int i = 1; i < 30; ++i) scheduler_.call_at(t0 + i * 500ms, [&] { runner_->replay(); });
  scheduler_.call_at(t0 + 20s, [&] { runner_->replay(); });
  ASSERT_TRUE(scheduler_.run_until([&] { return scheduler_.now() >= t0 + 20s; }));
  runner_->drain();
  scheduler_.run();
  EXPECT_THAT(invoked(), ElementsAre("a"));
  EXPECT_EQ(stats().replayed, 1u);
}

TEST_F(ReplayTest, ADrainLeavesTheRestForTheNextLife) {
  source_.ends = false;
  for (std::uint64_t i = 1; i <= 10; ++i) wait_for_replay(letter(i, std::to_string(i)), 1s);
  scheduler_.call_at(t0 + 3500ms, [&] { runner_->drain(); });

  run();

  EXPECT_THAT(store_.dead, SizeIs(6));
  EXPECT_THAT(store_.waiting, SizeIs(6));
  result_.reset();
  source_.restart();
  source_.ends = true;
  run();
  EXPECT_THAT(store_.dead, IsEmpty());
  EXPECT_THAT(store_.rows, SizeIs(10)) << "each once";
}

TEST_F(ReplayTest, MarksThatCannotBeReadAreReadAgain) {
  store_.read_failure = Error{Fault::transient, "broken"};
  wait_for_replay(letter(1, "a"));
  scheduler_.call_at(t0 + 1h, [&] { store_.read_failure.reset(); });

  run();

  EXPECT_TRUE(result_->has_value());
  EXPECT_THAT(store_.dead, IsEmpty());
  EXPECT_THAT(log_.lines, Contains("p: the dead letters to replay cannot be read: broken"));
}

TEST_F(ReplayTest, AnEventComesToItsSinksUnderTheIdThatItHad) {
  bindings_ = {messages_};
  wait_for_replay(letter(3, "a"));
  push({"live"});

  run();

  EXPECT_THAT(sink_.ids, UnorderedElementsAre("p:out:fake/0@103#0", "p:out:fake/0@0#0"));
}

TEST_F(ReplayTest, AQueuesEventWithoutAnIdKeepsTheOneOfItsLife) {
  source_.progress = ProgressKind::queue;
  config_.life = "e-1";
  bindings_ = {messages_};
  sink_.answers_with = [](std::string_view, int) -> Result<> { return std::unexpected(odd); };
  push({"a"});
  run();
  ASSERT_THAT(store_.dead, SizeIs(1));
  store_.waiting[store_.dead[0].number] = Duration(0);

  config_.life = "e-2";
  result_.reset();
  source_.restart();
  sink_.answers_with = nullptr;
  run();

  EXPECT_THAT(sink_.ids, ElementsAre("p:out:fake#e-1.0@0#0", "p:out:fake#e-1.0@0#0"));
  EXPECT_THAT(store_.dead, IsEmpty());
}

TEST_F(ReplayTest, AnEventThatIsKnownAsSettledIsReplayedAllTheSame) {
  source_.progress = ProgressKind::queue;
  config_.dedupe.by = DedupeBy::native;
  invoker_.fails = [](std::string_view, std::uint32_t) { return std::optional(odd); };
  source_.push("a", 0, "id-1");
  run();
  ASSERT_THAT(store_.dead, SizeIs(1));
  EXPECT_THAT(store_.marks, SizeIs(1));
  store_.waiting[store_.dead[0].number] = Duration(0);

  result_.reset();
  source_.restart();
  invoker_.fails = nullptr;
  run();

  EXPECT_THAT(store_.rows, ElementsAre("a=row"));
  EXPECT_THAT(store_.dead, IsEmpty());
  EXPECT_EQ(stats().duplicates, 0u);
}

TEST_F(ReplayTest, AnEventIsNeverTooOldToBeReplayed) {
  config_.retry.max_age = 1h;
  DeadLetter old = letter(1, "a");
  old.time = EventTime(1);
  wait_for_replay(old);

  run();

  EXPECT_THAT(store_.rows, ElementsAre("a=row"));
}

TEST_F(ReplayTest, WhatASourceCouldNotReadGoesToTheFunctionAsItIs) {
  DeadLetter cut = letter(1, "a");
  cut.stage = Stage::source;
  cut.extensions = {{"tidemill-refused", "too few fields"}, {"kept", "yes"}};
  wait_for_replay(cut);

  run();

  EXPECT_THAT(invoked(), ElementsAre("a"));
  EXPECT_THAT(store_.dead, IsEmpty());
}

TEST_F(ReplayTest, WhatAStepFailedGoesThroughTheStepsAsTheyAreNow) {
  const pattern::Pattern kept = pattern::compile(R"({"data": {"k": [1]}})").value();
  config_.steps = {pattern::PatternSet(std::span(&kept, 1)),
                   expression::Expression::compile(".v | .name").value()};
  DeadLetter passes = letter(3, R"({"k":1,"v":{"name":"ada"}})");
  DeadLetter is_left_out = letter(4, R"({"k":2})");
  DeadLetter fails_again = letter(5, R"({"k":1,"v":[]})");
  for (DeadLetter* one : {&passes, &is_left_out, &fails_again}) {
    one->stage = Stage::step;
    wait_for_replay(*one);
  }

  run();

  EXPECT_THAT(invoked(), ElementsAre("\"ada\""));
  ASSERT_THAT(store_.dead, SizeIs(1));
  EXPECT_EQ(store_.dead[0].number, 5u);
  EXPECT_EQ(store_.dead[0].stage, Stage::step);
  EXPECT_EQ(store_.dead[0].data, fails_again.data) << "as it came from its source";
  EXPECT_EQ(store_.dead[0].replays, 1u);
  EXPECT_EQ(stats().replayed, 2u);
}

class ReplayAtASink : public ReplayTest {
 protected:
  // Two sinks get all messages; the second refuses "bad" for as long as it is `broken_`.
  void SetUp() override {
    SinkBinding second = messages_;
    second.name = "second";
    second.sink = &second_;
    second.retry.backoff.jitter = Jitter::none;
    bindings_ = {messages_, second, rows_};
    second_.answers_with = [this](std::string_view data, int) -> Result<> {
      if (broken_ && data == "bad") return std::unexpected(odd);
      return {};
    };
    push({"good", "bad"});
    run();
    ASSERT_THAT(store_.dead, SizeIs(1));
    store_.waiting[store_.dead[0].number] = Duration(0);
    sink_.received.clear();
    second_.received.clear();
    result_.reset();
    source_.restart();
  }

  testing::FakeSink second_{scheduler_};
  bool broken_ = true;
};

TEST_F(ReplayAtASink, NothingIsSentAgainToThoseThatHadIt) {
  EXPECT_EQ(store_.dead[0].stage, Stage::sink);
  EXPECT_EQ(store_.dead[0].sink, "second");
  EXPECT_THAT(store_.dead[0].taken_by, ElementsAre("out"));
  EXPECT_THAT(store_.rows, ElementsAre("good=row")) << "nothing of it has changed the state";
  broken_ = false;

  run();

  EXPECT_THAT(sink_.received, IsEmpty());
  EXPECT_THAT(second_.received, ElementsAre("bad"));
  EXPECT_THAT(store_.rows, ElementsAre("good=row", "bad=row"));
  EXPECT_THAT(store_.dead, IsEmpty());
}

TEST_F(ReplayAtASink, AfterAnotherFailureThoseThatHadItStillHaveIt) {
  run();
  ASSERT_THAT(store_.dead, SizeIs(1));
  EXPECT_THAT(store_.dead[0].taken_by, ElementsAre("out"));
  EXPECT_EQ(store_.dead[0].replays, 1u);
  EXPECT_THAT(sink_.received, IsEmpty());
}

TEST_F(ReplayAtASink, AnotherFunctionMayHaveOtherEffectsWhichAllGet) {
  store_.dead[0].function_version = "v0";
  broken_ = false;

  run();

  EXPECT_THAT(sink_.received, ElementsAre("bad"));
  EXPECT_THAT(second_.received, ElementsAre("bad"));
}

class ReplayBehindAQueue : public ReplayTest {
 protected:
  void SetUp() override {
    messages_.delivery = Delivery::queue;
    messages_.outbox = OutboxId(1);
    bindings_ = {messages_, rows_};
  }

  static DeadLetter effect(std::uint64_t number, std::string data) {
    DeadLetter lost = letter(number, std::move(data));
    lost.stage = Stage::sink;
    lost.sink = "out";
    lost.key = "the effect's key";
    lost.replays = 1;
    lost.effect = DeadEffect{EffectKind::message, 2, "the event's key"};
    return lost;
  }
};

TEST_F(ReplayBehindAQueue, AnEffectGoesBackIntoItsQueueInTheCommitThatRemovesItsLetter) {
  wait_for_replay(effect(3, "a"));
  bool together = false;
  store_.on_commit = [&] {
    for (const CommitPart& part : store_.groups.back())
      if (part.replayed == std::vector<std::uint64_t>{3})
        together = part.queued.size() == 1 && part.queued[0].replays == 2;
  };

  run();

  EXPECT_TRUE(together);
  EXPECT_THAT(invoker_.calls, IsEmpty()) << "its event has settled long ago";
  EXPECT_THAT(sink_.received, ElementsAre("a"));
  EXPECT_THAT(sink_.ids, ElementsAre("p:out:fake/0@103#2"));
  EXPECT_THAT(store_.dead, IsEmpty());
  EXPECT_THAT(store_.rows, IsEmpty());
  EXPECT_EQ(stats().replayed, 1u);
}

TEST_F(ReplayBehindAQueue, OneThatIsRefusedAgainIsALetterThatRemembers) {
  sink_.answers_with = [](std::string_view, int) -> Result<> { return std::unexpected(odd); };
  wait_for_replay(effect(3, "a"));

  run();

  ASSERT_THAT(store_.dead, SizeIs(1));
  EXPECT_EQ(store_.dead[0].replays, 2u);
  EXPECT_EQ(store_.dead[0].first_died, WallTime(7));
  EXPECT_EQ(store_.dead[0].key, "the effect's key");
  ASSERT_TRUE(store_.dead[0].effect);
  EXPECT_EQ(store_.dead[0].effect->event_key, "the event's key");
}

TEST_F(ReplayBehindAQueue, WhereItsQueueIsGoneItStaysAndTheLogSaysSo) {
  DeadLetter lost = effect(3, "a");
  lost.sink = "gone";
  wait_for_replay(lost);

  run();

  ASSERT_THAT(store_.dead, SizeIs(1));
  EXPECT_EQ(store_.dead[0].replays, 1u) << "it was not replayed";
  EXPECT_THAT(store_.waiting, IsEmpty());
  EXPECT_THAT(log_.lines, Contains(HasSubstr("there is no sink gone with `delivery: queue`")));
}

TEST_F(ReplayBehindAQueue, ALetterOfAnOldEngineDoesNotHoldTheWholeEffect) {
  DeadLetter old = effect(3, "a");
  old.effect.reset();
  wait_for_replay(old);

  run();

  EXPECT_THAT(store_.dead, SizeIs(1));
  EXPECT_THAT(invoker_.calls, IsEmpty()) << "its event has settled: it must not settle twice";
  EXPECT_THAT(log_.lines, Contains(HasSubstr("did not keep the whole effect")));
}

TEST(EventOfALetter, OfAnOldEngineHasTheIdThatItHad) {
  DeadLetter built;
  built.event_id = "fake/0@7";
  built.source = "fake";
  built.offset = Offset(7);
  EXPECT_EQ(event_of(built).id, "");
  DeadLetter own = built;
  own.event_id = "order-7";
  EXPECT_EQ(event_of(own).id, "order-7");
}

}  // namespace
}  // namespace tidemill
