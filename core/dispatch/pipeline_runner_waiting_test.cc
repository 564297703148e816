// PipelineRunner with events that wait: whom they hold up, what they keep in memory, and what is
// told of them once they are given up.
#include <gmock/gmock.h>

#include "core/dispatch/testing/runner_fixture.h"

namespace tidemill {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;
using namespace std::chrono_literals;

using testing::PipelineRunnerTest;

const Instant t0{};
const Error busy{Fault::transient, "busy"};

class KeysThatWait : public PipelineRunnerTest {
 protected:
  KeysThatWait() {
    config_.order_by = OrderBy::key;
    config_.retry.attempts = 10;
  }
  void push_key(std::string_view data) {
    source_.push(data);
    source_.waiting.back().key = data.substr(0, 1);
  }
};

TEST_F(KeysThatWait, AKeyInBackOffHoldsUpNoBatchThatComesLater) {
  config_.batch.events = 1;
  for (const char* data : {"a1", "b1", "a2", "c1"}) push_key(data);
  invoker_.fails = [](std::string_view data, std::uint32_t attempt) {
    return data == "a1" && attempt < 3 ? std::optional(busy) : std::nullopt;
  };

  run();

  EXPECT_THAT(store_.rows, ElementsAre("b1=row", "c1=row", "a1=row", "a2=row"));
  EXPECT_EQ(store_.logs[Partition(0)].next, Offset(4));
}

TEST_F(KeysThatWait, OfALaterBatchOnlyTheEventsOfThatKeyStay) {
  config_.batch.events = 3;
  for (const char* data : {"a1", "b1", "c1", "b2", "a2", "c2"}) push_key(data);
  invoker_.fails = [](std::string_view data, std::uint32_t attempt) {
    return data == "a1" && attempt < 3 ? std::optional(busy) : std::nullopt;
  };

  run();

  EXPECT_THAT(store_.rows, ElementsAre("b1=row", "c1=row", "b2=row", "c2=row", "a1=row", "a2=row"));
}

TEST_F(KeysThatWait, EventsWithoutAKeyWaitForNobody) {
  config_.batch.events = 1;
  push_key("a1");
  push({"x", "y"});
  invoker_.fails = [](std::string_view data, std::uint32_t attempt) {
    return data == "a1" && attempt < 3 ? std::optional(busy) : std::nullopt;
  };

  run();

  EXPECT_THAT(store_.rows, ElementsAre("x=row", "y=row", "a1=row"));
}

TEST_F(PipelineRunnerTest, AnEventInBackOffDoesNotKeepItsSourcesBufferAlive) {
  auto buffer = std::make_shared<std::string>(100'000, 'x');
  const std::weak_ptr<std::string> alive = buffer;
  push({"a"});
  const std::string_view part = std::string_view(*buffer).substr(0, 10);
  source_.waiting.back().data = Bytes(part, std::move(buffer));
  std::vector<bool> kept;
  invoker_.fails = [&](std::string_view, std::uint32_t attempt) {
    kept.push_back(!alive.expired());
    return attempt < 3 ? std::optional(busy) : std::nullopt;
  };

  run();

  EXPECT_THAT(kept, ElementsAre(true, false, false));
  EXPECT_THAT(store_.rows, ElementsAre("xxxxxxxxxx=row"));
}

TEST_F(PipelineRunnerTest, ABatchThatIsPutOffAgainAndAgainIsAskedForLessAndLessOften) {
  config_.retry.attempts = 1;
  invoker_.batch_fails = [](const Request&) { return Error{Fault::throttled, "full"}; };
  push({"a"});
  start();

  scheduler_.run_until([&] { return scheduler_.now() >= t0 + 10min; });

  // 200 ms, 400 ms, ... 25.6 s and then every 30 s, where ten minutes of 200 ms are 3000.
  EXPECT_LE(invoker_.calls.size(), 30u);
  EXPECT_GE(invoker_.calls.size(), 20u);
  EXPECT_EQ(invoker_.calls.back().attempt, 1u);
}

TEST_F(PipelineRunnerTest, AnEventLargerThanTheCreditClosesTheWindowThatItWaitsFor) {
  config_.batch.bytes = ByteSize{1000};
  config_.batch.window = 1h;
  push({"small", std::string(50'000, 'x')});
  source_.ends = false;
  source_.allows_nothing = true;
  start();

  scheduler_.run_until([&] { return scheduler_.now() >= t0 + 1min; });

  EXPECT_THAT(invoker_.calls, SizeIs(2));
  runner_->drain();
  scheduler_.run();
}

TEST_F(PipelineRunnerTest, ASplitBatchCountsOnce) {
  invoker_.batch_fails = [](const Request& request) {
    return request.events.size() > 1 ? std::optional(busy) : std::nullopt;
  };
  push({"a", "b", "c", "d"});

  run();

  EXPECT_EQ(stats().batches, 1u);
  EXPECT_EQ(stats().invocations, 7u);
}

TEST_F(PipelineRunnerTest, AnAgedEventTellsHowOftenItWasTried) {
  config_.retry.attempts = 100;
  config_.retry.max_age = 1s;
  invoker_.fails = [](std::string_view, std::uint32_t) { return busy; };
  push({"tried", "old"});
  source_.waiting[1].time = EventTime(scheduler_.wall().value - 3'600'000'000);

  run();

  ASSERT_THAT(store_.dead, SizeIs(2));
  EXPECT_EQ(store_.dead[0].data, "old");
  EXPECT_EQ(store_.dead[0].attempts, 0u) << "it never reached the function";
  EXPECT_EQ(store_.dead[1].data, "tried");
  EXPECT_EQ(store_.dead[1].attempts, invoker_.calls.size());
}

TEST_F(PipelineRunnerTest, WithDeadLettersOffAnEventWhoseRecordWasRefusedIsKeptAllTheSame) {
  config_.dead_letter.enabled = false;
  bindings_ = {{.name = "on_failure", .sink = &sink_, .takes = Takes::failure}};
  invoker_.fails = [](std::string_view, std::uint32_t) { return Error{Fault::bad_event, "odd"}; };
  sink_.answers_with = [](std::string_view, int write) -> Result<> {
    if (write == 1) return fail(Fault::bad_event, "no such queue");
    return {};
  };
  config_.batch.events = 1;
  push({"a", "b"});

  run();

  ASSERT_THAT(store_.dead, SizeIs(1)) << "the other one's record was taken";
  EXPECT_EQ(store_.dead[0].data, "a");
}

TEST_F(PipelineRunnerTest, ARowsTimeBeginsWithItsCommitHoweverLongASinkTakes) {
  rows_.expire = 60s;
  bindings_ = {messages_, rows_};
  sink_.takes = 120s;
  std::vector<WallTime> expires;
  store_.on_row = [&](const RowChange& row) { expires.push_back(row.expires); };
  push({"a"});
  const std::uint64_t begun = scheduler_.wall().value;

  run();

  EXPECT_THAT(expires, ElementsAre(WallTime(begun + 180'000'000)));
}

TEST_F(PipelineRunnerTest, WhatIsInvokedAgainLeavesNoRecordOfAFailure) {
  config_.retry.attempts = 1;
  const std::vector<RowRead> watched = {{TableId(1), RowGuard::hash_of("counter")}};
  ASSERT_FALSE(sequencer_.stale(watched));
  SinkBinding failures{.name = "on_failure", .sink = &sink_, .takes = Takes::failure};
  testing::FakeSink slow(scheduler_);
  slow.takes = 50ms;
  SinkBinding messages{.name = "out", .sink = &slow, .output = 0};
  bindings_ = {messages, rows_, failures};
  push({"reader", "flaky"});
  invoker_.reads = [&](const Request&) {
    return std::vector<RowRead>{{TableId(1), RowGuard::hash_of("counter"), sequencer_.visible()}};
  };
  // While the messages of the first answer are written, somebody changes what it was based on.
  CommitPart other;
  other.rows.push_back({.table = TableId(1), .key = "counter", .data = "1"});
  scheduler_.call_at(t0 + 20ms, [&] {
    boost::asio::co_spawn(scheduler_.executor(), sequencer_.commit(other, Durability::sync),
                          [](std::exception_ptr, const Result<std::uint64_t>&) {});
  });
  int calls = 0;
  invoker_.fails = [&](std::string_view data, std::uint32_t) {
    const bool first = data == "flaky" && ++calls == 1;
    return first ? std::optional(busy) : std::nullopt;
  };

  run();

  EXPECT_THAT(sink_.received, IsEmpty()) << "the event that failed first has settled in the end";
  EXPECT_THAT(store_.dead, IsEmpty());
}

}  // namespace
}  // namespace tidemill
