// The schema is held to a validator that we did not write, and to the checker beside it: what the
// checker takes, the schema must take.
#include "core/config/schema.h"

#include <gmock/gmock.h>

#include <boost/json.hpp>
#include <valijson/adapters/boost_json_adapter.hpp>
#include <valijson/schema.hpp>
#include <valijson/schema_parser.hpp>
#include <valijson/validator.hpp>

#include "core/config/node.h"
#include "core/config/testing/fakes.h"
#include "core/config/testing/guessed_json.h"

namespace tidemill::config {
namespace {

namespace json = boost::json;
using testing::Desk;

class SchemaTest : public ::testing::Test {
 protected:
  SchemaTest() {
    const std::vector<const FunctionDecl*> functions{*desk_.catalog().find("thumbnail", ""),
                                                     *desk_.catalog().find("passthrough", "")};
    schema_json_ = file_schema(desk_.registry(), functions);
    valijson::adapters::BoostJsonAdapter adapter(schema_json_);
    valijson::SchemaParser parser(valijson::SchemaParser::kDraft7);
    parser.populateSchema(adapter, schema_);
  }

  bool takes(const std::string& text) {
    Problems problems;
    const auto node = parse_yaml(text, "f.yaml", problems);
    EXPECT_TRUE(problems.empty()) << text;
    const auto document = testing::guessed_json(node.value_or(Node{}));
    valijson::adapters::BoostJsonAdapter adapter(document);
    valijson::Validator validator;
    return validator.validate(schema_, adapter, nullptr);
  }

  Desk desk_;
  json::value schema_json_;
  valijson::Schema schema_;
};

const std::string head = "pipelines:\n  p:\n    source: { generate: {} }\n";
const std::string whole = head + "    sinks: { t: { table: {} } }\n";

TEST_F(SchemaTest, TakesWhatTheCheckerTakes) {
  desk_.variables["N"] = "3";
  for (const auto& text : {
           whole,
           "version: 1\nnamespace: a\n" + whole,
           whole + "    batch: { events: 16, bytes: 6MiB, window: 250ms }\n",
           whole + "    batch: { events: \"${N}\", bytes: 1024, window: 0 }\n",
           whole + "    parallel: { batches: 4, per_partition: 2 }\n    order_by: partition\n",
           whole + "    retry: { attempts: 2, backoff: { initial: 1s, jitter: none }, bisect: "
                   "false }\n",
           whole + "    dead_letter: off\n",
           whole + "    dead_letter: { keep: 14d }\n",
           head + "    function: f\n    sinks: { r: { from: rows, table: } }\nfunctions:\n  f: { "
                  "native: passthrough }\n",
           head + "    steps: [ function: f ]\n    sinks:\n      thumbnails: { bucket: { url: "
                  "local:x }, retry: { attempts: 9 } }\n      images: { table: { name: i } }\n"
                  "      notifications: { hook: { url: x, token: 7, verify: false } }\n"
                  "functions:\n  f: { native: thumbnail, config: { width: 9 }, timeout: 1s, "
                  "concurrency: { reserved: 2 }, isolation: in_process }\n",
           whole + "    filter: { data: { n: [ 1, { exists: false } ] } }\n",
           whole + "    steps: [ filter: { type: [ a ] }, map: '{id}', map: .id ]\n",
           head + "    sinks: { t: { table: {}, when: { key: [ a ] }, map: '{id}' } }\n",
           std::string("connections:\n  c: { bucket: { url: local:x } }\npipelines:\n  p:\n    "
                       "source: { bucket: { connection: c, suffix: .jpg } }\n    sinks: { t: { "
                       "table: } }\n"),
       }) {
    EXPECT_TRUE(desk_.load(text).plan) << text;
    EXPECT_TRUE(takes(text)) << text;
  }
}

TEST_F(SchemaTest, RefusesTheUsualMistakes) {
  EXPECT_FALSE(takes("- a\n"));
  EXPECT_FALSE(takes("pipeline: {}\n"));
  EXPECT_FALSE(takes("version: 2\n" + whole));
  EXPECT_FALSE(takes("pipelines:\n  a/b: { source: { generate: {} } }\n"));
  EXPECT_FALSE(takes("pipelines:\n  p: { sinks: {} }\n"));
  EXPECT_FALSE(takes("pipelines:\n  p: { source: { genrate: {} } }\n"));
  EXPECT_FALSE(takes("pipelines:\n  p: { source: {} }\n"));
  EXPECT_FALSE(takes("pipelines:\n  p: { source: { generate: {}, file: { path: x } } }\n"));
  EXPECT_FALSE(takes("pipelines:\n  p: { source: { bucket: {} } }\n"));
  EXPECT_FALSE(takes("pipelines:\n  p: { source: { bucket: { url: x, sufix: y } } }\n"));
  EXPECT_FALSE(takes("pipelines:\n  p: { source: { generate: { count: 0 } } }\n"));
  EXPECT_FALSE(takes("pipelines:\n  p: { source: { generate: { count: many } } }\n"));
  EXPECT_FALSE(takes(whole + "    bach: {}\n"));
  EXPECT_FALSE(takes(whole + "    batch: { window: 250 parsecs }\n"));
  EXPECT_FALSE(takes(whole + "    batch: { window: 250 }\n"));
  EXPECT_FALSE(takes(whole + "    order_by: keys\n"));
  EXPECT_FALSE(takes(whole + "    dead_letter: { sink: x }\n"));
  EXPECT_FALSE(takes(whole + "    steps: [ filter: {} ]\n"));
  EXPECT_FALSE(takes(whole + "    steps: [ { map: ., function: f } ]\n"));
  EXPECT_FALSE(takes(whole + "    filter: [ a ]\n"));
  EXPECT_FALSE(takes(head + "    sinks: { t: { from: x } }\n"));
  EXPECT_FALSE(takes(head + "    sinks: { t: { table: {}, when: {} } }\n"));
  EXPECT_FALSE(takes("functions:\n  f: { timeout: 1s }\n"));
  EXPECT_TRUE(takes("functions:\n  f: { native: x, isolation: worker }\n"));
  EXPECT_FALSE(takes("functions:\n  f: { native: x, isolation: container }\n"));
  EXPECT_FALSE(takes("functions:\n  f: { native: thumbnail, config: { width: 0 } }\n"));
  EXPECT_FALSE(takes("functions:\n  f: { native: thumbnail, config: { hight: 1 } }\n"));
  EXPECT_TRUE(takes("functions:\n  f: { native: other, config: { hight: 1 } }\n"));
}

TEST_F(SchemaTest, DescribesOptionsWithTheirDefaults) {
  const auto& batch = schema_json_.at_pointer(
      "/properties/pipelines/additionalProperties/properties/batch/properties");
  EXPECT_EQ(batch.at_pointer("/window/default"), "0s");
  EXPECT_EQ(batch.at_pointer("/events/default"), 100);
  EXPECT_EQ(batch.at_pointer("/bytes/default"), "6MiB");
  EXPECT_EQ(batch.at_pointer("/events/description"),
            "Most events in one invocation. (1 to 100000)");
}

}  // namespace
}  // namespace tidemill::config
