#include "outgoing.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <string>

#include "frames.h"
#include "properties.h"

namespace tidemill::amqp {
namespace {

class OutgoingMessageTest : public ::testing::Test {
 protected:
  OutgoingMessageTest() {
    event_.source = "file:events";
    batch_.pipeline = "line";
    batch_.sink = "it";
    batch_.events = {&event_, 1};
  }

  /// The headers as a reader gets them, one a line.
  static std::string headers(const OutgoingMessage& message) {
    std::string out, text;
    EXPECT_TRUE(append_content(out, 1, message.properties(), "", frame_max));
    const auto read = parse_properties(std::string_view(out).substr(7 + 12, out.size() - 20));
    if (!read) return "broken";
    std::string_view table = read->headers, name;
    Field field;
    while (next_field(table, name, field)) {
      text.append(name).append("=");
      EXPECT_TRUE(append_text(text, field));
      text += '\n';
    }
    return text;
  }

  Event event_;
  Effect effect_;
  SinkBatch batch_;
};

TEST_F(OutgoingMessageTest, MetadataAreHeadersButForWhatHasAProperty) {
  const std::array<Attribute, 4> metadata{Attribute{"page", "/a"}, Attribute{"correlationid", "c"},
                                          Attribute{"page", "/b"},
                                          Attribute{"tidemill-refused", "no"}};
  effect_.metadata = metadata;
  effect_.content_type = "text/plain";
  const std::string id = message_id_of(batch_, effect_);
  const OutgoingMessage message(batch_, effect_, id, true, false);

  EXPECT_EQ(headers(message), "page=/a\n");
  EXPECT_EQ(text_of(message.properties().correlation_id), "c");
  EXPECT_EQ(text_of(message.properties().content_type), "text/plain");
  EXPECT_EQ(text_of(message.properties().message_id), "line:it:file:events/0@0#0");
  EXPECT_EQ(message.properties().delivery_mode, 2);
}

TEST_F(OutgoingMessageTest, HeadersOfTheEventGoAlongWhereThatIsAsked) {
  const Attribute extension{"trace", "t"};
  event_.extensions = {&extension, 1};
  const std::string id = "i";

  EXPECT_EQ(headers(OutgoingMessage(batch_, effect_, id, true, false)), "");
  EXPECT_EQ(headers(OutgoingMessage(batch_, effect_, id, true, true)), "trace=t\n");
}

TEST_F(OutgoingMessageTest, AnIdThatIsTooLongIsADigestThatIsTheSameEachTime) {
  const std::string source(300, 's');
  event_.source = source;

  const std::string id = message_id_of(batch_, effect_);

  EXPECT_EQ(id.size(), 64U);
  EXPECT_EQ(id, message_id_of(batch_, effect_));
}

TEST_F(OutgoingMessageTest, AHeaderWhoseNameIsTooLongIsSeen) {
  const std::string name(256, 'n');
  const Attribute attribute{name, "v"};
  effect_.metadata = {&attribute, 1};

  const std::string id = "i";
  EXPECT_FALSE(OutgoingMessage(batch_, effect_, id, true, false).well_named());
}

}  // namespace
}  // namespace tidemill::amqp
