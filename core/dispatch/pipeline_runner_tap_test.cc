// What taps see of a pipeline, and that they never hold it up.
#include <gmock/gmock.h>

#include "core/dispatch/testing/runner_fixture.h"
#include "core/observe/metrics.h"

namespace tidemill {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;
using namespace std::chrono_literals;

class PipelineRunnerTapTest : public testing::PipelineRunnerTest {
 protected:
  PipelineRunnerTapTest() { config_.taps = &board_.of("p"); }

  std::unique_ptr<Tap> tap(TapPoint at) { return std::move(board_.open("p", {.at = at}).value()); }

  static std::vector<std::string> all_of(Tap& tap) {
    std::vector<std::string> lines;
    while (auto line = tap.take()) lines.push_back(std::move(*line));
    return lines;
  }

  TapBoard board_{scheduler_};
};

TEST_F(PipelineRunnerTapTest, AtTheSourceEventsAreAsTheyCame) {
  const auto source = tap(TapPoint::source);
  push({"a", "b"});

  run();

  EXPECT_THAT(all_of(*source),
              ElementsAre(R"({"at":"source","position":"fake/0@0","source":"fake","data":"a",)"
                          R"("data_encoding":"text"})",
                          HasSubstr("fake/0@1")));
}

TEST_F(PipelineRunnerTapTest, AtTheFunctionItIsToldWhatCameOfEachEvent) {
  const auto function = tap(TapPoint::function);
  invoker_.takes = 3ms;
  invoker_.fails = [](std::string_view data, std::uint32_t attempt) -> std::optional<Error> {
    if (data == "poison") return Error{Fault::bad_event, "too odd"};
    if (data == "slow" && attempt == 1) return Error{Fault::transient, "busy"};
    return std::nullopt;
  };
  config_.parallel.per_partition = 2;  // No order to keep.
  push({"good", "poison", "slow"});

  run();

  EXPECT_THAT(
      all_of(*function),
      ElementsAre(
          AllOf(HasSubstr(R"("outcome":"ok","request_id":"p-1","attempt":1,"took_us":3000)"),
                HasSubstr(R"("effects":2)"), HasSubstr(R"("data":"good")")),
          AllOf(HasSubstr(R"("outcome":"dead_letter","reason":"too odd")"),
                HasSubstr(R"("effects":0)")),
          HasSubstr(R"("outcome":"retry","reason":"busy")"),
          AllOf(HasSubstr(R"("outcome":"ok","request_id":"p-2","attempt":2)"),
                HasSubstr(R"("data":"slow")"))));
}

TEST_F(PipelineRunnerTapTest, ABatchThatFailsAsAWholeIsToldOfEachOfItsEvents) {
  const auto function = tap(TapPoint::function);
  invoker_.batch_fails = [](const Request& request) -> std::optional<Error> {
    if (request.events.size() > 1) return Error{Fault::transient, "all of it"};
    return std::nullopt;
  };
  push({"a", "b"});

  run();

  EXPECT_THAT(all_of(*function),
              ElementsAre(HasSubstr(R"("outcome":"split","reason":"all of it")"),
                          HasSubstr(R"("outcome":"split")"), HasSubstr(R"("outcome":"ok")"),
                          HasSubstr(R"("outcome":"ok")")));
}

TEST_F(PipelineRunnerTapTest, AtTheSinksOnlyWhatWasCommittedIsSeen) {
  bindings_ = {messages_, rows_};
  sink_.answers_with = [](std::string_view data, int) -> Result<> {
    if (data == "b") return fail(Fault::bad_event, "too odd");
    return {};
  };
  const auto sinks = tap(TapPoint::sinks);
  store_.on_commit = [&] { EXPECT_FALSE(sinks->has_news()); };
  push({"a", "b"});

  run();

  EXPECT_THAT(all_of(*sinks),
              ElementsAre(HasSubstr(R"("sink":"out","effect":"message","key":"a")"),
                          AllOf(HasSubstr(R"("sink":"rows")"), HasSubstr(R"("effect":"put_row")"),
                                HasSubstr(R"("data":"row")"))));
}

TEST_F(PipelineRunnerTapTest, ATapThatNobodyReadsHoldsNothingUp) {
  const auto source = tap(TapPoint::source);
  const auto function = tap(TapPoint::function);
  const auto sinks = tap(TapPoint::sinks);
  for (int i = 0; i < 5000; ++i) push({"x"});

  run();

  EXPECT_EQ(stats().committed, 5000u);
  EXPECT_EQ(source->take_dropped(), 4000u);
  EXPECT_EQ(function->take_dropped(), 4000u);
  EXPECT_GT(sinks->take_dropped(), 0u);
  EXPECT_THAT(all_of(*source), SizeIs(Tap::lines_max));
}

TEST_F(PipelineRunnerTapTest, ATapMayComeAndGoWhileEventsFlow) {
  source_.ends = false;
  push({"a"});
  start();
  auto source = tap(TapPoint::source);
  scheduler_.run_until([&] { return stats().committed == 1; });
  EXPECT_THAT(all_of(*source), SizeIs(1));
  source.reset();
  push({"b"});
  scheduler_.run_until([&] { return stats().committed == 2; });
  source = tap(TapPoint::source);
  runner_->drain();
  scheduler_.run();

  EXPECT_THAT(all_of(*source), IsEmpty());
}

TEST_F(PipelineRunnerTapTest, HowLongThingsTakeIsCountedPerInvocationAndPerEvent) {
  invoker_.takes = 5ms;
  push({"a", "b", "c"});

  run();

  std::vector<std::uint64_t> invoked, settled;
  stats().invoked.each([&](std::uint64_t micros, std::uint64_t count) {
    EXPECT_GE(micros, 5000u);
    EXPECT_LE(micros, 5632u);
    invoked.push_back(count);
  });
  stats().settled.each([&](std::uint64_t micros, std::uint64_t count) {
    EXPECT_GE(micros, 5000u);
    settled.push_back(count);
  });
  EXPECT_THAT(invoked, ElementsAre(1));
  EXPECT_THAT(settled, ElementsAre(3));
  EXPECT_EQ(stats().failed_invocations, 0u);
  EXPECT_EQ(stats().bytes, 3u);
}

TEST_F(PipelineRunnerTapTest, MetricsLearnOnceOfEachInvocationAndOfEachCommit) {
  Metrics metrics("1.0");
  config_.metrics = &metrics.pipeline("p");
  config_.batch.events = 2;
  invoker_.takes = 5ms;
  push({"a", "b", "c", "d", "e"});

  run();

  const std::string text = metrics.text();
  EXPECT_THAT(text, HasSubstr("tidemill_invocation_seconds_count{pipeline=\"p\"} 3\n"));
  EXPECT_THAT(text, HasSubstr("tidemill_invocation_seconds_sum{pipeline=\"p\"} 0.015\n"));
  EXPECT_THAT(text, HasSubstr("tidemill_commit_seconds_count{pipeline=\"p\"} 3\n"));
}

}  // namespace
}  // namespace tidemill
