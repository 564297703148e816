// The engine's own kinds: queues, logs and the changes of tables, right and wrong.
#include <gmock/gmock.h>

#include <string>

#include "core/config/sections.h"
#include "core/config/testing/wrong_config.h"

namespace tidemill::config {
namespace {

using testing::Desk;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using testing::WrongConfig;

class WrongOwnKinds : public ::testing::TestWithParam<WrongConfig> {};

TEST_P(WrongOwnKinds, AreToldWithTheirPlaceAndTheFix) { testing::expect_told(GetParam()); }

const WrongConfig wrong_configs[] = {
    {"AQueueSourceWithoutAName",
     R"(pipelines:
  p:
    source: { queue: {} }
    sinks: { out: { table: {} } }
)",
     {"3:15: name is missing; add it (text): Name of the queue"}},
    {"NamesThatAreNone",
     R"(pipelines:
  p:
    source: { log: { name: "a b" } }
    sinks: { out: { queue: { name: "x/y" } } }
)",
     {"3:28: 'a b' is not a name for a queue or log; use letters, digits, _ and -, at most 63",
      "4:36: 'x/y' is not a name for a queue or log; use letters, digits, _ and -, at most 63"}},
    {"AStartThatIsNoInstant",
     R"(pipelines:
  p:
    source: { log: { name: a, start: yesterday } }
    sinks: { out: { table: {} } }
)",
     {"3:15: start must be earliest, latest or an instant as 2026-01-31T08:00:00Z"}},
    {"AGroupThatIsNoExpression",
     R"(pipelines:
  p:
    source: { generate: {} }
    sinks: { out: { queue: { group: customer } } }
)",
     {"4:37: group: jq: customer/0 is not defined, line 1, column 1"}},
    {"ALogThatCanOnlyFill",
     R"(pipelines:
  p:
    source: { generate: {} }
    sinks: { out: { log: { max_bytes: 1GiB, retention: { age: 0 } } } }
)",
     {"4:21: max_bytes needs a retention.age, or a retention.bytes below it: nothing else makes "
      "room in a log"}},
    {"RowsIntoAQueue",
     R"(pipelines:
  p:
    source: { generate: {} }
    function: f
    sinks: { rows: { queue: {} } }
functions:
  f: { native: passthrough }
)",
     {"5:22: output rows holds rows; a queue takes messages; write `table: {}`"}},
    {"AQueueBehindAQueue",
     R"(pipelines:
  p:
    source: { generate: {} }
    sinks: { out: { log: {}, delivery: queue } }
)",
     {"4:40: a log commits with its events, without a queue; remove delivery: queue"}},
    {"SinksThatDisagreeAboutALog",
     R"(pipelines:
  p:
    source: { generate: {} }
    sinks: { a: { log: { name: l, partitions: 2 } }, b: { log: { name: l, partitions: 3 } } }
)",
     {"4:59: log:l is said to have other partitions or another retention elsewhere; say the same "
      "as at /etc/tidemill/p.yaml:4:19"}},
};

INSTANTIATE_TEST_SUITE_P(Told, WrongOwnKinds, ::testing::ValuesIn(wrong_configs), testing::name_of);

TEST(OwnKinds, AFunctionMayTellItselfWhereToGoOn) {
  Desk desk;
  const std::string text = R"(pipelines:
  a:
    source: { queue: { name: q } }
    function: thumbnail
    sinks:
      images: { table: {} }
      thumbnails: { bucket: { url: "local:small" } }
      notifications: { queue: { name: q, continues: true } }
  b:
    source: { generate: {} }
    sinks: { q: { queue: {} } }
functions: { thumbnail: { native: thumbnail } }
)";
  EXPECT_THAT(desk.problems(text), IsEmpty());
  EXPECT_THAT(desk.problems(R"(pipelines:
  a: { source: { queue: { name: q } }, sinks: { q: { queue: { continues: true } } } }
)"),
              ElementsAre("2:54: sink q would put every event back; only a function knows when to "
                          "stop; take an output of the function with `from:`, or leave `continues` "
                          "out"));
}

