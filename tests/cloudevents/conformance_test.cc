// The events of github.com/cloudevents/conformance, sent in the modes that they are meant for: as
// it says, else in both.

#include <yaml-cpp/yaml.h>

#include <map>
#include <string>

#include "message.h"

namespace tidemill::cloudevents {
namespace {

// A block of YAML ends with a line end that is no part of what is meant.
std::string text_of(const YAML::Node& node) {
  auto text = node.as<std::string>();
  if (text.ends_with('\n')) text.pop_back();
  return text;
}

Attributes attributes_of(const YAML::Node& document) {
  Attributes attributes;
  for (const auto& one : document["ContextAttributes"])
    if (const auto name = one.first.as<std::string>(); name != "Extensions")
      attributes[name] = text_of(one.second);
  if (const YAML::Node extensions = document["ContextAttributes"]["Extensions"])
    for (const auto& one : extensions)
      attributes[one.first.as<std::string>()] = text_of(one.second);
  return attributes;
}

// As a sender has to: all but printable ASCII, blanks, quotes and '%'.
std::string percent_encoded(std::string_view value) {
  std::string encoded;
  for (const char c : value) {
    char escape[4];
    std::snprintf(escape, sizeof escape, "%%%02X",
                  static_cast<unsigned>(static_cast<unsigned char>(c)));
    const bool plain = c > ' ' && c <= '~' && c != '"' && c != '%';
    encoded += plain ? std::string(1, c) : std::string(escape);
  }
  return encoded;
}

Message in_binary_mode(const Attributes& attributes, const std::string& data) {
  Message message{.headers = {}, .body = data};
  for (const auto& [name, value] : attributes) {
    if (name == "datacontenttype")
      message.headers.emplace_back("Content-Type", value);
    else
      message.headers.emplace_back("Ce-" + name, percent_encoded(value));
  }
  return message;
}

Message in_structured_mode(const Attributes& attributes, const std::string& data) {
  boost::json::object event;
  for (const auto& [name, value] : attributes) event[name] = value;
  const auto type = attributes.find("datacontenttype");
  if (names_json(type == attributes.end() ? "" : type->second))
    event["data"] = boost::json::parse(data);
  else
    event["data"] = data;
  return {.headers = {{"content-type", "application/cloudevents+json; charset=UTF-8"}},
          .body = boost::json::serialize(event)};
}

class Conformance : public ::testing::Test {
 protected:
  void check(const std::string& mode, const Message& message, const Attributes& wanted,
             const std::string& data) {
    SCOPED_TRACE(mode);
    const auto events = message.read(http_binding);
    if (wanted.at("specversion") != "1.0") {
      ASSERT_FALSE(events);
      EXPECT_EQ(events.error().message,
                "this is no CloudEvent: its specversion is '0.3'; 1.0 is known");
      ++seen_["refused, " + mode];
      return;
    }
    ASSERT_TRUE(events) << events.error().message;
    ASSERT_EQ(events->size(), 1U);
    EXPECT_EQ(cloudevents::attributes_of(events->front()), wanted);
    expect_data(events->front(), data);
    ++seen_[mode];
  }

  void check_all(const std::string& file) {
    for (const YAML::Node& document : YAML::LoadAll(vectors("conformance/" + file))) {
      const Attributes wanted = attributes_of(document);
      SCOPED_TRACE(file + ": " + wanted.at("id"));
      const std::string data = text_of(document["Data"]);
      const auto mode = document["Mode"].as<std::string>("");
      if (mode != "structured") check("binary", in_binary_mode(wanted, data), wanted, data);
      if (mode != "binary") check("structured", in_structured_mode(wanted, data), wanted, data);
    }
  }

  std::map<std::string, int> seen_;
};

TEST_F(Conformance, EventsOfVersionOneSayWhatTheyHaveTo) {
  check_all("yaml_v1.yaml");
  check_all("yaml_v1.0_v1_minimum.yaml");

  EXPECT_EQ(seen_, (std::map<std::string, int>{{"binary", 7}, {"structured", 7}}));
}

TEST_F(Conformance, EventsOfAnOlderVersionAreRefused) {
  check_all("yaml_v03.yaml");
  check_all("yaml_v0.3_v03_minimum.yaml");

  EXPECT_EQ(seen_,
            (std::map<std::string, int>{{"refused, binary", 7}, {"refused, structured", 7}}));
}

}  // namespace
}  // namespace tidemill::cloudevents
