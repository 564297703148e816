// Pipelines that feed each other through the engine's own queues, logs and tables.
#include <gmock/gmock.h>

#include <algorithm>
#include <map>
#include <string>
#include <vector>

#include "core/pipeline/testing/engine_fixture.h"

namespace tidemill {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

class EngineStreamsTest : public testing::EngineTest {
 protected:
  struct To {
    std::string kind;
    ResolvedOptions options;
  };

  static PipelinePlan pipeline(std::string name, std::string source, ResolvedOptions options,
                               const std::vector<To>& sinks) {
    PipelinePlan plan;
    plan.name = std::move(name);
    plan.source = {std::move(source), std::move(options), {}};
    for (const To& to : sinks) {
      SinkPlan sink;
      sink.name = plan.name + "_" + to.kind;
      sink.from = "event";
      sink.connector = {to.kind, to.options, {}};
      plan.sinks.push_back(std::move(sink));
    }
    return plan;
  }

  static PipelinePlan counter(std::string name, int count, const std::vector<To>& sinks) {
    return pipeline(std::move(name), "count", {{"count", std::to_string(count)}}, sinks);
  }

  static To rows(std::string table) {
    return {"table", {{"name", std::move(table)}, {"key", "$event.id"}}};
  }

  void run(std::vector<PipelinePlan> pipelines) {
    engine_.reset();
    const auto built = build(std::move(pipelines), true);
    ASSERT_TRUE(built) << built.error().message;
    const auto ran = scheduler_.run(engine_->run());
    ASSERT_TRUE(ran) << ran.error().message;
  }

  StreamState queue_state(const std::string& name) {
    const auto info = engine_->store().stream(StreamKind::queue, name, 1);
    return engine_->store().stream_state(info->id, Partition(0)).value();
  }

