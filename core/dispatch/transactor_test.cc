#include "core/dispatch/transactor.h"

#include <gmock/gmock.h>

#include <algorithm>
#include <boost/asio/co_spawn.hpp>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/dispatch/pipeline_runner.h"
#include "core/dispatch/testing/fake_bank.h"
#include "core/dispatch/testing/fake_edges.h"
#include "core/dispatch/testing/fake_store.h"
#include "tidemill/testing/virtual_scheduler.h"

namespace tidemill {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using testing::FakeBank;
using testing::FakeTeller;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using Call = FakeTeller::Call;

// What outlives an engine.
struct Outside {
  testing::FakeStore store;
  FakeBank bank;
};

// One life of an engine with one pipeline: from a log through a function to a bank and a table.
class Life {
  Outside& outside_;

 public:
  explicit Life(Outside& outside) : outside_(outside) {
    config_.name = "p";
    config_.id = PipelineId(1);
    config_.function = "f";
    config_.batch.events = 2;
    config_.retry.backoff.jitter = Jitter::none;
  }
  // Frames that still wait refer to what follows, and so does the runner.
  ~Life() {
    scheduler.abandon();
    runner.reset();
  }

  void push(std::uint32_t events) {
    for (std::uint32_t i = 0; i < events; ++i)
      source.push(std::string(1, static_cast<char>('a' + i)), i % 2);
  }

  Task<Result<>> live() {
    Result<> opened = co_await transactor_.open({});
    if (!opened) co_return opened;
    std::vector<LogProgress> restored;
    for (const auto& [partition, progress] : outside_.store.logs) restored.push_back(progress);
    config_.transactor = &transactor_;
    runner.emplace(PipelineRunner::Shared{scheduler, log, outside_.store, sequencer_, budget_},
                   source, &invoker, bindings, config_, std::move(restored));
    Result<> ran = co_await runner->run();
    co_return ran;
  }

  void start() {
    boost::asio::co_spawn(scheduler.executor(), live(),
                          [this](std::exception_ptr, Result<> ended) { outcome = ended; });
  }

  void run() {
    start();
    scheduler.run();
    ASSERT_TRUE(outcome.has_value()) << "the pipeline is stuck";
  }

  /// False: it came to its end before.
  bool run_until_it_dies(std::uint64_t steps) {
    start();
    for (std::uint64_t i = 0; i < steps; ++i)
      if (outcome || !scheduler.step()) return false;
    return !outcome.has_value();
  }

  testing::VirtualScheduler scheduler;
  testing::FakeLog log;
  testing::FakeSource source{scheduler};
  testing::FakeInvoker invoker{scheduler};
  FakeTeller teller{scheduler, outside_.bank};
  std::vector<SinkBinding> bindings{
      {.name = "bank", .sink = &teller, .output = 0, .transactional = true},
      {.name = "rows", .table = TableId(1), .output = 1}};
  std::optional<PipelineRunner> runner;
  std::optional<Result<>> outcome;

 private:
  CommitSequencer sequencer_{scheduler, outside_.store, scheduler.blocking()};
  MemoryBudget budget_{MemoryBudget::default_bytes};
  PipelineConfig config_;
  Transactor transactor_{
      {scheduler, log, outside_.store, sequencer_},
      teller,
      {.pipeline = "p", .id = PipelineId(1), .sink = "bank", .backoff = {.jitter = Jitter::none}}};
};

class TransactorTest : public ::testing::Test {
 protected:
  static std::vector<std::string> sorted(std::vector<std::string> all) {
    std::ranges::sort(all);
    return all;
  }
  static void expect_each_once(const Outside& outside, const std::vector<std::string>& events) {
    EXPECT_EQ(sorted(outside.bank.received), events);
    std::vector<std::string> rows;
    for (const std::string& event : events) rows.push_back(event + "=row");
    EXPECT_EQ(sorted(outside.store.rows), rows);
    EXPECT_FALSE(outside.store.intended);
  }

