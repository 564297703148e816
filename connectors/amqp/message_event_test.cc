#include "message_event.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <initializer_list>
#include <utility>

namespace tidemill::amqp {
namespace {

using ::testing::IsEmpty;

constexpr WallTime now(1'700'000'000'000'000);

struct Header {
  std::string name;
  std::string value;
};

class MessageEventTest : public ::testing::Test {
 protected:
  amqp_basic_properties_t properties_{};
  std::vector<Header> headers_;
  Content content_;
  std::string key_;

  MessageEventTest() {
    content_.exchange = "orders";
    content_.routing_key = "order.created";
    content_.body = R"({"user":"ann"})";
  }

  void text(amqp_flags_t flag, amqp_bytes_t amqp_basic_properties_t::* field, const char* value) {
    properties_._flags |= flag;
    properties_.*field = bytes_of(value);
  }

  Event made() {
    std::vector<amqp_table_entry_t> entries;
    for (const Header& header : headers_) {
      amqp_table_entry_t entry{};
      entry.key = bytes_of(header.name);
      entry.value.kind = AMQP_FIELD_KIND_UTF8;
      entry.value.value.bytes = bytes_of(header.value);
      entries.push_back(entry);
    }
    if (!entries.empty()) {
      properties_._flags |= AMQP_BASIC_HEADERS_FLAG;
      properties_.headers = {static_cast<int>(entries.size()), entries.data()};
    }
    std::string out;
    EXPECT_TRUE(append_content(out, 1, properties_, "", frame_max));
    content_.properties = out.substr(7 + 12, out.size() - 7 - 12 - 1);
    if (content_.body_bytes == 0) content_.body_bytes = content_.body.size();
    auto rules = std::make_shared<EventRules>();
    rules->source = "amqp://rabbit:5672/jobs";
    rules->content_type = "application/json";
    rules->key = *parse_key_rule(key_);
    return std::make_shared<MessageArena>(rules)->event_of(content_, now);
  }

  static std::string attribute(const Event& event, std::string_view name) {
    for (const Attribute& one : event.extensions)
      if (one.name == name) return std::string(one.value);
    return "(none)";
  }
};

TEST_F(MessageEventTest, AMessageThatSaysNothingHasWhatItsSourceSays) {
  const Event event = made();

  EXPECT_EQ(event.id, "");
  EXPECT_EQ(event.source, "amqp://rabbit:5672/jobs");
  EXPECT_EQ(event.type, "tidemill.amqp.message");
  EXPECT_EQ(event.subject, "order.created");
  EXPECT_EQ(event.content_type, "application/json");
  EXPECT_EQ(event.time.value, now.value);
  EXPECT_EQ(event.data.view(), R"({"user":"ann"})");
  EXPECT_EQ(event.key, "");
  EXPECT_EQ(attribute(event, "exchange"), "orders");
  EXPECT_EQ(attribute(event, "redelivered"), "(none)");
}

TEST_F(MessageEventTest, PropertiesAreAttributes) {
  using P = amqp_basic_properties_t;
  text(AMQP_BASIC_MESSAGE_ID_FLAG, &P::message_id, "m-1");
  text(AMQP_BASIC_TYPE_FLAG, &P::type, "order.created.v1");
  text(AMQP_BASIC_CONTENT_TYPE_FLAG, &P::content_type, "text/csv");
  text(AMQP_BASIC_CORRELATION_ID_FLAG, &P::correlation_id, "c-1");
  text(AMQP_BASIC_REPLY_TO_FLAG, &P::reply_to, "answers");
  properties_._flags |= AMQP_BASIC_TIMESTAMP_FLAG | AMQP_BASIC_PRIORITY_FLAG;
  properties_.timestamp = 1769846400;
  properties_.priority = 4;
  headers_ = {{"x-delivery-count", "2"}};
  content_.redelivered = true;

  const Event event = made();

  EXPECT_EQ(event.id, "m-1");
  EXPECT_EQ(event.type, "order.created.v1");
  EXPECT_EQ(event.content_type, "text/csv");
  EXPECT_EQ(event.time.value, 1769846400000000U);
  EXPECT_EQ(attribute(event, "correlationid"), "c-1");
  EXPECT_EQ(attribute(event, "replyto"), "answers");
  EXPECT_EQ(attribute(event, "priority"), "4");
  EXPECT_EQ(attribute(event, "redelivered"), "true");
  EXPECT_EQ(attribute(event, "x-delivery-count"), "2");
}

TEST_F(MessageEventTest, CloudEventsHeadersAreAttributesOfEitherSpelling) {
  headers_ = {{"cloudEvents:id", "7"},
              {"cloudEvents_source", "/shop"},
              {"cloudEvents:type", "sold"},
              {"cloudEvents_subject", "book"},
              {"cloudEvents:specversion", "1.0"},
              {"cloudEvents:time", "2026-01-31T08:00:00Z"},
              {"cloudEvents:region", "eu"}};

  const Event event = made();

  EXPECT_EQ(event.id, "7");
  EXPECT_EQ(event.source, "/shop");
  EXPECT_EQ(event.type, "sold");
  EXPECT_EQ(event.subject, "book");
  EXPECT_EQ(event.time.value, 1769846400000000U);
  EXPECT_EQ(attribute(event, "region"), "eu");
  EXPECT_EQ(attribute(event, "specversion"), "(none)");
}

TEST_F(MessageEventTest, NoHeaderSaysWhatTheBrokerOrTheEngineSays) {
  headers_ = {{"redelivered", "true"},
              {"exchange", "mine"},
              {"tidemill-refused", "no"},
              {"tidemill-id", "p:s:e#0"},
              {"cloudEvents:tidemill-oversized", "1"},
              {"cloudEvents:replyto", "me"}};

  const Event event = made();

  EXPECT_EQ(attribute(event, "redelivered"), "(none)");
  EXPECT_EQ(attribute(event, "exchange"), "orders");
  EXPECT_EQ(attribute(event, "replyto"), "(none)");
  EXPECT_EQ(attribute(event, "tidemill-refused"), "(none)");
  EXPECT_EQ(attribute(event, "tidemill-oversized"), "(none)");
  EXPECT_EQ(attribute(event, "tidemill-id"), "p:s:e#0");
}

TEST_F(MessageEventTest, TheKeyIsWhatTheRuleSays) {
  key_ = ".user";
  EXPECT_EQ(made().key, "ann");
  key_ = "routing_key";
  EXPECT_EQ(made().key, "order.created");
  key_ = "header:user";
  headers_ = {{"user", "bob"}};
  EXPECT_EQ(made().key, "bob");

  EXPECT_FALSE(parse_key_rule("user"));
  EXPECT_FALSE(parse_key_rule("header:"));
  EXPECT_FALSE(parse_key_rule("."));
}

TEST_F(MessageEventTest, ALargeBodyIsTakenOverAndItsTextsLiveAsLongAsIt) {
  content_.body = std::string(100'000, 'x');
  const char* const where = content_.body.data();
  headers_ = {{"kept", "as well"}};

  const Event event = made();

  EXPECT_EQ(event.data.view().data(), where);
  EXPECT_EQ(attribute(event, "kept"), "as well");
  EXPECT_EQ(event.subject, "order.created");
}

TEST_F(MessageEventTest, OneThatIsTooLargeSaysHowLargeItWas) {
  content_.body_bytes = 1'000'000;

  const Event event = made();

  EXPECT_EQ(attribute(event, "tidemill-oversized"), "1000000");
}

TEST_F(MessageEventTest, OneWhosePropertiesAreBrokenIsRefusedAndKeepsItsBody) {
  content_.properties = "\xff";
  content_.body_bytes = content_.body.size();
  auto rules = std::make_shared<EventRules>();
  const Event event = std::make_shared<MessageArena>(rules)->event_of(content_, now);

  EXPECT_EQ(attribute(event, "tidemill-refused"), "its properties are broken");
  EXPECT_EQ(event.data.view(), R"({"user":"ann"})");
}

TEST_F(MessageEventTest, AnEmptyMessageIsAnEvent) {
  content_.body.clear();
  content_.exchange.clear();
  content_.routing_key.clear();

  const Event event = made();

  EXPECT_EQ(event.data.size(), 0U);
  EXPECT_THAT(event.extensions, IsEmpty());
}

}  // namespace
}  // namespace tidemill::amqp
