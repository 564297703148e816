// Steps of a pipeline, and the `when` and `map` of its sinks.
#include <gmock/gmock.h>

#include "core/dispatch/testing/runner_fixture.h"
#include "core/pattern/compile.h"

namespace tidemill {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;
using namespace std::chrono_literals;

pattern::PatternSet matching(std::string_view json) {
  const pattern::Pattern pattern = pattern::compile(json).value();
  return pattern::PatternSet(std::span(&pattern, 1));
}

expression::Expression jq(std::string_view text) {
  return expression::Expression::compile(text).value();
}

const std::string kept = R"({"k":1})";
const std::string left_out = R"({"k":0})";

class RunnerSteps : public testing::PipelineRunnerTest {
 protected:
  RunnerSteps() { config_.steps = {matching(R"({"data": {"k": [{"anything-but": 0}]}})")}; }

  void push_each(std::initializer_list<std::string_view> events) {
    for (const std::string_view data : events) source_.push(data);
  }

  void live_until(Duration time) {
    bool there = false;
    scheduler_.call_at(Instant(time), [&] { there = true; });
    scheduler_.run_until([&] { return there; });
  }

  std::vector<std::vector<std::string>> invoked() const {
    std::vector<std::vector<std::string>> batches;
    for (const auto& call : invoker_.calls) batches.push_back(call.events);
    return batches;
  }
};

TEST_F(RunnerSteps, WhatAFilterLeavesOutReachesNoFunctionAndSettles) {
  push_each({kept, left_out, kept, left_out});

  run();

  EXPECT_THAT(invoked(), ElementsAre(ElementsAre(kept, kept)));
  EXPECT_EQ(stats().filtered, 2u);
  EXPECT_EQ(stats().committed, 2u);
  EXPECT_EQ(stats().events, 4u);
  EXPECT_EQ(store_.logs[Partition(0)].next, Offset(4));
  EXPECT_THAT(store_.logs[Partition(0)].settled, IsEmpty());
  EXPECT_THAT(source_.settled, ElementsAre(0, 1, 2, 3));
}

TEST_F(RunnerSteps, FilteredEventsAddNoCommitWhereOneComesAnyway) {
  push_each({left_out, kept});
  invoker_.takes = 10ms;

  run();

  EXPECT_EQ(store_.calls, 1u);
}

TEST_F(RunnerSteps, FilteredEventsAloneAreCommittedBeforeLong) {
  source_.ends = false;
  push_each({left_out, left_out});
  start();

  live_until(900ms);
  EXPECT_EQ(store_.calls, 0u) << "another commit may take them along";
  EXPECT_EQ(stats().in_flight_events, 0u) << "their credit is back";
  live_until(1100ms);

  EXPECT_EQ(store_.calls, 1u);
  EXPECT_THAT(source_.settled, ElementsAre(0, 1));
  EXPECT_EQ(stats().filtered, 2u);
}

TEST_F(RunnerSteps, AFilteredEventDoesNotGoPastOneThatIsTriedAgain) {
  invoker_.fails = [&](std::string_view, std::uint32_t attempt) -> std::optional<Error> {
    if (attempt == 1) return Error{Fault::transient, "busy"};
    return std::nullopt;
  };
  config_.retry.backoff.initial = 10s;
  config_.retry.backoff.max = 10s;
  source_.ends = false;
  push_each({kept, left_out});
  start();

  live_until(5s);
  EXPECT_EQ(store_.logs[Partition(0)].next, Offset(0));
  EXPECT_THAT(source_.settled, IsEmpty());
  live_until(15s);

  EXPECT_EQ(store_.logs[Partition(0)].next, Offset(2));
}

TEST_F(RunnerSteps, ManyFilteredEventsBetweenOthersLeaveNoRanges) {
  config_.batch.events = 2000;
  std::vector<std::size_t> ranges;
  store_.on_commit = [&] {
    for (const CommitPart& part : store_.groups.back())
      for (const LogProgress& log : part.logs) ranges.push_back(log.settled.size());
  };
  for (int i = 0; i < 3000; ++i) push_each({i % 2 == 0 ? kept : left_out});

  run();

  EXPECT_EQ(store_.logs[Partition(0)].next, Offset(3000));
  EXPECT_THAT(ranges, ::testing::Each(0u));
}

TEST_F(RunnerSteps, EachFilteredMessageOfAQueueIsAcknowledgedAtOnce) {
  source_.progress = ProgressKind::queue;
  source_.ends = false;
  push_each({left_out, kept, left_out});
  start();

  live_until(100ms);

  EXPECT_THAT(source_.settled, ::testing::UnorderedElementsAre(0, 1, 2));
  EXPECT_EQ(stats().filtered, 2u);
}

TEST_F(RunnerSteps, AFilteredObjectIsRememberedInItsVersion) {
  source_.progress = ProgressKind::objects;
  push_each({left_out});
  source_.waiting[0].subject = "a.json";
  source_.waiting[0].version = "v1";

  run();

  EXPECT_EQ(store_.objects["a.json"], "v1");
}

TEST_F(RunnerSteps, WhatRepeatsAFilteredMessageIsADuplicate) {
  source_.progress = ProgressKind::queue;
  config_.dedupe.by = DedupeBy::native;
  source_.push(left_out, 0, "m1");
  source_.push(left_out, 0, "m1");

  run();

  EXPECT_EQ(stats().filtered, 1u);
  EXPECT_EQ(stats().duplicates, 1u);
  EXPECT_THAT(store_.marks, SizeIs(1));
  EXPECT_THAT(source_.settled, ::testing::UnorderedElementsAre(0, 1));
}

TEST_F(RunnerSteps, ADuplicateIsKnownByItsBodyWhateverAMapMakesOfIt) {
  source_.progress = ProgressKind::queue;
  config_.steps = {jq(".k")};
  config_.dedupe.by = DedupeBy::body_hash;
  push_each({R"({"k":1,"n":1})", R"({"k":1,"n":2})", R"({"k":1,"n":1})"});

  run();

  EXPECT_EQ(stats().committed, 2u);
  EXPECT_EQ(stats().duplicates, 1u);
  EXPECT_THAT(store_.marks, SizeIs(2));
}

TEST_F(RunnerSteps, TheFunctionGetsWhatAMapMakesAndTheDeadLettersWhatCame) {
  config_.steps = {jq("{name: .n} | .name")};
  invoker_.fails = [](std::string_view data, std::uint32_t) -> std::optional<Error> {
    if (data == "2") return Error{Fault::bad_event, "odd"};
    return std::nullopt;
  };
  push_each({R"({"n":1})", R"({"n":2})"});

  run();

  EXPECT_THAT(invoked(), ElementsAre(ElementsAre("1", "2")));
  EXPECT_THAT(store_.rows, ElementsAre("1=row"));
  ASSERT_THAT(store_.dead, SizeIs(1));
  EXPECT_EQ(store_.dead[0].stage, Stage::function);
  EXPECT_EQ(store_.dead[0].data, R"({"n":2})");
  EXPECT_EQ(store_.dead[0].content_type, "");
}

TEST_F(RunnerSteps, WhatFailsAtAStepDiesInItsPlaceAndItsNeighboursGoOn) {
  config_.steps = {jq(".n + 1")};
  push_each({R"({"n":1})", R"({"n":"x"})", "not json", R"({"n":4})"});

  run();

  EXPECT_THAT(invoked(), ElementsAre(ElementsAre("2"), ElementsAre("5")));
  ASSERT_THAT(store_.dead, SizeIs(2));
  EXPECT_EQ(store_.dead[0].stage, Stage::step);
  EXPECT_EQ(store_.dead[0].data, R"({"n":"x"})");
  EXPECT_EQ(store_.dead[0].attempts, 0u);
  EXPECT_THAT(store_.dead[0].reason, HasSubstr("step 1, map: jq: "));
  EXPECT_EQ(store_.dead[1].data, "not json");
  EXPECT_EQ(store_.logs[Partition(0)].next, Offset(4));
}

TEST_F(RunnerSteps, WhatMapsMakeIsChargedAndWaitsForRoom) {
  config_.steps = {jq(R"(. * 2000)")};  // Of a few bytes it makes thousands.
  config_.batch.events = 1;
  config_.batch.bytes.value = 4000;
  MemoryBudget small(100'000);
  for (int i = 0; i < 60; ++i) push_each({R"("abcd")"});
  invoker_.takes = 1ms;
  std::uint64_t most = 0;
  runner_.emplace(PipelineRunner::Shared{scheduler_, log_, store_, sequencer_, small}, source_,
                  &invoker_, bindings_, config_, std::vector<LogProgress>{});
  boost::asio::co_spawn(scheduler_.executor(), runner_->run(),
                        [this](std::exception_ptr, Result<> result) { result_ = result; });
  while (scheduler_.step()) most = std::max(most, stats().in_flight_bytes);

  ASSERT_TRUE(result_.has_value()) << "the runner is stuck";
  EXPECT_EQ(stats().committed, 60u);
  EXPECT_LT(most, 120'000u) << "of 480 000 that are made in all";
  runner_.reset();
}

TEST_F(RunnerSteps, ASinkTakesWhatItsPatternMatchesAndGetsWhatItsMapMakes) {
  with_function_ = false;
  config_.steps.clear();
  bindings_ = {{.name = "all", .table = TableId(1), .takes = Takes::event, .key = jq(".id")},
               {.name = "some",
                .sink = &sink_,
                .takes = Takes::event,
                .when = matching(R"({"data": {"id": [{"numeric": [">", 1]}]}})"),
                .map = jq(".items[]"),
                .retry = {}}};
  push_each({R"({"id":1,"items":[0]})", R"({"id":2,"items":[1,2]})", R"({"id":3,"items":[]})"});

  run();

  EXPECT_THAT(sink_.received, ElementsAre("1", "2"));
  EXPECT_THAT(sink_.ids, ElementsAre("p:some:fake/0@1#0", "p:some:fake/0@1#1"));
  EXPECT_THAT(store_.rows, SizeIs(3));
  EXPECT_EQ(stats().committed, 3u);
}

TEST_F(RunnerSteps, AKeyIsTakenFromWhatTheMapOfItsTableMakes) {
  with_function_ = false;
  config_.steps.clear();
  bindings_ = {{.name = "t",
                .table = TableId(1),
                .takes = Takes::event,
                .map = jq(".items[] | {sku, n: 1}"),
                .key = jq(".sku")}};
  push_each({R"({"items":[{"sku":"a"},{"sku":"b"}]})"});

  run();

  EXPECT_THAT(store_.rows, ElementsAre(R"(a={"sku":"a","n":1})", R"(b={"sku":"b","n":1})"));
}

TEST_F(RunnerSteps, AnEventThatASinkCannotBeGivenReachesNoneAndDiesThere) {
  with_function_ = false;
  config_.steps.clear();
  bindings_ = {
      {.name = "all", .table = TableId(1), .takes = Takes::event},
      {.name = "some", .sink = &sink_, .takes = Takes::event, .map = jq(".n + 1"), .retry = {}}};
  push_each({R"({"n":1})", R"({"n":"x"})"});

  run();

  EXPECT_THAT(sink_.received, ElementsAre("2"));
  EXPECT_THAT(store_.rows, SizeIs(1));
  ASSERT_THAT(store_.dead, SizeIs(1));
  EXPECT_EQ(store_.dead[0].stage, Stage::sink);
  EXPECT_EQ(store_.dead[0].sink, "some");
  EXPECT_THAT(store_.dead[0].reason, HasSubstr("map: jq: "));
}

TEST_F(RunnerSteps, WhatRunsWhenThePipelineStopsIsMappedAndWrittenStill) {
  config_.steps.clear();
  messages_.map = jq(".k + 1");
  bindings_ = {messages_, rows_};
  invoker_.takes = 1s;
  push_each({kept});
  start();
  live_until(500ms);

  runner_->drain();
  scheduler_.run();

  EXPECT_THAT(sink_.received, ElementsAre("2"));
  EXPECT_EQ(stats().committed, 1u);
}

TEST_F(RunnerSteps, MessagesOfAFunctionAreChosenByTheirOwnKeyAndData) {
  config_.steps.clear();
  messages_.when = matching(R"({"key": [{"prefix": "a"}], "source": ["fake"]})");
  bindings_ = {messages_, rows_};
  push_each({"apple", "banana"});

  run();

  EXPECT_THAT(sink_.received, ElementsAre("apple"));
  EXPECT_THAT(store_.rows, SizeIs(2));
}

TEST_F(RunnerSteps, FilteredEventsThatWereNotCommittedComeAgainAfterACrash) {
  source_.ends = false;
  push_each({left_out, kept});
  invoker_.takes = 10s;
  start();
  live_until(500ms);

  EXPECT_EQ(store_.calls, 0u);
  EXPECT_EQ(stats().filtered, 0u) << "nothing says yet that it is";
}

}  // namespace
}  // namespace tidemill