  Outside outside_;
};

TEST_F(TransactorTest, EffectsAndRowsAreThereTogether) {
  Life life(outside_);
  life.push(4);
  life.teller.on_commit = [&] {
    EXPECT_TRUE(outside_.store.intended) << "nothing says what belongs to it";
  };
  life.run();
  EXPECT_TRUE(*life.outcome);
  expect_each_once(outside_, {"a", "b", "c", "d"});
  EXPECT_THAT(life.teller.asked, ElementsAre(0));
  EXPECT_EQ(outside_.store.durabilities.front(), Durability::sync);
  EXPECT_EQ(life.runner->stats().committed, 4u);
}

TEST_F(TransactorTest, EachIsThereOnceWhereverALifeEnds) {
  for (std::uint64_t steps = 1;; ++steps) {
    Outside outside;
    bool died = false;
    {
      Life first(outside);
      first.push(6);
      died = first.run_until_it_dies(steps);
    }
    {
      Life second(outside);
      second.push(6);
      second.run_until_it_dies(steps * 7 % 61);
    }
    Life third(outside);
    third.push(6);
    third.run();
    ASSERT_TRUE(*third.outcome);
    expect_each_once(outside, {"a", "b", "c", "d", "e", "f"});
    ASSERT_FALSE(HasFailure()) << "of a life that ends after " << steps << " steps";
    if (!died) break;
    ASSERT_LT(steps, 10'000u);
  }
}

TEST_F(TransactorTest, WhatTookPlaceBeforeACrashIsCarriedOutAndTheRestDropped) {
  for (const bool happens : {true, false}) {
    Outside outside;
    {
      Life first(outside);
      first.push(1);
      first.start();
      first.scheduler.run_until([&] { return outside.store.intended.has_value(); });
    }
    EXPECT_THAT(outside.store.rows, IsEmpty());
    EXPECT_THAT(outside.store.logs, IsEmpty());
    if (happens) outside.bank.last = outside.store.intended->number;
    Life second(outside);
    second.run();
    EXPECT_TRUE(*second.outcome);
    EXPECT_FALSE(outside.store.intended);
    EXPECT_EQ(outside.store.rows.size(), happens ? 1u : 0u);
    EXPECT_EQ(outside.store.logs.size(), happens ? 1u : 0u);
    EXPECT_THAT(second.teller.asked, ElementsAre(1)) << "in doubt was the first";
  }
}

TEST_F(TransactorTest, BatchesThatEndMeanwhileShareTheNextOne) {
  Life life(outside_);
  life.teller.takes = std::chrono::seconds(1);
  life.push(20);
  life.run();
  EXPECT_EQ(outside_.bank.received.size(), 20u);
  EXPECT_LT(outside_.bank.last, 10u) << "there are ten batches";
}

TEST_F(TransactorTest, ARefusedEffectSendsItsEventAloneToTheDeadLetters) {
  Life life(outside_);
  life.push(4);
  life.teller.answers_with = [](std::string_view data) -> Result<> {
    if (data == "c") return fail(Fault::bad_event, "too large");
    return {};
  };
  life.run();
  EXPECT_TRUE(*life.outcome);
  expect_each_once(outside_, {"a", "b", "d"});
  ASSERT_EQ(outside_.store.dead.size(), 1u);
  EXPECT_EQ(outside_.store.dead[0].data, "c");
  EXPECT_EQ(outside_.store.dead[0].sink, "bank");
  EXPECT_EQ(outside_.store.dead[0].reason, "too large");
}

TEST_F(TransactorTest, WhereAllIsRefusedThereIsNoTransaction) {
  Life life(outside_);
  life.push(2);
  life.teller.answers_with = [](std::string_view) { return fail(Fault::bad_event, "no"); };
  life.run();
  EXPECT_EQ(outside_.bank.last, 0u);
  EXPECT_EQ(outside_.store.dead.size(), 2u);
  EXPECT_EQ(outside_.store.logs.at(Partition(0)).next, Offset(1));
}

TEST_F(TransactorTest, ASinkThatIsAwayIsWaitedFor) {
  for (const Call call : {Call::begin, Call::prepare}) {
    Outside outside;
    Life life(outside);
    life.push(3);
    int tries = 0;
    life.teller.goes = [&](Call asked) -> Result<> {
      if (asked == call && ++tries < 20) return fail(Fault::unavailable, "nobody answers");
      return {};
    };
    life.start();
    life.scheduler.run_until([&] { return tries == 10; });
    EXPECT_THAT(life.runner->trouble(), HasSubstr("nobody answers"));
    life.scheduler.run();
    EXPECT_TRUE(*life.outcome);
    EXPECT_THAT(sorted(outside.bank.received), ElementsAre("a", "b", "c"));
    EXPECT_EQ(life.runner->trouble(), "");
    EXPECT_THAT(outside.store.dead, IsEmpty());
    EXPECT_THAT(life.log.lines, Contains("p: sink bank is waited for: nobody answers"));
  }
}

TEST_F(TransactorTest, ACommitOfUnknownOutcomeIsAskedAbout) {
  for (const bool happens : {true, false}) {
    Outside outside;
    Life life(outside);
    life.push(2);
    int commits = 0, questions = 0;
    life.teller.goes = [&](Call call) -> Result<> {
      life.teller.happens_all_the_same = happens;
      if (call == Call::commit && ++commits == 1) return fail(Fault::unavailable, "no answer");
      if (call == Call::recover && commits == 1 && ++questions < 3)
        return fail(Fault::unavailable, "still no answer");
      return {};
    };
    life.run();
    EXPECT_TRUE(*life.outcome);
    EXPECT_THAT(sorted(outside.bank.received), ElementsAre("a", "b"));
    EXPECT_THAT(sorted(outside.store.rows), ElementsAre("a=row", "b=row"));
    EXPECT_EQ(questions, 3);
  }
}

TEST_F(TransactorTest, APipelineWhoseSinkSomebodyElseUsesStops) {
  Life life(outside_);
  life.push(1);
  life.teller.goes = [&](Call call) -> Result<> {
    if (call != Call::commit) return {};
    outside_.bank.last = 7;
    return fail(Fault::unavailable, "no answer");
  };
  life.run();
  ASSERT_FALSE(*life.outcome);
  EXPECT_EQ(life.outcome->error().fault, Fault::fenced);
  EXPECT_THAT(life.outcome->error().message, HasSubstr("there is a copy"));
  EXPECT_THAT(outside_.store.rows, IsEmpty());
}

TEST_F(TransactorTest, AStopDoesNotWaitForASinkThatIsAway) {
  Life life(outside_);
  life.push(3);
  int tries = 0;
  life.teller.goes = [&](Call call) -> Result<> {
    if (call == Call::prepare) return ++tries, fail(Fault::unavailable, "nobody answers");
    return {};
  };
  life.start();
  life.scheduler.run_until([&] { return tries == 3; });
  life.runner->drain();
  life.scheduler.run();
  ASSERT_TRUE(life.outcome);
  EXPECT_TRUE(*life.outcome);
  EXPECT_THAT(outside_.store.rows, IsEmpty());
  EXPECT_THAT(outside_.store.logs, IsEmpty());
}

TEST_F(TransactorTest, AStoreThatFailsLeavesNothingHalfDone) {
  {
    Life life(outside_);
    life.push(2);
    outside_.store.on_commit = [&] {
      outside_.store.failure = Error{Fault::transient, "full", {}};
    };
    life.run();
    EXPECT_FALSE(*life.outcome);
    EXPECT_THAT(outside_.bank.received, IsEmpty());
    EXPECT_EQ(life.teller.aborts, 1);
  }
  outside_.store.on_commit = {};
  outside_.store.failure.reset();
  Life again(outside_);
  again.push(2);
  again.run();
  expect_each_once(outside_, {"a", "b"});
}

TEST_F(TransactorTest, AFunctionThatReadsTablesIsRefused) {
  Life life(outside_);
  life.push(1);
  life.invoker.reads = [](const Request&) { return std::vector<RowRead>{{TableId(1), 5, 0}}; };
  life.run();
  ASSERT_FALSE(*life.outcome);
  EXPECT_THAT(life.outcome->error().message, HasSubstr("function f reads tables"));
  EXPECT_THAT(outside_.bank.received, IsEmpty());
}

TEST_F(TransactorTest, AnIntentOfAnotherSinkIsLeftForIt) {
  outside_.store.intended =
      Intent{"other", 3, WallTime(1), std::make_shared<CommitPart>(CommitPart{})};
  Life life(outside_);
  life.run();
  ASSERT_FALSE(*life.outcome);
  EXPECT_THAT(life.outcome->error().message, HasSubstr("sink other"));
  EXPECT_TRUE(outside_.store.intended);
}

}  // namespace
}  // namespace tidemill
