// PipelineRunner with several batches under way: what keeps its order, what is held back, and what
// a crash leaves.
#include <gmock/gmock.h>

#include <map>

#include "core/dispatch/testing/runner_fixture.h"

namespace tidemill {
namespace {

using ::testing::Each;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;
using namespace std::chrono_literals;

using testing::PipelineRunnerTest;

const Instant t0{};
const Error busy{Fault::transient, "busy"};

TEST_F(PipelineRunnerTest, KeysOfAPartitionRunSideBySideEachInOrder) {
  config_.order_by = OrderBy::key;
  config_.parallel = {.batches = 4, .per_partition = 4};
  config_.batch.events = 2;
  std::vector<std::string> keys;
  for (char c = 'a'; c < 'q'; ++c) keys.emplace_back(1, c);
  std::map<std::string, std::vector<std::string>> expected;
  for (int i = 0; i < 10; ++i)
    for (const std::string& key : keys) {
      const std::string data = key + std::to_string(i);
      source_.push(data);
      source_.waiting.back().key = key;
      expected[key].push_back(data + "=row");
    }
  invoker_.takes_for = [&](const Request&) { return Duration(1 + scheduler_.random() % 50); };
  invoker_.fails = [&](std::string_view, std::uint32_t attempt) {
    const bool failed = attempt < 3 && scheduler_.random() % 4 == 0;
    return failed ? std::optional(busy) : std::nullopt;
  };

  run();

  std::map<std::string, std::vector<std::string>> written;
  for (const std::string& row : store_.rows) written[row.substr(0, 1)].push_back(row);
  EXPECT_EQ(written, expected);
  EXPECT_EQ(invoker_.running_max, 4);
  EXPECT_EQ(store_.logs[Partition(0)].next, Offset(160));
}

TEST_F(PipelineRunnerTest, AFailedEventHoldsUpItsOwnKeyOnly) {
  config_.order_by = OrderBy::key;
  for (const auto& [data, key] : {std::pair("a1", "a"), {"b1", "b"}, {"a2", "a"}, {"none", ""}}) {
    source_.push(data);
    source_.waiting.back().key = key;
  }
  invoker_.fails = [](std::string_view data, std::uint32_t attempt) {
    return data == "a1" && attempt == 1 ? std::optional(busy) : std::nullopt;
  };

  run();

  EXPECT_THAT(store_.rows, ElementsAre("b1=row", "none=row", "a1=row", "a2=row"));
}

TEST_F(PipelineRunnerTest, AQueueWhoseKeysHaveAnOrderKeepsItWithoutBeingTold) {
  source_.progress = ProgressKind::queue;
  source_.keys_in_order = true;
  for (const auto& [data, key] : {std::pair("a1", "a"), {"b1", "b"}, {"a2", "a"}}) {
    source_.push(data);
    source_.waiting.back().key = key;
  }
  invoker_.fails = [](std::string_view data, std::uint32_t attempt) {
    return data == "a1" && attempt == 1 ? std::optional(busy) : std::nullopt;
  };

  run();

  EXPECT_THAT(store_.rows, ElementsAre("b1=row", "a1=row", "a2=row"));
}

TEST_F(PipelineRunnerTest, OneBatchOfAPartitionAtATime) {
  config_.batch.events = 1;
  invoker_.takes = 1ms;
  push({"a", "b", "c", "d", "e", "f"});

  run();

  EXPECT_EQ(invoker_.running_max, 1);
  EXPECT_EQ(scheduler_.now(), t0 + 6ms);
  EXPECT_THAT(store_.rows, ElementsAre("a=row", "b=row", "c=row", "d=row", "e=row", "f=row"));
}

TEST_F(PipelineRunnerTest, NoMoreBatchesAtOnceThanAllowed) {
  config_.batch.events = 1;
  config_.parallel.batches = 3;
  invoker_.takes = 1ms;
  for (std::uint32_t partition = 0; partition < 12; ++partition) push({"a"}, partition);

  run();

  EXPECT_EQ(invoker_.running_max, 3);
  EXPECT_EQ(scheduler_.now(), t0 + 4ms);
}

TEST_F(PipelineRunnerTest, ABatchHoldsEventsOfOnePartitionInOrder) {
  config_.batch.events = 3;
  for (const char* data : {"0", "1", "2", "3"})
    for (const std::uint32_t partition : {0u, 1u})
      source_.push(std::string(partition == 0 ? "a" : "b") + data, partition);

  run();

  std::vector<std::vector<std::string>> batches;
  for (const auto& call : invoker_.calls) batches.push_back(call.events);
  EXPECT_THAT(batches,
              ::testing::UnorderedElementsAre(ElementsAre("a0", "a1", "a2"), ElementsAre("a3"),
                                              ElementsAre("b0", "b1", "b2"), ElementsAre("b3")));
}

// One life of an engine over a store that outlives it. Its batches of two events finish in the
// order 3, 1, 2, 4.
struct Life {
  explicit Life(testing::FakeStore& kept) : store(kept) {
    std::vector<LogProgress> restored;
    for (const auto& [partition, progress] : store.logs) restored.push_back(progress);
    for (const char* data : {"a", "b", "c", "d", "e", "f", "g", "h"}) source.push(data);
    // What a source does that starts where the store says.
    if (!restored.empty())
      std::erase_if(source.waiting, [&](const auto& e) { return e.offset < restored[0].next; });
    invoker.takes_for = [this](const Request&) {
      constexpr std::array<Duration, 4> takes = {20ms, 30ms, 10ms, 40ms};
      return takes[(invoker.calls.size() - 1) % takes.size()];
    };
    PipelineConfig config{.name = "p", .function = "f"};
    config.batch.events = 2;
    config.parallel = {.batches = 4, .per_partition = 4};
    const SinkBinding rows{.name = "rows", .table = TableId(1), .output = 1};
    runner.emplace(PipelineRunner::Shared{scheduler, log, store, sequencer, budget}, source,
                   &invoker, std::vector{rows}, config, restored);
    boost::asio::co_spawn(scheduler.executor(), runner->run(),
                          [this](std::exception_ptr, Result<>) { ended = true; });
  }
  ~Life() { scheduler.abandon(); }

