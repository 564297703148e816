// Ways to get sinks, functions and connections wrong, with what their author reads and where.
#include "core/config/testing/wrong_config.h"

namespace tidemill::config {
namespace {

using testing::WrongConfig;

class WrongSinksAndFunctions : public ::testing::TestWithParam<WrongConfig> {};

TEST_P(WrongSinksAndFunctions, AreToldWithTheirPlaceAndTheFix) { testing::expect_told(GetParam()); }

const WrongConfig wrong_configs[] = {
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
     {"4:14: this sink names no kind; kinds of sink: aggregate, bucket, file, hook, log, "
      "queue, table"}},
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
    {"ATableBehindAQueue",
     R"(pipelines:
  p:
    source: { generate: {} }
    sinks: { out: { table: {}, delivery: queue } }
)",
     {"4:42: a table commits with its events, without a queue; remove delivery: queue"}},
    {"AKindThatNothingResembles",
     R"(pipelines:
  p:
    source: { generate: {} }
    sinks: { out: { pigeons: { loft: 1 } } }
)",
     {"4:21: unknown kind of sink 'pigeons'; kinds of sink: aggregate, bucket, "
      "file, hook, log, queue, table"}},
    {"ASourceAsASink",
     R"(pipelines:
  p:
    source: { generate: {} }
    sinks: { out: { generate: {} } }
)",
     {"4:21: generate is a source, not a sink; kinds of sink: aggregate, bucket, file, hook, log, "
      "queue, table"}},
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
    {"AKeyThatIsNoExpression",
     R"(pipelines:
  p:
    source: { generate: {} }
    sinks: { out: { table: { key: '.a | ' } } }
)",
     {"4:35: key: jq: syntax error, unexpected $end, line 1, column 5"}},
    {"ASinkRetryOfTooMuch",
     R"(pipelines:
  p:
    source: { generate: {} }
    sinks: { out: { table: {}, retry: { bisect: true } } }
)",
     {"4:41: unknown key 'bisect'; known keys: attempts, backoff"}},
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
     {"5:14: a step is a mapping with one key; got text; write `- function: NAME`"}},
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
    {"AnUnknownIsolation",
     R"(pipelines:
  p:
    source: { generate: {} }
    sinks: { t: { table: {} } }
functions:
  f: { native: passthrough, isolation: container }
)",
     {"6:40: isolation: expected one of in_process, worker; got 'container'"}},
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
    {"AConnectionOfNoKindThatThereIs",
     R"(connections:
  main: { pigeons: { loft: 1 } }
pipelines:
  p:
    source: { generate: {} }
    sinks: { t: { table: {} } }
)",
     {"2:11: unknown kind of source 'pigeons'; kinds of source: bucket, "
      "changes, file, generate, log, queue"}},
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

INSTANTIATE_TEST_SUITE_P(All, WrongSinksAndFunctions, ::testing::ValuesIn(wrong_configs),
                         testing::name_of);

}  // namespace
}  // namespace tidemill::config
