// Aggregates in pipeline files, right and wrong.
#include <gmock/gmock.h>

#include <deque>
#include <string>

#include "core/config/sections.h"
#include "core/config/testing/wrong_config.h"

namespace tidemill::config {
namespace {

using testing::Desk;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using testing::WrongConfig;

class WrongAggregates : public ::testing::TestWithParam<WrongConfig> {};

TEST_P(WrongAggregates, AreToldWithTheirPlaceAndTheFix) { testing::expect_told(GetParam()); }

// A file with this aggregate, for as long as the program runs.
const char* sink(const std::string& options) {
  static std::deque<std::string> files;
  return files
      .emplace_back(
          "pipelines:\n  p:\n    source: { generate: {} }\n    sinks: { out: { aggregate: { " +
          options + " } } }\n")
      .c_str();
}

const WrongConfig wrong_configs[] = {
    {"NothingToKeep",
     sink("key: .page"),
     {"4:21: nothing to keep: add `count: true`, sum, min, max or avg"}},
    {"AnUnknownOption",
     sink("count: true, windows: 10s"),
     {"4:47: unknown key 'windows'; did you mean 'window'?"}},
    {"AKeyThatIsNoExpression",
     sink("count: true, key: page"),
     {"4:52: key: jq: page/0 is not defined, line 1, column 1"}},
    {"ASumOfSomethingThatEventsLack",
     sink("sum: $event.amount"),
     {"4:39: sum: $event has no 'amount'; it has id, source, type, subject, key, time and "
      "headers"}},
    {"BothKindsOfWindows",
     sink("count: true, window: { tumbling: 10s, hopping: 1m, every: 10s }"),
     {"4:21: a window is either tumbling or hopping: say the length of one of them"}},
    {"LatenessWithoutAWindow",
     sink("count: true, window: { allowed_lateness: 10s }"),
     {"4:21: a window is either tumbling or hopping: say the length of one of them"}},
    {"AHopWithoutItsDistance",
     sink("count: true, window: { hopping: 1m }"),
     {"4:21: hopping and every belong together: `window: { hopping: 1m, every: 10s }`"}},
    {"AHopThatIsNoMultiple",
     sink("count: true, window: { hopping: 1m, every: 7s }"),
     {"4:21: hopping must be a multiple of every"}},
    {"TooManyWindowsAtOnce",
     sink("count: true, window: { hopping: 1d, every: 1s }"),
     {"4:21: an event would be in more than 1000 windows; make every longer"}},
    {"ClosingWithoutAWindow",
     sink("count: true, emit: on_close"),
     {"4:21: emit: on_close needs a window: totals never close"}},
    {"RetentionWithoutAWindow",
     sink("count: true, retention: 7d"),
     {"4:21: retention needs a window: totals are kept for ever"}},
    {"AQueueBehindAnAggregate",
     R"(pipelines:
  p:
    source: { generate: {} }
    sinks: { out: { aggregate: { count: true }, delivery: queue } }
)",
     {"4:59: an aggregate commits with its events, without a queue; remove delivery: queue"}},
    {"WindowsThatCannotCloseBehindAQueue",
     R"(pipelines:
  p:
    source: { queue: { name: q } }
    sinks:
      out: { aggregate: { count: true, window: { tumbling: 1m }, emit: on_close } }
)",
     {"5:14: a source of kind queue has no lasting order, so windows never close; put a log "
      "between: write `log: {}` here, and aggregate what reads it"}},
    {"RowsOfAFunction",
     R"(pipelines:
  p:
    source: { generate: {} }
    function: f
    sinks: { rows: { aggregate: { count: true } } }
functions:
  f: { native: passthrough }
)",
     {"5:22: output rows holds rows; an aggregate takes messages or events; write `table: {}`"}},
    {"ATableWithAnotherWriter",
     R"(pipelines:
  p:
    source: { generate: {} }
    sinks:
      views: { aggregate: { count: true } }
      other: { table: { name: views } }
)",
     {"6:16: table views is kept by an aggregate, which must be alone in writing it; the other is "
      "at /etc/tidemill/p.yaml:5:16; name another table"}},
    {"ADestination",
     R"(pipelines:
  p:
    source: { generate: {} }
    sinks: { t: { table: {} } }
    on_success: { aggregate: { count: true } }
)",
     {"5:19: on_success: a record cannot go to a table; name a sink that takes messages"}},
};

