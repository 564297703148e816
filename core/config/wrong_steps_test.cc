// Ways to get filters and maps wrong, with what their author reads and where.
#include "core/config/testing/wrong_config.h"

namespace tidemill::config {
namespace {

using testing::WrongConfig;

class WrongSteps : public ::testing::TestWithParam<WrongConfig> {};

TEST_P(WrongSteps, AreToldWithTheirPlaceAndTheFix) { testing::expect_told(GetParam()); }

const WrongConfig wrong_configs[] = {
    {"APatternWithMistakes",
     R"(pipelines:
  p:
    source: { generate: {} }
    filter:
      type: order
      data:
        size: [ { numeric: [ "<", 5, ">", 0 ] }, { Prefix: a } ]
    sinks: { t: { table: {} } }
)",
     {"5:13: filter: 'type' takes an array of values or an object of fields; write [\"order\"]",
      "7:28: filter: numeric: the lower bound of a range comes first, as in [\">\", 0, \"<\", 5]",
      "7:60: filter: unknown operator 'Prefix'; did you mean 'prefix'?"}},
    {"AFieldThatNoEventHas",
     R"(pipelines:
  p:
    source: { generate: {} }
    steps: [ filter: { detail: { a: [1] } }, filter: { typ: [a], user.id: [7] } ]
    sinks: { t: { table: {} } }
)",
     {"4:24: filter: events have no field 'detail'; the payload is `data`",
      "4:56: filter: events have no field 'typ'; did you mean 'type'?",
      "4:66: filter: events have no field 'user'; what stands in the payload goes below `data:`"}},
    {"AFilterThatIsText",
     R"(pipelines:
  p:
    source: { generate: {} }
    filter: page
    sinks: { t: { table: {}, when: [a] } }
)",
     {"4:13: filter: expected a pattern; got text; write `filter: { type: [ order ] }`",
      "5:36: when: expected a pattern; got a list; write `when: { type: [ order ] }`"}},
    {"AMapThatDoesNotCompile",
     R"(pipelines:
  p:
    source: { generate: {} }
    steps: [ map: nope, map: [ a ] ]
    sinks: { t: { table: {}, map: '{' } }
)",
     {"4:19: map: jq: nope/0 is not defined, line 1, column 1",
      "4:30: map: expected jq as text; got a list; put it in quotes: `map: '{page, user}'`",
      "5:35: map: jq: syntax error, unexpected $end, line 1, column 1"}},
    {"AStepBehindTheFunction",
     R"(pipelines:
  p:
    source: { generate: {} }
    steps: [ function: f, filter: { type: [a] }, map: .x ]
    sinks: { rows: { table: {} } }
functions:
  f: { native: passthrough }
)",
     {"4:27: filter stands behind the function, whose answers go to sinks; give a sink `when:`, or "
      "put the step before the function",
      "4:50: map stands behind the function, whose answers go to sinks; give a sink `map:`, or put "
      "the step before the function"}},
    {"AStepThatDoesTwoThings",
     R"(pipelines:
  p:
    source: { generate: {} }
    steps: [ { filter: { type: [a] }, map: .x }, {} ]
    sinks: { t: { table: {} } }
)",
     {"4:39: a step does one thing; map comes after filter; write `- map:` as a step of its own",
      "4:50: a step is a mapping with one key; write `- function: NAME`"}},
    {"AFilterBesideSteps",
     R"(pipelines:
  p:
    source: { generate: {} }
    filter: { type: [a] }
    steps: [ map: .x ]
    sinks: { t: { table: {} } }
)",
     {"4:5: filter is the short form of a lone step, and there are steps; write it as one of the "
      "`steps:`"}},
    {"ShapesOfRowsAndObjects",
     R"(pipelines:
  p:
    source: { generate: {} }
    function: f
    sinks:
      images: { table: {}, when: { key: [a] } }
      thumbnails: { bucket: { url: local:x }, map: .x }
      notifications: { hook: { url: x } }
functions:
  f: { native: thumbnail }
)",
     {"6:28: when: rows of a function are changed as it says; let the function answer the rows "
      "that "
      "are wanted",
      "7:47: map: an object is written as the function made it; let the function shape it"}},
    {"WordsOfADestination",
     R"(pipelines:
  p:
    source: { generate: {} }
    sinks: { t: { table: {} } }
    on_failure: { hook: { url: x }, when: { type: [a] }, map: .x }
)",
     {"5:37: when is not in this version; it gets a record of every event; let what reads them "
      "choose",
      "5:58: map is not in this version; it gets records as they are; let what reads them shape "
      "them"}},
};

INSTANTIATE_TEST_SUITE_P(All, WrongSteps, ::testing::ValuesIn(wrong_configs), testing::name_of);

}  // namespace
}  // namespace tidemill::config