  testing::VirtualScheduler scheduler;
  testing::FakeLog log;
  testing::FakeStore& store;
  CommitSequencer sequencer{scheduler, store, scheduler.blocking()};
  MemoryBudget budget{MemoryBudget::default_bytes};
  testing::FakeSource source{scheduler};
  testing::FakeInvoker invoker{scheduler};
  std::optional<PipelineRunner> runner;
  bool ended = false;
};

TEST(PipelineRunnerCrash, BatchesThatFinishOutOfOrderAreExactOverACrashAfterAnyCommit) {
  for (std::uint64_t commits = 1; commits <= 4; ++commits) {
    testing::FakeStore store;
    {
      Life life(store);
      life.scheduler.run_until([&] { return store.calls == commits; });
      EXPECT_FALSE(life.ended) << "the crash comes before the commit is heard of";
    }
    if (commits == 1) {
      EXPECT_EQ(store.logs[Partition(0)].next, Offset(0)) << "batch 3 is ahead";
    }
    Life life(store);
    life.scheduler.run();

    EXPECT_TRUE(life.ended);
    EXPECT_THAT(store.rows, ::testing::UnorderedElementsAre("a=row", "b=row", "c=row", "d=row",
                                                            "e=row", "f=row", "g=row", "h=row"))
        << commits;
    EXPECT_EQ(store.logs[Partition(0)].next, Offset(8));
    EXPECT_THAT(store.logs[Partition(0)].settled, IsEmpty());
  }
}

TEST(PipelineRunnerCrash, ALifeAfterEveryCommitIsExactToo) {
  testing::FakeStore store;
  int lives = 0;
  for (bool ended = false; !ended; ++lives) {
    ASSERT_LT(lives, 10);
    Life life(store);
    const std::uint64_t calls = store.calls;
    life.scheduler.run_until([&] { return store.calls > calls; });
    ended = life.ended;
  }

  EXPECT_THAT(store.rows, SizeIs(8));
  EXPECT_EQ(store.logs[Partition(0)].next, Offset(8));
}

// Every second event of a long batch fails: each of them is a hole.
class BlockedLedger : public PipelineRunnerTest {
 protected:
  void begin() {
    source_.ends = false;
    config_.parallel.per_partition = 2;
    config_.batch.events = 3000;
    for (int i = 0; i < 2100; ++i) source_.push(i % 2 == 0 ? "good" : "late", 0);
    invoker_.fails = [](std::string_view data, std::uint32_t attempt) {
      return data == "late" && attempt == 1 ? std::optional(busy) : std::nullopt;
    };
    scheduler_.call_at(t0 + 100ms, [this] { push({"held"}, 0); });
    scheduler_.call_at(t0 + 100ms, [this] { push({"other"}, 1); });
    start();
  }

