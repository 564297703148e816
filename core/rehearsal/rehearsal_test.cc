#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <boost/json.hpp>

#include "core/rehearsal/expectation.h"
#include "core/rehearsal/rehearsal_fixture.h"
#include "core/rehearsal/review.h"

namespace tidemill::rehearsal {
namespace {

using ::testing::HasSubstr;

// Its function is mocked.
constexpr const char* plan_text = R"(
pipelines:
  intake:
    source: { feed: {} }
    function: check
    batch: { events: 2, window: 10s }
    retry: { attempts: 3, backoff: { initial: 1h, max: 4h }, bisect: false }
    sinks:
      out: { hook: { url: "http://out" } }
      jobs: { from: event, queue: { name: jobs } }
  work:
    source: { queue: { name: jobs } }
    batch: { events: 100, window: 1m }
    sinks:
      done: { from: event, table: { key: $event.id } }
functions:
  check: { native: missing, timeout: 20s, config: { anything: goes } }
)";

class RehearsalTest : public RehearsalFixture {
 protected:
  RehearsalTest() : RehearsalFixture(plan_text) {}

  // What came of the case; `mock` is what function check answers.
  Outcome run(const std::string& text, const std::string& mock = "[]") {
    return outcome_of_case(mocked(mock) + text);
  }

  static std::string mocked(const std::string& answers) {
    return "    mock: { functions: { check: { outputs: { out: messages }, answers: " + answers +
           " } } }\n";
  }
};

TEST_F(RehearsalTest, ABatchClosesAtItsCountOrAtItsWindowInVirtualTime) {
  const auto outcome = run(R"(    pipeline: intake
    events:
      - { at: 0s, id: a }
      - { at: 1s, id: b }
      - { at: 5s, id: c }
)");
  EXPECT_EQ(outcome.trouble, "");
  EXPECT_EQ(text_of(brief(outcome.invocations)),
            R"([{"at":"1s","events":["a","b"]},{"at":"15s","events":["c"]}])");
  EXPECT_EQ(outcome.summary.at("intake").at("committed"), 3);
}

TEST_F(RehearsalTest, AFailedEventIsTriedAgainAfterHoursAndGivenUp) {
  const auto outcome =
      run(R"(    pipeline: intake
    events: [ { id: good }, { id: bad, partition: 1 } ]
)",
          "[ { event: bad, fail: no good }, { emit: [ { key: k, data: { n: 1 } } ] } ]");
  EXPECT_EQ(text_of(brief(outcome.dead_letters)),
            R"([{"event":"bad","stage":"function","reason":"no good","attempts":3,"at":"3h10s",)"
            R"("data":""}])");
  ASSERT_EQ(outcome.sinks.at("intake.out").size(), 1u);
  EXPECT_EQ(text_of(brief(outcome.sinks.at("intake.out"))),
            R"([{"event":"good","key":"k","data":{"n":1}}])");
  EXPECT_EQ(outcome.summary.at("intake").at("retried"), 2);
}

TEST_F(RehearsalTest, AHandlerThatTakesTooLongTakesItsTimeoutAndFailsItsBatch) {
  const auto outcome = run(R"(    pipeline: intake
    events: [ { id: a }, { id: b } ]
)",
                           "[ { takes: 1m, times: 1 }, { takes: 5s } ]");
  ASSERT_EQ(outcome.invocations.size(), 2u);
  EXPECT_EQ(outcome.invocations[0].at("error"),
            "function check did not return within its timeout of 20s");
  EXPECT_EQ(outcome.invocations[1].at("at"), "1h20s");
  EXPECT_EQ(outcome.took, std::chrono::hours(1) + std::chrono::seconds(25));
  EXPECT_TRUE(outcome.dead_letters.empty());
}

TEST_F(RehearsalTest, WhatASinkRefusesIsADeadLetterAtTheSink) {
  const auto outcome = run(R"(    pipeline: intake
    events: [ { id: a }, { id: b } ]
    expect:
)",
                           "[ { emit: [ {} ] } ]");
  EXPECT_TRUE(outcome.dead_letters.empty());
  config::Problems problems;
  file_.cases.front().sinks.push_back(
      {"out", {}, {}, {Rule{.act = Act::reject, .reason = "too large", .times = 1}}});
  const auto again =
      rehearse(file_.cases.front(), *scene_, {registry_, plugins_, folder_.path() + "/again"});
  ASSERT_TRUE(again);
  ASSERT_EQ(again->dead_letters.size(), 2u);
  EXPECT_EQ(again->dead_letters[0].at("sink"), "out");
  EXPECT_EQ(again->dead_letters[0].at("reason"), "too large");
}

