// Every way to get a file wrong that we could think of, with what its author reads and where.
#include <gmock/gmock.h>

#include <ostream>

#include "core/config/testing/fakes.h"

namespace tidemill::config {
namespace {

struct WrongConfig {
  const char* name;
  const char* text;
  std::vector<std::string> problems;  ///< `LINE:COL: sentence; fix`, all of them, in order.
};

void PrintTo(const WrongConfig& wrong, std::ostream* out) { *out << wrong.text; }

class WrongConfigs : public ::testing::TestWithParam<WrongConfig> {};

TEST_P(WrongConfigs, AreToldWithTheirPlaceAndTheFix) {
  testing::Desk desk;
  EXPECT_THAT(desk.problems(GetParam().text), ::testing::ElementsAreArray(GetParam().problems));
}

const WrongConfig wrong_configs[] = {
    {"AnEmptyFileHasNoPipeline",
     R"()",
     {"/etc/tidemill/p.yaml: there is no pipeline; add one under `pipelines:`"}},
    {"AFileThatIsNotAMapping",
     R"(- a
- b
)",
     {"1:1: the file: expected a mapping; got a list"}},
    {"AnUnknownSection",
     R"(pipeline:
  p: {}
)",
     {"1:1: unknown key 'pipeline'; did you mean 'pipelines'?"}},
    {"AnotherVersion",
     R"(version: 2
pipelines:
  p:
    source: { generate: {} }
    sinks: { t: { table: {} } }
)",
     {"1:10: version: expected 1; got '2'"}},
    {"PipelinesThatAreAList",
     R"(pipelines:
  - p
)",
     {"2:3: pipelines: expected a mapping; got a list"}},
    {"APipelineThatIsText",
     R"(pipelines:
  p: yes
)",
     {"2:6: p: expected a mapping; got text"}},
    {"ANameWithASlash",
     R"(pipelines:
  a/b: {}
)",
     {"2:3: 'a/b' is not a name for a pipeline; use letters, digits, _ and -, at most 63"}},
    {"AnEmptyPipeline",
     R"(pipelines:
  p:
)",
     {"2:3: pipeline p has no sinks; add `sinks: { NAME: { KIND: { options } } }`",
      "2:3: pipeline p has no source; add `source: { KIND: { options } }`"}},
    {"ADuplicateName",
     R"(pipelines:
  p:
    source: { generate: }
    sinks: { t: { table: } }
  p:
    source: { generate: }
)",
     {"5:3: key 'p' stands here twice; the first is at line 2, column 3"}},
    {"BrokenSyntax",
     R"(pipelines:
  p:
    source: { generate: {}
    sinks: 3
)",
     {"4:5: this is not valid YAML: end of map flow not found; look at the indentation, brackets "
      "and quotes here and just above"}},
    {"AnUnknownKeyCloseToOne",
     R"(pipelines:
  p:
    source: { generate: {} }
    sinks: { t: { table: {} } }
    bach: { events: 1 }
)",
     {"5:5: unknown key 'bach'; did you mean 'batch'?"}},
    {"AnUnknownKeyCloseToNone",
     R"(pipelines:
  p:
    source: { generate: {} }
    sinks: { t: { table: {} } }
    colour: red
)",
     {"5:5: unknown key 'colour'; known keys: function, order_by, renamed_from, source, steps, "
      "batch, sinks, parallel, retry, dead_letter"}},
    {"NoSource",
     R"(pipelines:
  p:
    sinks: { t: { table: {} } }
)",
     {"2:3: pipeline p has no source; add `source: { KIND: { options } }`"}},
    {"ASourceOfNoKind",
     R"(pipelines:
  p:
    source: {}
    sinks: { t: { table: {} } }
)",
     {"3:5: this source names no kind; kinds of source: bucket, file, generate"}},
    {"ASourceThatIsText",
     R"(pipelines:
  p:
    source: generate
    sinks: { t: { table: {} } }
)",
     {"3:13: source: expected a mapping; got text"}},
    {"ASourceOfTwoKinds",
     R"(pipelines:
  p:
    source: { generate: {}, file: { path: /dev/null } }
    sinks: { t: { table: {} } }
)",
     {"3:29: a source has one kind; file comes after generate; remove one of them"}},
    {"AnUnknownKindOfSource",
     R"(pipelines:
  p:
    source: { genrate: {} }
    sinks: { t: { table: {} } }
)",
     {"3:15: unknown kind of source 'genrate'; did you mean 'generate'?"}},
    {"AKindOfSourceOfALaterVersion",
     R"(pipelines:
  p:
    source: { kafka: { topic: t } }
    sinks: { t: { table: {} } }
)",
     {"3:15: kafka: this kind of source is not in this version; kinds of source: bucket, file, "
      "generate"}},
    {"ASinkAsASource",
     R"(pipelines:
  p:
    source: { hook: { url: x } }
    sinks: { t: { table: {} } }
)",
     {"3:15: hook is a sink, not a source; kinds of source: bucket, file, generate"}},
    {"AnOptionBesideItsKind",
     R"(pipelines:
  p:
    source: { generate: {}, count: 3 }
    sinks: { t: { table: {} } }
)",
     {"3:29: unknown key 'count'; options stand below generate"}},
    {"ALimitOnASource",
     R"(pipelines:
  p:
    source: { generate: {}, limit: 100/s }
    sinks: { t: { table: {} } }
)",
     {"3:29: limit is not in this version; bound the pipeline with `parallel:` and `batch:` for "
      "now"}},
    {"AConnectorThatRefusesItsOptions",
     R"(pipelines:
  p:
    source: { bucket: { url: uploads } }
    sinks: { t: { table: {} } }
)",
     {"3:15: url must say local:, file: or s3:"}},
    {"OptionsThatAreText",
     R"(pipelines:
  p:
    source: { generate: fast }
    sinks: { t: { table: {} } }
)",
     {"3:25: generate: expected a mapping; got text"}},
    {"ABadInteger",
     R"(pipelines:
  p:
    source: { generate: { count: 1.5 } }
    sinks: { t: { table: {} } }
)",
     {"3:34: count: expected a whole number such as 42; got '1.5'"}},
    {"AnIntegerOutOfRange",
     R"(pipelines:
  p:
    source: { generate: { count: 0 } }
    sinks: { t: { table: {} } }
)",
     {"3:34: count must be between 1 and 1000000; got '0'"}},
    {"ABadNumber",
     R"(pipelines:
  p:
    source: { generate: { skew: much } }
    sinks: { t: { table: {} } }
)",
     {"3:33: skew: expected a number such as 0.5; got 'much'"}},
    {"ANumberOutOfRange",
     R"(pipelines:
  p:
    source: { generate: { skew: 1.5 } }
    sinks: { t: { table: {} } }
)",
     {"3:33: skew must be between 0 and 1; got '1.5'"}},
    {"ABadRate",
     R"(pipelines:
  p:
    source: { generate: { rate: 100 } }
    sinks: { t: { table: {} } }
)",
     {"3:33: rate: expected a rate such as 100/s or 5/m; got '100'"}},
    {"ADurationOutOfRange",
     R"(pipelines:
  p:
    source: { bucket: { url: local:x, scan: 2h } }
    sinks: { t: { table: {} } }
)",
     {"3:45: scan must be between 1ms and 1h; got '2h'"}},
    {"AListWhereAValueBelongs",
     R"(pipelines:
  p:
    source: { generate: { count: [1, 2] } }
    sinks: { t: { table: {} } }
)",
     {"3:34: count: expected a whole number such as 42; got a list"}},
    {"AMappingInAList",
     R"(pipelines:
  p:
    source: { bucket: { url: local:x, suffix: [.jpg, { a: 1 }] } }
    sinks: { t: { table: {} } }
)",
     {"3:54: suffix: expected text; got a mapping"}},
    {"AnOptionWithoutAValue",
     R"(pipelines:
  p:
    source:
      generate:
        count:
    sinks: { t: { table: {} } }
)",
     {"5:9: count has no value; give a whole number such as 42, or remove the key"}},
    {"ARequiredOptionIsMissing",
     R"(pipelines:
  p:
    source: { bucket: { scan: 1s } }
    sinks: { t: { table: {} } }
)",
     {"3:15: url is missing; add it (text): Where it is"}},
    {"AUnitIsMissing",
     R"(pipelines:
  p:
    source: { generate: {} }
    sinks: { t: { table: {} } }
    batch: { window: 250 }
)",
     {"5:22: window: expected a duration such as 250ms, 10s, 5m, 1h or 14d; got '250'; a unit is "
      "missing: 250ms, 250s, 250m or 250h"}},
    {"ABadSize",
     R"(pipelines:
  p:
    source: { generate: {} }
    sinks: { t: { table: {} } }
    batch: { bytes: 6 megs }
)",
     {"5:21: bytes: expected a size such as 6MiB, 500KB or 1024; got '6 megs'"}},
    {"ASizeOutOfRange",
     R"(pipelines:
  p:
    source: { generate: {} }
    sinks: { t: { table: {} } }
    batch: { bytes: 2GiB }
)",
     {"5:21: bytes must be between 1B and 1GiB; got '2GiB'"}},
    {"ABatchThatIsAList",
     R"(pipelines:
  p:
    source: { generate: {} }
    sinks: { t: { table: {} } }
    batch: [16]
)",
     {"5:12: batch: expected a mapping; got a list"}},
    {"MoreOfOnePartitionThanInAll",
     R"(pipelines:
  p:
    source: { generate: {} }
    sinks: { t: { table: {} } }
    parallel: { batches: 2, per_partition: 4 }
)",
     {"5:5: parallel.per_partition must not be larger than parallel.batches"}},
    {"ABadChoice",
     R"(pipelines:
  p:
    source: { generate: {} }
    sinks: { t: { table: {} } }
    order_by: keys
)",
     {"5:15: order_by: expected one of partition, key; got 'keys'; did you mean 'key'?"}},
    {"ABadChoiceCloseToNone",
     R"(pipelines:
  p:
    source: { generate: {} }
    sinks: { t: { table: {} } }
    order_by: whatever
)",
     {"5:15: order_by: expected one of partition, key; got 'whatever'"}},
    {"NoAttempts",
     R"(pipelines:
  p:
    source: { generate: {} }
    sinks: { t: { table: {} } }
    retry: { attempts: 0 }
)",
     {"5:24: attempts must be between 1 and 10001; got '0'"}},
    {"ABadNestedOption",
     R"(pipelines:
  p:
    source: { generate: {} }
    sinks: { t: { table: {} } }
    retry: { backoff: { initial: soon, jiter: full } }
)",
     {"5:34: backoff.initial: expected a duration such as 250ms, 10s, 5m, 1h or 14d; got 'soon'",
      "5:40: unknown key 'jiter'; did you mean 'jitter'?"}},
    {"AGroupThatIsText",
     R"(pipelines:
  p:
    source: { generate: {} }
    sinks: { t: { table: {} } }
    retry: { backoff: 10s }
)",
     {"5:23: backoff: expected a mapping; got text"}},
    {"ABackoffThatShrinks",
     R"(pipelines:
  p:
    source: { generate: {} }
    sinks: { t: { table: {} } }
    retry: { backoff: { initial: 1m, max: 1s } }
)",
     {"5:5: backoff.max must not be shorter than backoff.initial"}},
    {"ABadBoolean",
     R"(pipelines:
  p:
    source: { generate: {} }
    sinks: { t: { table: {} } }
    retry: { bisect: yes }
)",
     {"5:22: bisect: expected true or false; got 'yes'"}},
    {"ADeadLetterThatIsText",
     R"(pipelines:
  p:
    source: { generate: {} }
    sinks: { t: { table: {} } }
    dead_letter: drop
)",
     {"5:18: dead_letter: expected a mapping or off; got 'drop'"}},
    {"ADeadLetterSink",
     R"(pipelines:
  p:
    source: { generate: {} }
    sinks: { t: { table: {} } }
    dead_letter: { sink: jobs }
)",
     {"5:20: sink is not in this version; dead letters are kept in the data folder; set `keep:`"}},
    {"DeadLettersKeptForNoTime",
     R"(pipelines:
  p:
    source: { generate: {} }
    sinks: { t: { table: {} } }
    dead_letter: { keep: 0s }
)",
     {"5:26: keep must be at least 1s; got '0s'"}},
    {"AnUnsetVariable",
     R"(pipelines:
  p:
    source: { generate: {} }
    sinks: { t: { table: {} } }
    batch: { events: "${EVENTS}" }
)",
     {"5:22: the environment variable EVENTS is not set; set it, or give a default: "
      "${EVENTS:-default}"}},
    {"NoSinks",
     R"(pipelines:
  p:
    source: { generate: {} }
)",
     {"2:3: pipeline p has no sinks; add `sinks: { NAME: { KIND: { options } } }`"}},
    {"SinksThatAreAList",
     R"(pipelines:
  p:
    source: { generate: {} }
    sinks: [ { table: {} } ]
)",
     {"4:12: sinks: expected a mapping; got a list"}},
    {"ASinkOfNoKind",
     R"(pipelines:
  p:
    source: { generate: {} }
    sinks: { out: { from: event } }
)",
     {"4:14: this sink names no kind; kinds of sink: bucket, file, hook, table"}},
    {"AnUnknownKindOfSink",
     R"(pipelines:
  p:
    source: { generate: {} }
    sinks: { out: { tabel: {} } }
)",
     {"4:21: unknown kind of sink 'tabel'; did you mean 'table'?"}},
    {"AMisspeltKeyBesideAKind",
     R"(pipelines:
  p:
    source: { generate: {} }
    sinks: { out: { form: event, table: {} } }
)",
     {"4:21: unknown key 'form'; did you mean 'from'?"}},
    {"SinkWordsOfALaterVersion",
     R"(pipelines:
  p:
    source: { generate: {} }
    sinks: { out: { table: {}, when: {}, map: .x, delivery: queue } }
)",
     {"4:32: when is not in this version; let the function choose which effects it answers for now",
      "4:42: map is not in this version; let the function shape its messages for now",
      "4:51: delivery is not in this version; every sink is awaited before its events are "
      "acknowledged"}},
    {"AnAggregate",
     R"(pipelines:
  p:
    source: { generate: {} }
    sinks: { out: { aggregate: { table: t } } }
)",
     {"4:21: aggregate: this kind of sink is not in this version; kinds of sink: bucket, file, "
      "hook, table"}},
    {"ASourceAsASink",
     R"(pipelines:
  p:
    source: { generate: {} }
    sinks: { out: { generate: {} } }
)",
     {"4:21: generate is a source, not a sink; kinds of sink: bucket, file, hook, table"}},
    {"AnEventIntoObjects",
     R"(pipelines:
  p:
    source: { generate: {} }
    sinks: { out: { bucket: { url: local:x } } }
)",
     {"4:21: a sink of kind bucket cannot take events as they are; send them through a function "
      "that makes what it takes"}},
    {"AnOutputWithoutAFunction",
     R"(pipelines:
  p:
    source: { generate: {} }
    sinks: { out: { from: rows, table: {} } }
)",
     {"4:27: from: this pipeline has no function, so no output 'rows'; write `from: event`, or "
      "remove it"}},
    {"AKeyThatIsAnExpression",
     R"(pipelines:
  p:
    source: { generate: {} }
    sinks: { out: { table: { key: '.a | .b' } } }
)",
     {"4:35: key: expected a plain path such as .id or $event.subject; got '.a | .b'; longer "
      "expressions are not in this version"}},
    {"ASinkRetryOfTooMuch",
     R"(pipelines:
  p:
    source: { generate: {} }
    sinks: { out: { table: {}, retry: { bisect: true } } }
)",
     {"4:41: unknown key 'bisect'; known keys: attempts, backoff"}},
    {"AFilter",
     R"(pipelines:
  p:
    source: { generate: {} }
    sinks: { t: { table: {} } }
    filter: { type: [page] }
)",
     {"5:5: filter is not in this version; do this in the function for now"}},
    {"StepsOfALaterVersion",
     R"(pipelines:
  p:
    source: { generate: {} }
    sinks: { t: { table: {} } }
    steps: [ { filter: {} }, { map: .x } ]
)",
     {"5:16: filter is not in this version; do this in the function for now",
      "5:32: map is not in this version; do this in the function for now"}},
    {"StepsThatAreText",
     R"(pipelines:
  p:
    source: { generate: {} }
    sinks: { t: { table: {} } }
    steps: thumbnail
)",
     {"5:12: steps: expected a list; got text; write `steps: [ function: NAME ]`"}},
    {"AStepThatIsText",
     R"(pipelines:
  p:
    source: { generate: {} }
    sinks: { t: { table: {} } }
    steps: [ thumbnail ]
)",
     {"5:14: a step is a mapping; got text; write `- function: NAME`"}},
    {"TwoFunctions",
     R"(pipelines:
  p:
    source: { generate: {} }
    steps: [ { function: g }, { function: g } ]
    sinks: { rows: { table: } }
functions:
  g: { native: passthrough }
)",
     {"4:33: a pipeline has at most one function; this is another; chain functions through a "
      "second pipeline that reads what this one writes"}},
    {"AMissingFunction",
     R"(pipelines:
  p:
    source: { generate: {} }
    sinks: { t: { table: {} } }
    function: thumbnail
)",
     {"5:15: there is no function 'thumbnail'; declare it under `functions:`"}},
    {"AFunctionThatIsAList",
     R"(pipelines:
  p:
    source: { generate: {} }
    sinks: { t: { table: {} } }
    function: [a]
)",
     {"5:15: function: expected text; got a list"}},
    {"OutputsThatNobodyTakes",
     R"(pipelines:
  p:
    source: { generate: {} }
    function: f
    sinks: { images: { table: {} } }
functions:
  f: { native: thumbnail }
)",
     {"4:15: no sink takes output notifications of function f; add a sink with `from: "
      "notifications`",
      "4:15: no sink takes output thumbnails of function f; add a sink with `from: thumbnails`"}},
    {"NoSinksForAFunction",
     R"(pipelines:
  p:
    source: { generate: {} }
    function: f
functions:
  f: { native: thumbnail }
)",
     {"2:3: pipeline p has no sinks; add `sinks: { NAME: { KIND: { options } } }`"}},
    {"ASinkThatTakesNothing",
     R"(pipelines:
  p:
    source: { generate: {} }
    function: g
    sinks:
      rows: { table: }
      out: { table: }
functions:
  g: { native: passthrough }
)",
     {"7:7: sink out takes nothing: function g has no output of this name; say which with `from:`; "
      "outputs: rows, event"}},
    {"AnUnknownOutput",
     R"(pipelines:
  p:
    source: { generate: {} }
    function: g
    sinks: { rows: { table: }, x: { from: row, table: } }
functions:
  g: { native: passthrough }
)",
     {"5:43: function g has no output 'row'; did you mean 'rows'?"}},
    {"OutputsIntoSinksThatDoNotTakeThem",
     R"(pipelines:
  p:
    source: { generate: {} }
    function: f
    sinks:
      thumbnails: { file: { path: x } }
      images: { bucket: { url: local:x } }
      notifications: { table: }
functions:
  f: { native: thumbnail }
)",
     {"6:21: output thumbnails holds objects, which a sink of kind file does not take; send it to "
      "another kind of sink",
      "7:17: output images holds rows, which a sink of kind bucket does not take; write `table: "
      "{}`",
      "8:24: output notifications holds messages; a table takes rows; send it to another kind of "
      "sink"}},
    {"AKeyForRowsThatHaveOne",
     R"(pipelines:
  p:
    source: { generate: {} }
    function: g
    sinks: { rows: { table: { key: .id } } }
functions:
  g: { native: passthrough }
)",
     {"5:31: key: rows of a function carry their own key; remove it"}},
    {"AFunctionWithoutAPlugin",
     R"(pipelines:
  p:
    source: { generate: {} }
    sinks: { t: { table: {} } }
functions:
  f: { timeout: 1s }
)",
     {"6:3: native is missing; add it (text): A plugin by its name on the plugin path, or a path "
      "to a .so"}},
    {"AMissingPlugin",
     R"(pipelines:
  p:
    source: { generate: {} }
    function: f
    sinks: { images: { table: } }
functions:
  f: { native: thumbnial }
)",
     {"7:16: there is no plugin 'thumbnial'; did you mean 'thumbnail'?"}},
    {"FunctionConfigIsChecked",
     R"(pipelines:
  p:
    source: { generate: {} }
    sinks: { t: { table: {} } }
functions:
  f: { native: thumbnail, config: { width: 0, hight: 3 } }
)",
     {"6:44: width must be between 1 and 10000; got '0'",
      "6:47: unknown key 'hight'; known keys: width, quality, licence"}},
    {"ConfigOfAFunctionThatTakesNone",
     R"(pipelines:
  p:
    source: { generate: {} }
    sinks: { t: { table: {} } }
functions:
  f: { native: passthrough, config: { a: 1 } }
)",
     {"6:39: unknown key 'a'; known keys: none"}},
    {"ALambda",
     R"(pipelines:
  p:
    source: { generate: {} }
    sinks: { t: { table: {} } }
functions:
  f: { lambda: { handler: a.b }, returns: failures }
)",
     {"6:8: lambda functions are not in this version; write a native function; `tidemill new "
      "function NAME` starts one"}},
    {"AWorker",
     R"(pipelines:
  p:
    source: { generate: {} }
    sinks: { t: { table: {} } }
functions:
  f: { native: passthrough, isolation: worker }
)",
     {"6:40: isolation: worker is not in this version; remove it: functions run in process"}},
    {"FunctionWordsOfALaterVersion",
     R"(pipelines:
  p:
    source: { generate: {} }
    sinks: { t: { table: {} } }
functions:
  f: { native: passthrough, environment: { A: b }, concurrency: { schedule: [] } }
)",
     {"6:29: environment is not in this version; it belongs to lambda functions; give a native one "
      "`config:`",
      "6:67: schedule is not in this version; set a fixed `provisioned:` for now"}},
    {"MoreProvisionedThanReserved",
     R"(pipelines:
  p:
    source: { generate: {} }
    sinks: { t: { table: {} } }
functions:
  f: { native: passthrough, concurrency: { reserved: 1, provisioned: 2 } }
)",
     {"6:29: concurrency.provisioned must not be larger than concurrency.reserved"}},
    {"AnUnknownConnection",
     R"(pipelines:
  p:
    source: { file: { connection: main } }
    sinks: { t: { table: {} } }
)",
     {"3:35: there is no connection 'main'; connections: none"}},
    {"AConnectionOfAnotherKind",
     R"(connections:
  main: { file: { path: /dev/null } }
pipelines:
  p:
    source: { bucket: { connection: main, url: local:x } }
    sinks: { t: { table: {} } }
)",
     {"5:37: connection 'main' is of kind file, not bucket"}},
    {"AConnectionOfTwoKinds",
     R"(connections:
  main: { file: {}, bucket: {} }
pipelines:
  p:
    source: { generate: {} }
    sinks: { t: { table: {} } }
)",
     {"2:3: connection 'main' must hold exactly one kind; write `NAME: { KIND: { options } }`"}},
    {"AConnectionOfALaterVersion",
     R"(connections:
  main: { kafka: { brokers: [a] } }
pipelines:
  p:
    source: { generate: {} }
    sinks: { t: { table: {} } }
)",
     {"2:11: kafka: this kind of source is not in this version; kinds of source: bucket, file, "
      "generate"}},
    {"AMistakeInAConnectionIsToldOnce",
     R"(connections:
  main: { bucket: { url: local:x, scam: 1s } }
pipelines:
  p:
    source: { bucket: { connection: main } }
    sinks: { t: { table: {} } }
)",
     {"2:35: unknown key 'scam'; did you mean 'scan'?"}},
};

INSTANTIATE_TEST_SUITE_P(All, WrongConfigs, ::testing::ValuesIn(wrong_configs),
                         [](const auto& each) { return std::string(each.param.name); });

}  // namespace
}  // namespace tidemill::config
