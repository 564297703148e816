#include "core/config/describe.h"

#include <gmock/gmock.h>

#include <boost/json.hpp>

#include "core/config/testing/fakes.h"

namespace tidemill::config {
namespace {

using testing::Desk;
using ::testing::HasSubstr;
using ::testing::Not;

KindDecl source_named(const Registry& registry, std::string_view name) {
  for (const auto& kind : source_kinds(registry))
    if (kind.name == name) return kind;
  return {};
}

TEST(Describe, TellsAnOptionsTypeDefaultAndRange) {
  Desk desk;
  EXPECT_EQ(describe(described_source(source_named(desk.registry(), "bucket"))),
            "source bucket\n"
            "  Objects of a folder or bucket.\n"
            "\n"
            "options\n"
            "  url  (text, required)\n"
            "      Where it is.\n"
            "  suffix  (list of text)\n"
            "      Ends of keys to deliver.\n"
            "  scan  (duration, default 10s, 1ms to 1h)\n"
            "      Listing interval.\n");
}

TEST(Describe, ASinkSaysWhatARepeatDoes) {
  Desk desk;
  const auto sinks = sink_kinds(desk.registry());
  const auto text_of = [&](std::string_view name) {
    for (const KindDecl& kind : sinks)
      if (kind.name == name) return describe(described_sink(kind));
    return std::string();
  };
  EXPECT_THAT(text_of("table"), HasSubstr("\ndelivery: exactly once"));
  EXPECT_THAT(text_of("bucket"), HasSubstr("\ndelivery: by key"));
  EXPECT_THAT(text_of("file"), HasSubstr("\ndelivery: at least once"));
}

TEST(Describe, TellsAFunctionsOutputsAndFlags) {
  Desk desk;
  const auto text = describe(described_function(**desk.catalog().find("thumbnail", "")));
  EXPECT_THAT(text, HasSubstr("  licence  (secret)\n"));
  EXPECT_THAT(text, HasSubstr("outputs\n  thumbnails  (objects)\n      The pictures.\n"));
  EXPECT_THAT(text, HasSubstr("flags: thread_safe\n"));
}

TEST(Describe, JsonHoldsTheSame) {
  Desk desk;
  const auto json = describe_json(described_function(**desk.catalog().find("thumbnail", "")));
  EXPECT_EQ(boost::json::serialize(json.at("options").as_array().at(0)),
            R"({"name":"width","type":"integer","required":false,"list":false,)"
            R"("doc":"Widest, in pixels.","default":"200","range":"1 to 10000"})");
  EXPECT_EQ(json.at("outputs").as_array().size(), 3u);
}

TEST(Describe, AMarkdownTableHasARowPerOption) {
  Desk desk;
  EXPECT_EQ(markdown_table(*source_named(desk.registry(), "bucket").options),
            "| option | type | default | what it does |\n"
            "|---|---|---|---|\n"
            "| `url` | text | required | Where it is. |\n"
            "| `suffix` | list of text | none | Ends of keys to deliver. |\n"
            "| `scan` | duration | 10s | Listing interval. (1ms to 1h) |\n");
  EXPECT_THAT(markdown_table(retry_spec().decls()),
              HasSubstr("| `backoff.jitter` | full \\| none | full |"));
}

TEST(Describe, ListsUnderHeadings) {
  Desk desk;
  std::vector<Described> things;
  for (const auto& kind : source_kinds(desk.registry())) things.push_back(described_source(kind));
  for (const auto& kind : sink_kinds(desk.registry())) things.push_back(described_sink(kind));
  const auto text = list(things);
  EXPECT_THAT(text, HasSubstr("sources\n  bucket     Objects of a folder or bucket.\n"));
  EXPECT_THAT(text, HasSubstr("\nsinks\n"));
  EXPECT_THAT(text, HasSubstr("  table      A table of the engine:"));
  EXPECT_EQ(list_json(things).size(), 13u);
}

}  // namespace
}  // namespace tidemill::config