TEST_F(RehearsalTest, EventsForAQueueAreTakenFromIt) {
  const auto outcome = run(R"(    pipeline: work
    events: [ { id: a, data: { n: 1 } }, { at: 30s, id: b, data: { n: 2 } } ]
)",
                           "[]");
  EXPECT_EQ(outcome.trouble, "");
  EXPECT_EQ(text_of(outcome.tables.at("done")),
            R"([{"key":"a","data":{"n":1}},{"key":"b","data":{"n":2}}])");
  EXPECT_TRUE(outcome.queues.at("jobs").empty());
  EXPECT_EQ(outcome.summary.size(), 1u) << "who feeds the queue is nobody's business";
  EXPECT_EQ(outcome.summary.at("work").at("batches"), 1) << "both within its window";
}

TEST_F(RehearsalTest, WithoutAPipelineTheWholeChainRuns) {
  const auto outcome = run("    events: [ { id: a }, { id: b }, { id: c } ]\n");
  EXPECT_EQ(outcome.tables.at("done").size(), 3u);
  EXPECT_EQ(outcome.summary.at("work").at("committed"), 3);
}

TEST_F(RehearsalTest, RowsThatAreGivenAreThereFromTheStart) {
  const auto outcome = run(R"(    pipeline: work
    given: { tables: { done: { z: { n: 0 } } } }
    events: [ { id: a, data: { n: 1 } } ]
)");
  EXPECT_EQ(text_of(outcome.tables.at("done")),
            R"([{"key":"a","data":{"n":1}},{"key":"z","data":{"n":0}}])");
}

TEST_F(RehearsalTest, ACaseThatDoesNotEndSaysWhatItWaitsFor) {
  const auto outcome = run(R"(    pipeline: intake
    limit: 30m
    events: [ { id: a }, { id: b }, { at: 2h, id: c } ]
)",
                           "[ { throw: down } ]");
  EXPECT_EQ(outcome.trouble,
            "it has not ended after 30m of virtual time (limit); intake has 2 events under way; 1 "
            "events have not come yet");
}

TEST_F(RehearsalTest, WhatDoesNotFitThePlanIsAProblemWithItsPlace) {
  const auto problem = [this](const std::string& text, const std::string& mock = "[]") {
    const auto outcome = rehearse_case(mocked(mock) + text);
    return outcome ? std::string() : outcome.error().message;
  };
  EXPECT_EQ(problem("    pipeline: intak\n"),
            "p.test.yaml:4:15: error: there is no pipeline 'intak'; did you mean 'intake'?");
  EXPECT_THAT(problem("    events: [ { pipeline: wrk } ]\n"),
              HasSubstr("no pipeline 'wrk' runs in this case; did you mean 'work'?"));
  EXPECT_THAT(problem("    pipeline: intake\n", "[ { emit: [ { output: uot } ] } ]"),
              HasSubstr("function check has no output 'uot'; did you mean 'out'?"));
  EXPECT_THAT(problem("    pipeline: work\n    events: [ { object: { key: a } } ]\n"),
              HasSubstr("the source of work is a queue, whose events are not about objects"));
}

TEST_F(RehearsalTest, WhatIsExpectedOfThingsThatAreNotThereIsAProblem) {
  const auto outcome = run(R"(    events: [ { id: a } ]
    expect:
      sinks: { owt: 1 }
      tables: { dne: 1 }
      summary: { work: { commited: 1 } }
)");
  config::Problems problems;
  std::ignore = sections_of(file_.cases.front(), outcome, problems);
  std::string all;
  for (const auto& one : problems.errors()) all += config::to_string(one) + "\n";
  EXPECT_THAT(all, HasSubstr("p.test.yaml:6:16: error: no sink 'owt' is recorded"));
  EXPECT_THAT(all, HasSubstr("7:17: error: there is no 'dne' in tables; did you mean 'done'?"));
  EXPECT_THAT(all, HasSubstr("unknown key 'commited'; did you mean 'committed'?"));
}

}  // namespace
}  // namespace tidemill::rehearsal
