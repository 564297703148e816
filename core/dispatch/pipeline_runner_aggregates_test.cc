// What a runner folds into windows of event time: whatever order its batches end in, and over
// restarts.
#include <gmock/gmock.h>

#include <map>
#include <string>
#include <vector>

#include "core/dispatch/testing/runner_fixture.h"
#include "core/state/aggregate.h"

namespace tidemill {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Pair;
using ::testing::SizeIs;
using ::testing::UnorderedElementsAre;

constexpr TableId views{9};

class RunnerAggregates : public testing::PipelineRunnerTest {
 protected:
  RunnerAggregates() {
    views_.table = views;
    views_.takes = Takes::event;
    Aggregation& aggregation = views_.aggregation.emplace();
    aggregation.key = path(".k");
    aggregation.time = path(".t");
    aggregation.count = true;
    aggregation.sum = path(".v");
    aggregation.windowing = Windowing{.size = std::chrono::seconds(10),
                                      .every = std::chrono::seconds(10),
                                      .lateness = std::chrono::seconds(5)};
    with_function_ = false;
    config_.function = "";
    use(views_);
    store_.on_row = [this](const RowChange& row) {
      if (row.aggregate == nullptr) return;
      std::string place(row.key);
      if (row.window) place += "@" + std::to_string(row.window->start.value / 1'000'000);
      folded_[place].fold(*row.aggregate);
      ++changes_;
    };
  }

  static expression::Expression path(std::string_view text) {
    return expression::Expression::compile(text).value();
  }

  void use(SinkBinding binding) { bindings_ = {std::move(binding)}; }

  /// An event of key "a" that took place at `time`, in seconds.
  void at(std::uint64_t time, std::uint32_t partition = 0, std::string_view key = "a") {
    source_.push(
        R"({"k":")" + std::string(key) + R"(","t":)" + std::to_string(1000 + time) + R"(,"v":1})",
        partition);
  }

  /// Place and count.
  std::map<std::string, std::uint64_t> counts() const {
    std::map<std::string, std::uint64_t> all;
    for (const auto& [place, aggregate] : folded_) all[place] = aggregate.count;
    return all;
  }

  std::vector<WindowsOver> over() const {
    std::vector<WindowsOver> all;
    for (const auto& group : store_.groups)
      for (const CommitPart& part : group)
        all.insert(all.end(), part.windows_over.begin(), part.windows_over.end());
    return all;
  }

  /// The engine dies with all that is under way, and a new one reads on from where progress is.
  void crash() {
    scheduler_.abandon();
    runner_.reset();
    std::vector<LogProgress> restored;
    for (const auto& [partition, log] : store_.logs) restored.push_back(log);
    restored_ = restored;
  }

  /// As at(), but that it died some time ago, and is to be played again.
  void replayed_at(std::uint64_t time) {
    const std::uint64_t number = store_.dead.size() + 1;
    DeadLetter letter;
    letter.number = number;
    letter.event_id = "fake/0@" + std::to_string(number);
    letter.stage = Stage::step;
    letter.data = R"({"k":"a","t":)" + std::to_string(1000 + time) + R"(,"v":1})";
    store_.dead.push_back(std::move(letter));
    store_.waiting[number] = Duration(0);
  }

  SinkBinding views_{.name = "views"};
  std::map<std::string, state::Aggregate> folded_;
  int changes_ = 0;
  std::vector<LogProgress> restored_;
};

TEST_F(RunnerAggregates, CountsPerKeyAndWindowWithOneChangePerBatch) {
  at(0), at(3), at(9, 0, "b"), at(10);
  run();
  EXPECT_THAT(counts(),
              UnorderedElementsAre(Pair("a@1000", 2), Pair("a@1010", 1), Pair("b@1000", 1)));
  EXPECT_EQ(changes_, 3);
  EXPECT_EQ(folded_["a@1000"].shown().substr(folded_["a@1000"].shown().find("count")),
            R"(count":2,"sum":2})");
}