  Instant time_of(const std::string& row) {
    EXPECT_TRUE(scheduler_.run_until(
        [&] { return std::ranges::find(store_.rows, row) != store_.rows.end(); }));
    return scheduler_.now();
  }
};

TEST_F(BlockedLedger, PausesItsPartitionWhereTheSourceCan) {
  source_.can_pause = true;
  begin();

  EXPECT_EQ(time_of("other=row"), t0 + 100ms);
  EXPECT_EQ(time_of("held=row"), t0 + 200ms) << "the failed events' back-off";
}

TEST_F(BlockedLedger, StopsPollingWhereTheSourceCannotPause) {
  begin();

  EXPECT_EQ(time_of("other=row"), t0 + 200ms);
  EXPECT_EQ(time_of("held=row"), t0 + 200ms);
}

TEST_F(PipelineRunnerTest, OpenWindowsThatHoldAllCreditsAreClosedEarly) {
  source_.ends = false;
  config_.batch.window = 1h;
  // Credits cover (4 + 2) * 10 events, so 20 of these have no room. No partition fills a batch.
  for (int i = 0; i < 4; ++i)
    for (std::uint32_t partition = 0; partition < 20; ++partition) push({"e"}, partition);

  start();
  ASSERT_TRUE(scheduler_.run_until([&] { return store_.rows.size() >= 20; }));

  EXPECT_EQ(scheduler_.now(), t0);
}

TEST_F(PipelineRunnerTest, ABatchGrowsWhileItsPartitionIsBusy) {
  config_.batch = {.events = 10, .window = 0s};
  invoker_.takes = 1s;
  push({"first"});
  for (int i = 0; i < 8; ++i) scheduler_.call_at(t0 + 100ms * (i + 1), [this] { push({"later"}); });
  scheduler_.call_at(t0 + 2s, [this] { source_.ends = true; });
  source_.ends = false;

  start();
  ASSERT_TRUE(scheduler_.run_until([&] { return invoker_.calls.size() == 2; }));

  EXPECT_EQ(scheduler_.now(), t0 + 1s) << "the eight were ready all the while";
  EXPECT_EQ(invoker_.calls[1].events.size(), 8u);
}

TEST_F(PipelineRunnerTest, APipelineKeepsItsShareOfTheMemoryWhileAnothersSinkIsStuck) {
  constexpr std::uint64_t bytes = 256u << 10;
  MemoryBudget budget(bytes);
  const PipelineRunner::Shared shared{scheduler_, log_, store_, sequencer_, budget};
  testing::FakeSource stuck_source(scheduler_);
  testing::FakeInvoker stuck_invoker(scheduler_);
  sink_.takes = 1h;
  const std::string data(1000, 'x');
  for (std::uint32_t i = 0; i < 1000; ++i) {
    stuck_source.push(data, i % 5);
    source_.push(data, i % 5);
  }
  config_.batch = {.events = 100, .bytes = {16u << 10}, .window = 1s};
  PipelineRunner stuck(shared, stuck_source, &stuck_invoker, {messages_}, config_, {});
  PipelineRunner free(shared, source_, &invoker_, {rows_}, config_, {});
  boost::asio::co_spawn(scheduler_.executor(), stuck.run(), boost::asio::detached);
  scheduler_.call_at(t0 + 10s, [&] {
    EXPECT_GT(stuck.stats().in_flight_bytes, bytes / 4) << "more than its guaranteed share";
    EXPECT_LT(stuck.stats().in_flight_bytes, bytes * 3 / 4) << "and not the other's";
    boost::asio::co_spawn(scheduler_.executor(), free.run(), boost::asio::detached);
  });

  EXPECT_TRUE(scheduler_.run_until([&] { return free.stats().committed == 1000; }));

  EXPECT_LT(scheduler_.now(), t0 + 1h);
  EXPECT_EQ(stuck.stats().committed, 0u);
  scheduler_.abandon();
}

// Another commit changes what an invocation has read.
TEST_F(PipelineRunnerTest, WhatReadAStaleRowIsInvokedAgainAtNoCostInAttempts) {
  config_.retry.attempts = 1;
  const std::vector<RowRead> watched = {{TableId(1), RowGuard::hash_of("counter")}};
  ASSERT_FALSE(sequencer_.stale(watched));
  push({"reader"}, 0);
  push({"counter"}, 1);
  invoker_.takes_for = [](const Request& request) {
    return request.events[0].data.view() == "reader" ? 100ms : 10ms;
  };
  invoker_.reads = [&](const Request& request) {
    std::vector<RowRead> reads;
    if (request.events[0].data.view() == "reader")
      reads.push_back({TableId(1), RowGuard::hash_of("counter"), sequencer_.visible()});
    return reads;
  };

  run();

  std::vector<std::uint32_t> attempts;
  for (const auto& call : invoker_.calls)
    if (call.events[0] == "reader") attempts.push_back(call.attempt);
  EXPECT_THAT(attempts, ElementsAre(1, 1));
  EXPECT_THAT(store_.rows, ElementsAre("counter=row", "reader=row"));
  EXPECT_THAT(store_.dead, IsEmpty());
  EXPECT_EQ(stats().retried, 0u);
}

TEST_F(PipelineRunnerTest, ABatchThatReadNothingKeepsNoMemoryOfChangesWhileItsSinkIsDown) {
  const std::vector<RowRead> watched = {{TableId(1), RowGuard::hash_of("counter")}};
  ASSERT_FALSE(sequencer_.stale(watched));
  messages_.retry.attempts = 1'000'000;
  sink_.answers_with = [](std::string_view, int) -> Result<> {
    return fail(Fault::transient, "down");
  };
  bindings_ = {messages_};
  push({"a"});
  start();
  scheduler_.run_until([&] { return sink_.writes == 2; });
  std::vector<std::string> keys;
  for (int i = 0; i < 20'000; ++i) keys.push_back(std::to_string(i));
  for (std::uint64_t commit = 1; commit <= keys.size(); ++commit) {
    RowChange row;
    row.table = TableId(1);
    row.key = keys[commit - 1];
    sequencer_.guard().note({&row, 1}, commit, commit);
  }

  EXPECT_LE(sequencer_.guard().remembered(), 4096u);
}

// Another pipeline changes the row twice as often as the sink takes to answer.
TEST_F(PipelineRunnerTest, ABatchThatIsOvertakenAtItsSinkAgainAndAgainSettlesAfterAFewTimes) {
  sink_.takes = 100ms;
  bindings_ = {messages_};
  invoker_.reads = [&](const Request&) {
    return std::vector<RowRead>{{TableId(1), RowGuard::hash_of("counter"), sequencer_.visible()}};
  };
  push({"reader"});
  testing::FakeSource others(scheduler_);
  others.ends = false;
  testing::FakeInvoker writer(scheduler_);
  PipelineRunner busy_one({scheduler_, log_, store_, sequencer_, budget_}, others, &writer, {rows_},
                          config_, {});
  boost::asio::co_spawn(scheduler_.executor(), busy_one.run(), boost::asio::detached);
  const Instant last = t0 + 1min;
  for (Instant when = t0; when < last; when += 50ms)
    scheduler_.call_at(when, [&] { others.push("counter"); });
  start();
  scheduler_.run_until([&] { return result_.has_value(); });

  EXPECT_LT(scheduler_.now(), t0 + 1s);
  EXPECT_LE(sink_.received.size(), 4u) << "three that were overtaken";
  scheduler_.run_until([&] { return scheduler_.now() >= last; });
  busy_one.drain();
  scheduler_.run();
  EXPECT_EQ(busy_one.stats().committed, 1200u) << "nobody who waited is forgotten";
  scheduler_.abandon();
}

TEST_F(PipelineRunnerTest, WhatReadRowsThatNobodyChangedSettlesAtOnce) {
  const std::vector<RowRead> watched = {{TableId(1), RowGuard::hash_of("counter")}};
  ASSERT_FALSE(sequencer_.stale(watched));
  push({"reader"}, 0);
  push({"other"}, 1);
  invoker_.takes_for = [](const Request& request) {
    return request.events[0].data.view() == "reader" ? 100ms : 10ms;
  };
  invoker_.reads = [&](const Request&) {
    return std::vector<RowRead>{{TableId(1), RowGuard::hash_of("counter"), sequencer_.visible()}};
  };

  run();

  EXPECT_THAT(invoker_.calls, SizeIs(2));
}

TEST_F(PipelineRunnerTest, AnEventThatIsTooOldIsNeverInvoked) {
  config_.retry.max_age = 1h;
  push({"old", "young"});
  source_.waiting[0].time = EventTime(scheduler_.wall().value - 3'600'000'001);
  source_.waiting[1].time = EventTime(scheduler_.wall().value - 3'600'000'000);

  run();

  ASSERT_THAT(invoker_.calls, SizeIs(1));
  EXPECT_THAT(invoker_.calls[0].events, Each("young"));
  EXPECT_THAT(store_.dead, SizeIs(1));
}

}  // namespace
}  // namespace tidemill
