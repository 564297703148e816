// Options that are sources themselves: how they are read, refused, explained and handed over.
#include <gmock/gmock.h>

#include <boost/json/serialize.hpp>
#include <memory>
#include <string>

#include "core/config/schema.h"
#include "core/config/testing/fakes.h"

namespace tidemill::config {
namespace {

using testing::Desk;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

struct EarOptions {
  std::string name;
  SourceOption hears;
};

/// Sees what it hears sees, so that a test sees that it was built.
class Ear final : public testing::FakeSource {
 public:
  explicit Ear(std::unique_ptr<Source> hears)
      : FakeSource("ear:", true), hears_(std::move(hears)) {}
  bool sees(std::string_view place) const override { return hears_ && hears_->sees(place); }

 private:
  std::unique_ptr<Source> hears_;
};

class NestedSources : public ::testing::Test {
 protected:
  NestedSources() {
    desk_.registry().add_source(
        "ear",
        ConfigSpec<EarOptions>("What another source tells of.")
            .field("name", &EarOptions::name, "Its name.")
            .source("hears", &EarOptions::hears, "Who tells it."),
        [](const EarOptions& options, const Services& services) -> Result<std::unique_ptr<Source>> {
          if (!options.hears) return std::make_unique<Ear>(nullptr);
          auto hears = build_source(options.hears, services);
          if (!hears) return std::unexpected(hears.error());
          return std::make_unique<Ear>(std::move(*hears));
        });
  }

  static std::string pipeline(const std::string& ear) {
    return "pipelines:\n  p:\n    source: { ear: " + ear +
           " }\n    sinks: { out: { from: event, file: { path: /x } } }\n";
  }

  Desk desk_;
};

TEST_F(NestedSources, MayBeAbsent) {
  EXPECT_THAT(desk_.problems(pipeline("{ name: a }")), IsEmpty());
}

TEST_F(NestedSources, AreReadAsSourcesAre) {
  const auto loaded = desk_.load(pipeline("{ hears: { generate: { count: 7 } } }"));

  ASSERT_TRUE(loaded.plan);
  const ResolvedOptions expected{{"hears", "generate"}, {"hears.count", "7"}};
  EXPECT_EQ(loaded.plan->pipelines.at(0).source.options, expected);
  EXPECT_THAT(desk_.explained(*loaded.plan),
              HasSubstr("      ear:\n        hears:\n          generate:\n            count: 7\n"));
}

TEST_F(NestedSources, TakeConnections) {
  const auto loaded = desk_.load("connections: { c: { generate: { count: 5 } } }\n" +
                                 pipeline("{ hears: { generate: { connection: c } } }"));

  ASSERT_TRUE(loaded.plan);
  const ResolvedOptions expected{{"hears", "generate"}, {"hears.count", "5"}};
  EXPECT_EQ(loaded.plan->pipelines.at(0).source.options, expected);
}

TEST_F(NestedSources, HearOfAnother) {
  EXPECT_THAT(desk_.problems(pipeline("{ hears: { ear: { hears: { generate: {} } } } }")),
              IsEmpty());
}

TEST_F(NestedSources, AreRefusedWithTheirPlace) {
  EXPECT_THAT(desk_.problems(pipeline("{ hears: { genrate: {} } }")),
              ElementsAre("3:31: unknown kind of source 'genrate'; did you mean 'generate'?"));
  EXPECT_THAT(desk_.problems(pipeline("{ hears: { generate: { count: 0 } } }")),
              ElementsAre(HasSubstr("3:50: count must be between 1 and")));
  EXPECT_THAT(desk_.problems(pipeline("{ hears: {} }")),
              ElementsAre(HasSubstr("this source names no kind")));
  EXPECT_THAT(desk_.problems(pipeline("{ hears: generate }")),
              ElementsAre(HasSubstr("hears: expected a mapping")));
  EXPECT_THAT(desk_.problems(pipeline("{ hears: }")),
              ElementsAre(HasSubstr("hears has no value; give a source")));
  EXPECT_THAT(desk_.problems(pipeline("{ hears: { generate: {}, file: { path: /x } } }")),
              ElementsAre(HasSubstr("a source has one kind; file comes after generate")));
  EXPECT_THAT(desk_.problems(pipeline("{ hears: { bucket: { url: nowhere } } }")),
              ElementsAre(HasSubstr("url must say local:, file: or s3:")));
}

TEST_F(NestedSources, AreNoneOfTheEnginesOwn) {
  EXPECT_THAT(
      desk_.problems(pipeline("{ hears: { queue: { name: jobs } } }")),
      ElementsAre("3:31: hears cannot be a queue of this engine; give a source of another system"));
}

TEST_F(NestedSources, CountWhereAPipelineWouldFeedItself) {
  EXPECT_THAT(desk_.problems(pipeline("{ hears: { file: { path: /x } } }")),
              ElementsAre(HasSubstr("sink out writes to file:/x, which feeds its own pipeline")));
}

TEST_F(NestedSources, AreOneSchemaForAll) {
  const auto schema = boost::json::serialize(file_schema(desk_.registry(), {}));

  EXPECT_THAT(schema, HasSubstr(R"("hears":{"$ref":"#/definitions/source"})"));
  EXPECT_THAT(schema, HasSubstr(R"("source":{"$ref":"#/definitions/source"})"));
}

}  // namespace
}  // namespace tidemill::config
