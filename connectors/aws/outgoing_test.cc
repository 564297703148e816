#include "outgoing.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace tidemill::aws {
namespace {

using ::testing::ElementsAre;
using ::testing::Pair;

class OutgoingTest : public ::testing::Test {
 protected:
  Result<std::vector<NamedText>> attributes(std::vector<Attribute> metadata) {
    event_.source = "test:";
    event_.id = "e";
    effect_.metadata = metadata;
    const SinkBatch batch{
        .pipeline = "p", .sink = "s", .life = {}, .events = {&event_, 1}, .effects = {&effect_, 1}};
    return message_attributes(batch, effect_);
  }

  Event event_;
  Effect effect_;
};

TEST(MessageText, IsTextThatXmlHas) {
  for (const char* good : {"a", "\t\r\n", "\xC3\xA4", "\xEF\xBF\xBD"})
    EXPECT_TRUE(check_message_text(good)) << good;
  for (const char* bad : {"", "\x01", "\xC3", "\xEF\xBF\xBE", "a\xEF\xBF\xBF"})
    EXPECT_FALSE(check_message_text(bad)) << bad;
}

TEST_F(OutgoingTest, AttributesHaveTheIdAndTheMetadata) {
  const auto found = attributes({{"a", "1"}, {"empty", ""}, {"tidemill-id", "x"}, {"a", "2"}});

  ASSERT_TRUE(found);
  EXPECT_THAT(*found, ElementsAre(Pair("tidemill-id", "p:s:test:#e#0"), Pair("a", "1")));
}

TEST_F(OutgoingTest, NamesAndValuesThatCannotBeSentAreRefused) {
  for (const char* name : {"with space", ".a", "a.", "a..b", "AWS.x", "Amazon.x"})
    EXPECT_FALSE(attributes({{name, "1"}})) << name;
  EXPECT_FALSE(attributes({{"a", "\x02"}}));
}

}  // namespace
}  // namespace tidemill::aws