  std::map<std::string, std::string> contents(const std::string& table) {
    std::map<std::string, std::string> all;
    const auto id = engine_->store().find_table(table);
    if (!id) return all;
    EXPECT_TRUE(engine_->store().each_row(*id, "", scheduler_.wall(),
                                          [&](std::string_view key, const Row& row) {
                                            all.emplace(key, row.body);
                                            return true;
                                          }));
    return all;
  }
};

TEST_F(EngineStreamsTest, AChainOverALogAndAQueueEndsByItselfWithEveryEventOnce) {
  run({pipeline("last", "queue", {{"name", "jobs"}}, {rows("done")}),
       pipeline("middle", "log", {{"name", "clicks"}}, {{"queue", {{"name", "jobs"}}}}),
       counter("first", 2500, {{"log", {{"name", "clicks"}, {"partitions", "3"}}}})});

  const auto done = contents("done");
  EXPECT_THAT(done, SizeIs(2500));
  EXPECT_TRUE(done.contains("count/0@2499")) << "an event keeps its id on its way";
  EXPECT_EQ(queue_state("jobs").records, 0);
  EXPECT_EQ(queue_state("jobs").first, 2501);
  for (const auto& status : engine_->status()) EXPECT_EQ(status.stats.committed, 2500);
}

TEST_F(EngineStreamsTest, WhatIsLeftInAQueueIsTakenByALaterEngine) {
  run({counter("first", 100, {{"queue", {{"name", "jobs"}}}})});
  EXPECT_EQ(queue_state("jobs").records, 100);

  run({pipeline("last", "queue", {{"name", "jobs"}}, {rows("done")})});

  EXPECT_THAT(contents("done"), SizeIs(100));
  EXPECT_EQ(queue_state("jobs"), (StreamState{.first = 101, .next = 101}));
}

TEST_F(EngineStreamsTest, PipelinesCompeteForAQueueAndEachEntryGoesToOne) {
  run({counter("first", 3000, {{"queue", {{"name", "jobs"}}}}),
       pipeline("a", "queue", {{"name", "jobs"}}, {rows("a")}),
       pipeline("b", "queue", {{"name", "jobs"}}, {rows("b")})});

  const auto a = contents("a");
  const auto b = contents("b");
  EXPECT_EQ(a.size() + b.size(), 3000);
  for (const auto& [key, body] : a) EXPECT_FALSE(b.contains(key));
}

TEST_F(EngineStreamsTest, EveryReaderOfALogReadsAllOfItAndGoesOnWhereItWas) {
  const To log{"log", {{"name", "clicks"}}};
  const PipelinePlan a = pipeline("a", "log", {{"name", "clicks"}}, {rows("a")});
  run({counter("first", 500, {log}), a});
  EXPECT_THAT(contents("a"), SizeIs(500));

  const PipelinePlan b = pipeline("b", "log", {{"name", "clicks"}}, {rows("b")});
  run({counter("second", 40, {log}), a, b});

  EXPECT_EQ(engine_->status()[1].stats.events, 40) << "a had read the others before";
  EXPECT_EQ(engine_->status()[2].stats.events, 540);
}

TEST_F(EngineStreamsTest, AFullQueueHoldsItsProducerBackAndNothingElse) {
  PipelinePlan first =
      counter("first", 1500, {{"queue", {{"name", "jobs"}, {"max_messages", "50"}}}});
  first.batch.events = 10;
  PipelinePlan last = pipeline("last", "queue", {{"name", "jobs"}}, {rows("done")});
  last.batch.events = 5;
  ASSERT_TRUE(build({first, last}, true));
  std::uint64_t most = 0;
  bool ended = false;
  spawn(scheduler_, [](Engine& engine, bool& done) -> Task<> {
    std::ignore = co_await engine.run();
    done = true;
  }(*engine_, ended));
  while (!ended && scheduler_.step()) most = std::max(most, queue_state("jobs").records);

  EXPECT_TRUE(ended);
  EXPECT_THAT(contents("done"), SizeIs(1500));
  const std::uint64_t under_way = (first.parallel.batches + 2) * first.batch.events;
  EXPECT_GE(most, 50);
  EXPECT_LE(most, 50 + under_way) << "what was under way may still be put";
}

TEST_F(EngineStreamsTest, ADelayIsWaitedForUntilIdleToo) {
  const Instant began = scheduler_.now();
  run({counter("first", 5, {{"queue", {{"name", "jobs"}, {"delay", "90000000"}}}}),
       pipeline("last", "queue", {{"name", "jobs"}}, {rows("done")})});
  EXPECT_THAT(contents("done"), SizeIs(5));
  EXPECT_GE(scheduler_.now() - began, std::chrono::seconds(90));
}

TEST_F(EngineStreamsTest, AWindowIsNotWaitedOutWhenNothingMoreCanCome) {
  PipelinePlan last = pipeline("last", "queue", {{"name", "jobs"}}, {rows("done")});
  last.batch.window = std::chrono::hours(1);
  const Instant began = scheduler_.now();
  run({counter("first", 5, {{"queue", {{"name", "jobs"}}}}), last});
  EXPECT_THAT(contents("done"), SizeIs(5));
  EXPECT_LT(scheduler_.now() - began, std::chrono::minutes(1));
}

TEST_F(EngineStreamsTest, AnEntryWhoseGroupIsMissingIsADeadLetterOfItsSink) {
  run({counter("first", 3, {{"queue", {{"name", "jobs"}, {"group", ".customer"}}}})});
  EXPECT_EQ(queue_state("jobs").records, 0);
  EXPECT_EQ(engine_->status()[0].stats.dead_lettered, 3);
  std::vector<std::string> sinks;
  EXPECT_TRUE(engine_->store().each_dead_letter(
      {}, scheduler_.wall(), [&](PipelineId, std::uint64_t, const DeadLetter& letter) {
        sinks.push_back(letter.sink);
        return true;
      }));
  EXPECT_THAT(sinks, ElementsAre("first_queue", "first_queue", "first_queue"));
}

TEST_F(EngineStreamsTest, ARecordOfAFailureMayGoToAQueue) {
  PipelinePlan first = counter("first", 3, {{"queue", {{"name", "jobs"}, {"group", ".customer"}}}});
  SinkPlan failures;
  failures.name = "on_failure";
  failures.from = "event";
  failures.connector = {"queue", {{"name", "failures"}}, {}};
  first.on_failure = failures;
  run({first, pipeline("last", "queue", {{"name", "failures"}}, {rows("done")})});
  const auto done = contents("done");
  ASSERT_THAT(done, SizeIs(3));
  EXPECT_THAT(done.begin()->second, HasSubstr("\"condition\":\"RetriesExhausted\""));
}

TEST_F(EngineStreamsTest, ChangesOfATableAreEventsOfAnotherPipeline) {
  run({counter("first", 20, {{"table", {{"name", "users"}, {"key", "$event.key"}}}}),
       pipeline("last", "changes", {{"table", "users"}}, {rows("done")})});
  const auto done = contents("done");
  ASSERT_THAT(done, SizeIs(20));
  EXPECT_EQ(done.at("table:users/1"),
            R"({"table":"users","key":"same","kind":"put","old":null,"new":0})");
  EXPECT_EQ(done.at("table:users/20"),
            R"({"table":"users","key":"same","kind":"put","old":18,"new":19})");
}

TEST_F(EngineStreamsTest, ChangesAreKeptForLaterReadersWhereTheTableSaysSo) {
  const To users{"table", {{"name", "users"}, {"key", "$event.key"}, {"changes.age", "0"}}};
  run({counter("first", 20, {users})});
  run({pipeline("last", "changes", {{"table", "users"}}, {rows("done")})});
  EXPECT_THAT(contents("done"), SizeIs(20));
}

TEST_F(EngineStreamsTest, ALogIsTrimmedWhileItIsWrittenAndALateReaderIsTold) {
  const To log{"log", {{"name", "clicks"}, {"retention.bytes", "1048576"}}};
  run({counter("first", 48'000, {log})});
  const auto info = engine_->store().stream(StreamKind::log, "clicks", 1);
  const StreamState kept = engine_->store().stream_state(info->id, Partition(0)).value();
  EXPECT_LE(kept.bytes, (1u << 20) + (1u << 17));
  EXPECT_GT(kept.first, 1);

  run({pipeline("late", "log", {{"name", "clicks"}}, {rows("done")})});
  EXPECT_EQ(contents("done").size(), kept.records) << "earliest is what is there";
}

TEST_F(EngineStreamsTest, ADrainLeavesInTheQueueWhatDidNotSettle) {
  ASSERT_TRUE(build({counter("first", 5000, {{"queue", {{"name", "jobs"}}}}),
                     pipeline("last", "queue", {{"name", "jobs"}}, {rows("done")})},
                    false));
  bool ended = false;
  spawn(scheduler_, [](Engine& engine, bool& done) -> Task<> {
    std::ignore = co_await engine.run();
    done = true;
  }(*engine_, ended));
  ASSERT_TRUE(scheduler_.run_until([&] { return engine_->status()[1].stats.committed > 500; }));
  engine_->drain();
  ASSERT_TRUE(scheduler_.run_until([&] { return ended; }));
  const std::size_t before = contents("done").size();
  EXPECT_EQ(before, engine_->status()[1].stats.committed);

  run({counter("first", 5000, {{"queue", {{"name", "jobs"}}}}),
       pipeline("last", "queue", {{"name", "jobs"}}, {rows("done")})});
  EXPECT_THAT(contents("done"), SizeIs(5000));
  EXPECT_EQ(engine_->status()[1].stats.committed, 5000 - before);
}

}  // namespace
}  // namespace tidemill
