// Ways to get a file, a source or a policy wrong, with what its author reads and where.
#include "core/config/testing/wrong_config.h"

namespace tidemill::config {
namespace {

using testing::WrongConfig;

class WrongPipelines : public ::testing::TestWithParam<WrongConfig> {};

TEST_P(WrongPipelines, AreToldWithTheirPlaceAndTheFix) { testing::expect_told(GetParam()); }

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
     {"5:5: unknown key 'colour'; known keys: function, order_by, durability, renamed_from, "
      "source, "
      "filter, steps, batch, sinks, parallel, retry, dedupe, dead_letter, on_success, on_failure"}},
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
     {"3:5: this source names no kind; kinds of source: bucket, changes, file, "
      "generate, log, queue"}},
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
    {"AKindOfSourceThatNothingResembles",
     R"(pipelines:
  p:
    source: { pigeons: { loft: 1 } }
    sinks: { t: { table: {} } }
)",
     {"3:15: unknown kind of source 'pigeons'; kinds of source: bucket, "
      "changes, file, generate, log, queue"}},
    {"ASinkAsASource",
     R"(pipelines:
  p:
    source: { hook: { url: x } }
    sinks: { t: { table: {} } }
)",
     {"3:15: hook is a sink, not a source; kinds of source: bucket, changes, file, "
      "generate, log, queue"}},
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
    {"AHeaderWithoutItsName",
     R"(pipelines:
  p:
    source: { generate: { count: 1 } }
    sinks: { t: { table: {} } }
    dedupe: { id: header }
)",
     {"5:5: dedupe with id: header needs the name of a `header`"}},
    {"ARecordForATable",
     R"(pipelines:
  p:
    source: { generate: { count: 1 } }
    sinks: { t: { table: {} } }
    on_failure: { table: {} }
)",
     {"5:19: on_failure: a record cannot go to a table; name a sink that takes messages"}},
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
};

INSTANTIATE_TEST_SUITE_P(All, WrongPipelines, ::testing::ValuesIn(wrong_configs), testing::name_of);

}  // namespace
}  // namespace tidemill::config
