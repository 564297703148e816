// The engine as a whole, in virtual time: real store, real lines, sources and sinks made up here.
#include "core/pipeline/engine.h"

#include <gmock/gmock.h>

#include <boost/asio/post.hpp>

#include "tidemill/testing/recording_log.h"
#include "tidemill/testing/temp_folder.h"
#include "tidemill/testing/virtual_scheduler.h"

namespace tidemill {
namespace {

using ::testing::HasSubstr;

// Delivers `count` events and ends, or waits for ever when `count` is 0.
struct CountConfig {
  std::uint32_t count = 0;
  std::uint32_t opens_after = 1;  ///< The try at which open() succeeds; 0: it is misconfigured.
};

class CountSource final : public Source {
 public:
  CountSource(CountConfig config, Scheduler& scheduler) : config_(config), wake_(scheduler) {}

  SourceTraits traits() const override { return {ProgressKind::log, config_.count > 0}; }
  std::string identity() const override { return "count:" + std::to_string(config_.count); }
  bool sees(std::string_view) const override { return false; }

  Task<Result<>> open(const Progress& progress) override {
    if (config_.opens_after == 0) co_return fail(Fault::bad_config, "there is nothing to count");
    if (++tries_ < config_.opens_after) co_return fail(Fault::transient, "not there yet");
    next_ = progress.next(Partition(0)).value_or(Offset(0)).value;
    co_return Result<>{};
  }

  Task<Result<PollEnd>> poll(Credit credit, std::vector<Event>& out) override {
    while (config_.count == 0 && !interrupted_) co_await wake_.wait();
    if (interrupted_) co_return fail(Fault::cancelled, "interrupted");
    for (; next_ < config_.count && credit.events > 0; --credit.events, ++next_) {
      Event event;
      event.offset = Offset(next_);
      event.offset_next = Offset(next_ + 1);
      event.source = "count";
      event.key = "same";
      event.data = Bytes::copy(std::to_string(next_));
      out.push_back(std::move(event));
    }
    co_return next_ < config_.count ? PollEnd::more : PollEnd::exhausted;
  }

  void interrupt() override {
    interrupted_ = true;
    wake_.notify();
  }
  Task<Result<>> settle(std::span<const Settled>) override { co_return Result<>{}; }
  Task<> close() override { co_return; }

 private:
  CountConfig config_;
  Signal wake_;
  std::uint32_t tries_ = 0;
  std::uint64_t next_ = 0;
  bool interrupted_ = false;
};

class EngineTest : public ::testing::Test {
 protected:
  EngineTest() : plugins_(PluginPath({})) {
    registry_.add_source("count",
                         ConfigSpec<CountConfig>("Counts.")
                             .field("count", &CountConfig::count, "How far.")
                             .field("opens_after", &CountConfig::opens_after, "Tries to open."),
                         [](CountConfig config, const Services& services) {
                           return std::make_unique<CountSource>(config, services.scheduler);
                         });
  }

  ~EngineTest() override { scheduler_.abandon(); }

  static PipelinePlan counting(std::string name, ResolvedOptions options) {
    PipelinePlan plan;
    plan.name = std::move(name);
    plan.source = {"count", std::move(options), {}};
    SinkPlan rows;
    rows.name = plan.name + "_rows";
    rows.from = "event";
    rows.connector = {"table", {{"key", "$event.id"}}, {}};
    plan.sinks.push_back(std::move(rows));
    return plan;
  }

  Result<> build(std::vector<PipelinePlan> pipelines, bool until_idle) {
    plan_.pipelines = std::move(pipelines);
    auto built = Engine::build(
        plan_, registry_, plugins_, scheduler_, log_,
        {.data_folder = folder_.path(), .until_idle = until_idle, .function_threads = 1});
    if (!built) return std::unexpected(built.error());
    engine_ = std::move(*built);
    return {};
  }

  std::uint64_t rows_in(const std::string& table, Duration later = Duration(0)) {
    std::uint64_t rows = 0;
    const auto id = engine_->store().find_table(table);
    if (!id) return 0;
    const WallTime at(scheduler_.wall().value + static_cast<std::uint64_t>(later.count()));
    const auto read = engine_->store().each_row(
        *id, "", at, [&](std::string_view, const Row&) { return ++rows; });
    EXPECT_TRUE(read);
    return rows;
  }

  testing::TempFolder folder_;
  testing::VirtualScheduler scheduler_;
  testing::RecordingLog log_;
  Registry registry_;
  PluginCatalog plugins_;
  Plan plan_;
  std::unique_ptr<Engine> engine_;
};

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