INSTANTIATE_TEST_SUITE_P(Told, WrongAggregates, ::testing::ValuesIn(wrong_configs),
                         testing::name_of);

TEST(Aggregates, OfTheContractAreRight) {
  Desk desk;
  const auto loaded =
      desk.load(sink("table: page_views, key: .page, time: .ts, count: true, "
                     "window: { tumbling: 10s, allowed_lateness: 30s }, emit: on_update"));
  ASSERT_TRUE(loaded.plan);
  const auto& plan = loaded.plan->pipelines[0].sinks[0];
  const auto made = aggregate_sink_spec().make(plan.connector.options);
  ASSERT_TRUE(made);
  EXPECT_EQ(made->table, "page_views");
  EXPECT_EQ(made->window.length(), std::chrono::seconds(10));
  EXPECT_EQ(made->window.allowed_lateness, std::chrono::seconds(30));
  EXPECT_EQ(made->emit, Emit::on_update);
  EXPECT_THAT(desk.explained(*loaded.plan), HasSubstr("allowed_lateness: 30s"));
}

// A pipeline that reads `source` into windows that close and go.
std::string closing(const std::string& source) {
  return "pipelines:\n  p:\n    source: { " + source + R"( }
    sinks:
      views:
        aggregate:
          time: .ts
          count: true
          window: { tumbling: 1h, idle: 10m }
          emit: on_close
          retention: 30d
)";
}

TEST(Aggregates, CloseAndGoBehindASourceWhoseOrderLasts) {
  Desk desk;
  testing::add_ordered_source(desk.registry());
  const auto loaded = desk.load(closing("topic: {}"));
  EXPECT_THAT(desk.problems(closing("topic: {}")), IsEmpty());
  ASSERT_TRUE(loaded.plan);
  const auto made =
      aggregate_sink_spec().make(loaded.plan->pipelines[0].sinks[0].connector.options);
  ASSERT_TRUE(made);
  EXPECT_EQ(made->emit, Emit::on_close);
  EXPECT_EQ(made->retention, std::chrono::days(30));
  EXPECT_EQ(made->window.idle, std::chrono::minutes(10));
  const std::string explained = desk.explained(*loaded.plan);
  EXPECT_THAT(explained, HasSubstr("emit: on_close"));
  EXPECT_THAT(explained, HasSubstr("retention: 30d"));
}

TEST(Aggregates, CloseBehindALogAndTheChangesOfATable) {
  Desk desk;
  testing::add_ordered_source(desk.registry());
  const std::string fill =
      "  fill: { source: { topic: {} }, sinks: { l: { log: {} }, t: { table: {} } } }\n";
  EXPECT_THAT(desk.problems(closing("log: { name: l }") + fill), IsEmpty());
  EXPECT_THAT(desk.problems(closing("changes: { table: t }") + fill), IsEmpty());
}

TEST(Aggregates, NeitherCloseNorGoBehindABucket) {
  Desk desk;
  const auto problems = desk.problems(closing("bucket: { url: \"local:in\" }"));
  ASSERT_EQ(problems.size(), 1);
  EXPECT_THAT(problems[0], HasSubstr("a source of kind bucket has no lasting order, so windows "
                                     "never close; put a log between"));
}

TEST(Aggregates, KeepATableOfTheSinksNameWhichOthersMayFollow) {
  Desk desk;
  const std::string text = R"(pipelines:
  a: { source: { generate: {} }, sinks: { views: { aggregate: { count: true } } } }
  b: { source: { changes: { table: views } }, sinks: { t: { table: {} } } }
)";
  EXPECT_THAT(desk.problems(text), IsEmpty());
}

TEST(Aggregates, CloseACircleAsTablesDo) {
  Desk desk;
  const std::string text = R"(pipelines:
  a: { source: { changes: { table: views } }, sinks: { views: { aggregate: { count: true } } } }
)";
  ASSERT_EQ(desk.problems(text).size(), 1);
  EXPECT_THAT(desk.problems(text)[0], HasSubstr("sink views writes to table:views, which feeds"));
}

}  // namespace
}  // namespace tidemill::config