TEST_F(RunnerAggregates, DropsWhatComesAfterItsWindowHasClosedAndCountsIt) {
  at(0), at(14), at(1), at(15), at(2), at(10), at(9);
  run();
  EXPECT_THAT(counts(), UnorderedElementsAre(Pair("a@1000", 2), Pair("a@1010", 3)));
  ASSERT_THAT(store_.logs[Partition(0)].clocks, SizeIs(1));
  EXPECT_EQ(store_.logs[Partition(0)].clocks[0],
            (ClockProgress{views, EventTime(1'015'000'000), 3, 2}));
  EXPECT_EQ(stats().committed, 7) << "an event that is dropped has settled";
  EXPECT_THAT(store_.dead, IsEmpty());
}

TEST_F(RunnerAggregates, JudgesAnEventByItsOwnPartition) {
  at(100, 0), at(0, 1), at(1, 1);
  run();
  EXPECT_THAT(counts(), UnorderedElementsAre(Pair("a@1000", 2), Pair("a@1100", 1)));
}

// The first event of each batch of two is what makes later ones late; the batches end backwards.
TEST_F(RunnerAggregates, DoesNotDependOnTheOrderInWhichBatchesEnd) {
  for (const bool backwards : {false, true}) {
    folded_.clear();
    with_function_ = true;
    config_.function = "f";
    config_.batch.events = 2;
    config_.parallel = {.batches = 8, .per_partition = 8};
    int calls = 0;
    invoker_.takes_for = [&](const Request&) {
      const int place = backwards ? 9 - calls++ : calls++;
      return std::chrono::milliseconds(10 * place);
    };
    source_.restart();
    store_.logs.clear();
    for (const std::uint64_t time : {0u, 20u, 1u, 30u, 12u, 50u, 29u, 44u}) at(time);
    run();
    EXPECT_THAT(counts(),
                UnorderedElementsAre(Pair("a@1000", 1), Pair("a@1020", 1), Pair("a@1030", 1),
                                     Pair("a@1050", 1), Pair("a@1040", 1)))
        << backwards;
    EXPECT_EQ(store_.logs[Partition(0)].clocks[0].dropped, 3);
    runner_.reset();
  }
}

TEST_F(RunnerAggregates, GoesOnAfterACrashWithWhatItHadSeen) {
  at(0), at(50);
  run();
  crash();
  at(1), at(51);
  start(restored_);
  scheduler_.run();
  EXPECT_THAT(counts(), UnorderedElementsAre(Pair("a@1000", 1), Pair("a@1050", 2)));
  EXPECT_EQ(store_.logs[Partition(0)].clocks[0].dropped, 1);
}

TEST_F(RunnerAggregates, AnEventWithoutKeyTimeOrNumberDiesAloneWithTheReason) {
  at(0);
  push({R"({"t":1001,"v":1})", R"({"k":"a","v":1})", R"({"k":"a","t":"soon","v":1})",
        R"({"k":"a","t":1001,"v":"1"})", R"({"k":"a","t":1001,"v":1e999})", "no json"});
  at(2);
  run();
  EXPECT_THAT(counts(), UnorderedElementsAre(Pair("a@1000", 2)));
  std::vector<std::string> reasons;
  for (const DeadLetter& letter : store_.dead) reasons.push_back(letter.sink + " " + letter.reason);
  EXPECT_THAT(reasons,
              ElementsAre("views key: .k gives null", "views time: .t gives null",
                          "views time: .t gives no instant but soon",
                          "views sum: .v gives a string", "views sum: .v gives no number that fits",
                          "views time: the data is not valid JSON"));
}

TEST_F(RunnerAggregates, OfAnEventThatDiesAtAnotherSinkNothingIsCounted) {
  messages_.takes = Takes::event;
  bindings_ = {views_, messages_};
  sink_.answers_with = [](std::string_view data, int) -> Result<> {
    if (data.contains("\"b\"")) return fail(Fault::bad_event, "refused");
    return {};
  };
  at(0), at(1, 0, "b"), at(2);
  run();
  EXPECT_THAT(counts(), UnorderedElementsAre(Pair("a@1000", 2)));
  EXPECT_THAT(store_.dead, SizeIs(1));
}

TEST_F(RunnerAggregates, WindowsCloseWhenEveryPartitionThatHasEventsHasPassedThem) {
  views_.aggregation->on_close = true;
  views_.aggregation->retention = std::chrono::seconds(20);
  use(views_);
  config_.batch.events = 1;
  at(0, 0), at(3, 1), at(47, 0), at(16, 1), at(48, 1);
  run();
  std::vector<std::pair<std::uint64_t, std::uint64_t>> all;
  for (const WindowsOver& each : over())
    all.emplace_back(each.closed.value / 1'000'000, each.removed.value / 1'000'000);
  EXPECT_EQ(all.back(), std::pair(std::uint64_t{1040}, std::uint64_t{1020}));
  EXPECT_THAT(all, ::testing::Contains(Pair(1010, ::testing::_)));
}

TEST_F(RunnerAggregates, APartitionFarBehindDoesNotHoldThemBackForEver) {
  views_.aggregation->on_close = true;
  views_.aggregation->idle = std::chrono::seconds(60);
  use(views_);
  config_.batch.events = 1;
  at(0, 1), at(100, 0);
  run();
  ASSERT_FALSE(over().empty());
  EXPECT_EQ(over().back().closed, EventTime(1'090'000'000));
}

TEST_F(RunnerAggregates, WhatIsPlayedAgainIsCountedOnceInItsOwnWindowHoweverLongThatIsClosed) {
  at(0), at(100);
  run();
  replayed_at(3), replayed_at(14);
  crash();
  start(restored_);
  scheduler_.run();
  EXPECT_THAT(counts(),
              UnorderedElementsAre(Pair("a@1000", 2), Pair("a@1010", 1), Pair("a@1100", 1)));
  EXPECT_THAT(store_.dead, IsEmpty());
  EXPECT_EQ(stats().late, 0u);
  EXPECT_EQ(store_.logs[Partition(0)].clocks[0].latest, EventTime(1'100'000'000))
      << "no clock moves back";
}

// The row is gone, and one that begins anew would hold a wrong count.
TEST_F(RunnerAggregates, NothingIsPlayedIntoAWindowThatWasRemoved) {
  views_.aggregation->retention = std::chrono::seconds(20);
  use(views_);
  at(0), at(70);
  run();
  replayed_at(39), replayed_at(40);
  crash();
  start(restored_);
  scheduler_.run();
  EXPECT_EQ(over().back().removed, EventTime(1'040'000'000));
  EXPECT_THAT(counts(),
              UnorderedElementsAre(Pair("a@1000", 1), Pair("a@1040", 1), Pair("a@1070", 1)));
  EXPECT_THAT(store_.dead, IsEmpty());
  EXPECT_EQ(stats().late_dropped, 1u);
}

TEST_F(RunnerAggregates, OfAQueueNothingIsLate) {
  source_.progress = ProgressKind::queue;
  at(100), at(0);
  run();
  EXPECT_THAT(counts(), UnorderedElementsAre(Pair("a@1000", 1), Pair("a@1100", 1)));
}

TEST_F(RunnerAggregates, WithoutAWindowTheyAreTotals) {
  views_.aggregation->windowing.reset();
  views_.aggregation->time.reset();
  use(views_);
  at(0), at(1000), at(2, 0, "b");
  run();
  EXPECT_THAT(counts(), UnorderedElementsAre(Pair("a", 2), Pair("b", 1)));
  EXPECT_THAT(store_.logs[Partition(0)].clocks, IsEmpty());
}

TEST_F(RunnerAggregates, OfAFunctionTakeItsMessagesAndTheTimeOfTheirEvents) {
  with_function_ = true;
  config_.function = "f";
  views_.takes = Takes::output;
  views_.output = 0;
  use(views_);
  invoker_.fails = [](std::string_view data, std::uint32_t) -> std::optional<Error> {
    if (data.contains("\"b\"")) return Error{Fault::bad_event, "poison"};
    return std::nullopt;
  };
  at(0), at(1, 0, "b"), at(2);
  run();
  EXPECT_THAT(counts(), UnorderedElementsAre(Pair("a@1000", 2)));
}

}  // namespace
}  // namespace tidemill
