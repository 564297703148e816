// The engine as a whole, in virtual time: real store, real lines, sources and sinks made up here.
#include "core/pipeline/engine.h"

#include <gmock/gmock.h>

#include <boost/asio/post.hpp>

#include "core/pipeline/testing/engine_fixture.h"

namespace tidemill {
namespace {

using testing::CountConfig;
using testing::CountSource;
using testing::EngineTest;
using ::testing::HasSubstr;

TEST_F(EngineTest, RunsEveryPipelineUntilNothingIsLeft) {
  ASSERT_TRUE(build({counting("a", {{"count", "250"}}), counting("b", {{"count", "7"}})}, true));

  EXPECT_TRUE(scheduler_.run(engine_->run()));

  EXPECT_EQ(rows_in("a_rows"), 250);
  EXPECT_EQ(rows_in("b_rows"), 7);
  EXPECT_EQ(engine_->status()[0].state, LineState::ended);
  EXPECT_EQ(engine_->status()[0].stats.committed, 250);
}

TEST_F(EngineTest, RowsOfATableExpireAsItsSinkSays) {
  PipelinePlan plan = counting("a", {{"count", "20"}});
  plan.sinks[0].connector.options.emplace_back("expire", "60000000");
  ASSERT_TRUE(build({std::move(plan)}, true));
  ASSERT_TRUE(scheduler_.run(engine_->run()));

  EXPECT_EQ(rows_in("a_rows", std::chrono::seconds(59)), 20);
  EXPECT_EQ(rows_in("a_rows", std::chrono::seconds(60)), 0);
}

// Two at once, then the other's turn; see ConnectorScheduler.
TEST_F(EngineTest, BlockingCallsOfOneConnectorHoldUpNoOther) {
  std::vector<Executor> blocking;
  registry_.add_source("watched", ConfigSpec<CountConfig>("Counts to 1."),
                       [&](CountConfig, const Services& services) {
                         blocking.push_back(services.scheduler.blocking());
                         return std::make_unique<CountSource>(CountConfig{1, 1},
                                                              services.scheduler);
                       });
  std::vector<PipelinePlan> pipelines{counting("a", {}), counting("b", {})};
  for (PipelinePlan& plan : pipelines) plan.source.kind = "watched";
  ASSERT_TRUE(build(std::move(pipelines), true));
  ASSERT_EQ(blocking.size(), 2u);
  std::string order;
  for (const char call : {'1', '2', '3', '4'})
    boost::asio::post(blocking[0], [&order, call] { order += call; });
  boost::asio::post(blocking[1], [&order] { order += 'x'; });
  scheduler_.run();

  EXPECT_EQ(order, "12x34");
}

TEST_F(EngineTest, ASecondRunFindsNothingToDo) {
  ASSERT_TRUE(build({counting("a", {{"count", "20"}})}, true));
  ASSERT_TRUE(scheduler_.run(engine_->run()));
  engine_.reset();

  ASSERT_TRUE(build({counting("a", {{"count", "20"}})}, true));
  EXPECT_TRUE(scheduler_.run(engine_->run()));

  EXPECT_EQ(engine_->status()[0].stats.events, 0);
  EXPECT_EQ(rows_in("a_rows"), 20);
}

TEST_F(EngineTest, APipelineThatCannotOpenStopsAlone) {
  ASSERT_TRUE(build({counting("broken", {{"count", "5"}, {"opens_after", "0"}}),
                     counting("sound", {{"count", "5"}})},
                    true));

  const Result<> ran = scheduler_.run(engine_->run());

  ASSERT_FALSE(ran);
  EXPECT_THAT(ran.error().message, HasSubstr("broken: there is nothing to count"));
  EXPECT_EQ(rows_in("sound_rows"), 5);
  EXPECT_EQ(rows_in("broken_rows"), 0);
  EXPECT_FALSE(engine_->ready());
}

TEST_F(EngineTest, WhatIsDownIsTriedAgainUntilItOpens) {
  ASSERT_TRUE(build({counting("late", {{"count", "5"}, {"opens_after", "6"}})}, true));

  EXPECT_TRUE(scheduler_.run(engine_->run()));

  EXPECT_EQ(rows_in("late_rows"), 5);
  EXPECT_EQ(engine_->status()[0].error, "");
}

TEST_F(EngineTest, UntilIdleRefusesASourceThatNeverEnds) {
  const Result<> built = build({counting("endless", {})}, true);

  ASSERT_FALSE(built);
  EXPECT_EQ(built.error().fault, Fault::bad_config);
  EXPECT_THAT(built.error().message, HasSubstr("--until-idle needs a source that ends"));
}

TEST_F(EngineTest, WhatSourcesHoldAheadIsTakenOffWhatEventsMayHold) {
  const std::string size = std::to_string(MemoryBudget::default_bytes / 4);
  std::vector<PipelinePlan> pipelines;
  for (const char* name : {"a", "b", "c"})
    pipelines.push_back(counting(name, {{"count", "5"}, {"buffer", size}}));
  ASSERT_TRUE(build(pipelines, true));
  EXPECT_EQ(engine_->state().memory_bytes, MemoryBudget::default_bytes / 4);
  engine_.reset();

  pipelines.push_back(counting("d", {{"count", "5"}, {"buffer", size}}));
  const Result<> built = build(std::move(pipelines), true);
  ASSERT_FALSE(built);
  EXPECT_EQ(built.error().fault, Fault::bad_config);
  EXPECT_THAT(built.error().message, HasSubstr("too much of the"));
}

TEST_F(EngineTest, ADrainEndsPipelinesThatWaitForEver) {
  ASSERT_TRUE(build({counting("a", {}), counting("b", {})}, false));
  bool ended = false;
  spawn(scheduler_, [](Engine& engine, bool& done) -> Task<> {
    std::ignore = co_await engine.run();
    done = true;
  }(*engine_, ended));
  scheduler_.run_until([&] { return engine_->ready(); });
  EXPECT_FALSE(ended);

  engine_->drain();

  EXPECT_TRUE(scheduler_.run_until([&] { return ended; }));
}

TEST_F(EngineTest, AFolderInUseByAnotherEngineIsRefusedInSoManyWords) {
  ASSERT_TRUE(build({counting("a", {{"count", "1"}})}, true));
  const std::unique_ptr<Engine> first = std::move(engine_);

  const Result<> second = build({counting("a", {{"count", "1"}})}, true);

  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().fault, Fault::bad_config);
  EXPECT_THAT(second.error().message, HasSubstr("in use by another engine"));
}

}  // namespace
}  // namespace tidemill
