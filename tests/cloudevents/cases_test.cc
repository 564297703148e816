// The cases written for these tests, and the examples of attributes in the specification's schema.

#include <boost/json.hpp>
#include <map>
#include <string>

#include "message.h"

namespace tidemill::cloudevents {
namespace {

namespace json = boost::json;

std::string text(const json::value& value) { return std::string(value.as_string()); }

// A message over HTTP has a body, one of Kafka a value, which may be null.
Message message_of(const json::object& written, bool kafka) {
  Message message;
  for (const auto& [name, value] : written.at("headers").as_object())
    message.headers.emplace_back(name, text(value));
  const json::value& body = written.at(kafka ? "value" : "body");
  if (body.is_string()) message.body = text(body);
  return message;
}

Attributes wanted_attributes(const json::object& written) {
  Attributes attributes;
  for (const auto& [name, value] : written) attributes[name] = text(value);
  return attributes;
}

std::string from_hex(std::string_view digits) {
  std::string bytes;
  for (std::size_t i = 0; i < digits.size(); i += 2)
    bytes += static_cast<char>(std::stoi(std::string(digits.substr(i, 2)), nullptr, 16));
  return bytes;
}

// Data of a case as bytes: null is none, text of JSON is a JSON string.
std::string data_of(const json::value& written, const Event& event) {
  if (written.is_null()) return "";
  if (const json::object* const object = written.if_object();
      object && object->contains("bytes_hex"))
    return from_hex(text(object->at("bytes_hex")));
  if (written.is_string() && !names_json(event.content_type)) return text(written);
  return json::serialize(written);
}

void check(const json::object& expected, const Result<std::vector<Event>>& events) {
  if (!expected.at("valid").as_bool()) {
    ASSERT_FALSE(events) << expected.at("why");
    EXPECT_EQ(events.error().fault, Fault::bad_event);
    return;
  }
  ASSERT_TRUE(events) << events.error().message;
  if (const json::value* const batch = expected.if_contains("batch")) {
    ASSERT_EQ(events->size(), batch->as_array().size());
    for (std::size_t i = 0; i < events->size(); ++i)
      EXPECT_EQ(attributes_of((*events)[i]), wanted_attributes(batch->as_array()[i].as_object()));
    return;
  }
  ASSERT_EQ(events->size(), 1U);
  const Event& event = events->front();
  EXPECT_EQ(attributes_of(event), wanted_attributes(expected.at("attributes").as_object()));
  expect_data(event, data_of(expected.at("data"), event));
}

TEST(CloudEventsVectors, AllCasesSayWhatTheyHaveTo) {
  const json::value all = json::parse(vectors("cases.json"));
  std::map<std::string, int> seen;
  for (const json::value& one : all.at("cases").as_array()) {
    SCOPED_TRACE(text(one.at("name")));
    const bool kafka = text(one.at("mode")) == "kafka";
    const Message message = message_of(one.at("message").as_object(), kafka);
    const auto events = message.read(kafka ? kafka_binding : http_binding);
    check(one.at("expected").as_object(), events);
    if (kafka && events && !one.at("message").at("key").is_null() && !events->front().key.empty()) {
      EXPECT_EQ(events->front().key, text(one.at("message").at("key")));
    }
    ++seen[text(one.at("mode"))];
  }
  EXPECT_EQ(seen, (std::map<std::string, int>{{"http", 13}, {"kafka", 4}}));
}

TEST(CloudEventsVectors, TheExamplesOfTheSchemaAreTaken) {
  const json::value schema = json::parse(vectors("spec/cloudevents.json"));
  int examples = 0;
  for (const auto& [name, property] : schema.at("properties").as_object()) {
    const json::value* const given = property.as_object().if_contains("examples");
    if (given == nullptr) continue;
    for (const json::value& example : given->as_array()) {
      json::object event{{"specversion", "1.0"}, {"id", "1"}, {"source", "/a"}, {"type", "t"}};
      event[name] = example;
      Message message;
      message.headers = {{"Content-Type", "application/cloudevents+json"}};
      message.body = json::serialize(event);

      const auto events = message.read(http_binding);

      ASSERT_TRUE(events) << message.body << ": " << events.error().message;
      if (name == "data_base64") {
        EXPECT_EQ(events->front().data.view(), "foob");
      } else if (name == "data") {
        expect_data(events->front(), json::serialize(example));
      } else {
        EXPECT_EQ(attributes_of(events->front()), wanted_attributes(event));
      }
      ++examples;
    }
  }
  EXPECT_EQ(examples, 18);
}

}  // namespace
}  // namespace tidemill::cloudevents