TEST(OwnKinds, ACircleOverAQueueALogAndATableIsToldOnce) {
  Desk desk;
  const std::string text = R"(pipelines:
  a: { source: { queue: { name: q } }, sinks: { o: { log: { name: l } } } }
  b: { source: { log: { name: l } }, sinks: { o: { table: { name: t } } } }
  c: { source: { changes: { table: t } }, sinks: { o: { queue: { name: q } } } }
  d: { source: { log: { name: l } }, sinks: { o: { queue: { name: other } } } }
)";
  EXPECT_THAT(desk.problems(text),
              ElementsAre("2:54: sink o writes to log:l, which feeds its own pipeline: a -> b -> c "
                          "-> a; write to a place that none of these sources reads"));
}

TEST(OwnKinds, AChainIsNoCircleAndKindsHaveNamesOfTheirOwn) {
  Desk desk;
  const std::string text = R"(pipelines:
  a: { source: { file: { path: /tmp } }, sinks: { x: { queue: {} }, on: { log: { name: x } } } }
  b: { source: { queue: { name: x } }, sinks: { t: { table: { name: x } } } }
  c: { source: { log: { name: x } }, sinks: { t: { table: { name: y } } } }
)";
  EXPECT_THAT(desk.problems(text), IsEmpty());
}

TEST(OwnKinds, WhatNobodyWritesIsWarnedOf) {
  Desk desk;
  const auto loaded = desk.load(
      "pipelines:\n"
      "  a: { source: { queue: { name: jobz } }, sinks: { o: { table: {} } } }\n"
      "  b: { source: { generate: {} }, sinks: { jobs: { queue: {} } } }\n");
  ASSERT_TRUE(loaded.plan);
  ASSERT_EQ(loaded.warnings.size(), 1);
  EXPECT_EQ(loaded.warnings[0].what, "no pipeline here writes queue:jobz");
  EXPECT_EQ(loaded.warnings[0].where.line, 2);
}

TEST(OwnKinds, ASinksNameIsThatOfItsQueueWhereNothingElseIsSaid) {
  Desk desk;
  const auto loaded = desk.load(
      "pipelines:\n"
      "  b: { source: { generate: {} }, sinks: { jobs: { queue: { delay: 5s } } } }\n");
  ASSERT_TRUE(loaded.plan);
  const auto made = queue_sink_spec().make(loaded.plan->pipelines[0].sinks[0].connector.options);
  ASSERT_TRUE(made);
  EXPECT_EQ(made->name, "jobs");
  EXPECT_EQ(made->delay, std::chrono::seconds(5));
  EXPECT_THAT(desk.explained(*loaded.plan), HasSubstr("max_messages: 1000000"));
}

TEST(OwnKinds, AnInstantIsReadInAnyZone) {
  const auto at = [](std::string_view text) {
    const auto start = parse_start(text);
    return start && start->at == Start::At::time ? start->time : 0;
  };
  EXPECT_EQ(at("1970-01-01T00:00:01Z"), 1'000'000);
  EXPECT_EQ(at("2026-01-31T08:00:00Z"), 1'769'846'400'000'000);
  EXPECT_EQ(at("2026-01-31T09:30:00+01:30"), 1'769'846'400'000'000);
  EXPECT_EQ(at("2026-01-31T07:00:00.25-01:00"), 1'769'846'400'250'000);
  EXPECT_EQ(parse_start("latest")->at, Start::At::latest);
  EXPECT_EQ(parse_start("earliest")->at, Start::At::earliest);
  for (const char* wrong :
       {"", "2026", "2026-02-30T00:00:00Z", "2026-01-31T24:00:00Z", "2026-01-31T08:00:00",
        "2026-01-31T08:00:00+1", "2026-01-31T08:00:00.Z", "31.1.2026", "1969-12-31T23:59:59Z"})
    EXPECT_FALSE(parse_start(wrong)) << wrong;
}

}  // namespace
}  // namespace tidemill::config
