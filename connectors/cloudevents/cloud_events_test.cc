#include "cloud_events.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

#include "json_text/cloud_event.h"

namespace tidemill::cloudevents {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;

const std::vector<HttpHeader> structured{{"Content-Type", "application/cloudevents+json"}};
const std::vector<HttpHeader> batched{{"Content-Type", "application/cloudevents-batch+json"}};

Result<std::vector<Event>> read(const std::vector<HttpHeader>& headers, std::string body,
                                const Limits& limits = {}) {
  return read_events(mode_of(headers, http_binding), http_binding, headers, std::move(body),
                     limits);
}

/// The one event of a message.
Event event_of(const std::vector<HttpHeader>& headers, std::string body) {
  auto events = read(headers, std::move(body));
  if (!events) {
    ADD_FAILURE() << events.error().message;
    return {};
  }
  EXPECT_EQ(events->size(), 1U);
  return events->empty() ? Event{} : events->front();
}

std::string why_not(const std::vector<HttpHeader>& headers, std::string body,
                    const Limits& limits = {}) {
  const auto events = read(headers, std::move(body), limits);
  if (events) return "it was read";
  EXPECT_EQ(events.error().fault, Fault::bad_event);
  return events.error().message;
}

std::vector<HttpHeader> binary(std::vector<HttpHeader> more = {}) {
  more.insert(more.begin(),
              {{"ce-specversion", "1.0"}, {"ce-id", "1"}, {"ce-source", "/a"}, {"ce-type", "t"}});
  return more;
}

/// An event in JSON with these members as well.
std::string json(const std::string& members) {
  return R"({"specversion":"1.0","id":"1","source":"/a","type":"t")" +
         (members.empty() ? "" : "," + members) + "}";
}

std::string extension(const Event& event, std::string_view name) {
  for (const Attribute& one : event.extensions)
    if (one.name == name) return std::string(one.value);
  return "none";
}

TEST(CloudEvents, HeadersTellTheMode) {
  const auto mode = [](std::vector<HttpHeader> headers) { return mode_of(headers, http_binding); };

  EXPECT_EQ(mode({}), Mode::none);
  EXPECT_EQ(mode({{"content-type", "application/json"}, {"ce-id", "1"}}), Mode::none);
  EXPECT_EQ(mode({{"CE-SpecVersion", "1.0"}}), Mode::binary);
  EXPECT_EQ(mode({{"content-type", "Application/CloudEvents+JSON; charset=utf-8"}}),
            Mode::structured);
  EXPECT_EQ(mode({{"ce-specversion", "1.0"}, {"content-type", "application/cloudevents+avro"}}),
            Mode::structured);
  EXPECT_EQ(mode(batched), Mode::batched);
  EXPECT_EQ(mode({{"ce_specversion", "1.0"}}), Mode::none);
  const std::vector<HttpHeader> kafka{{"ce_specversion", "1.0"}};
  EXPECT_EQ(mode_of(kafka, kafka_binding), Mode::binary);
}

TEST(CloudEvents, InBinaryModeTheBodyIsTheData) {
  const Event event = event_of({{"Content-Type", "image/png"},
                                {"Host", "a"},
                                {"CE-SpecVersion", "1.0"},
                                {"CE-ID", "7"},
                                {"CE-Source", "/cams"},
                                {"CE-Type", "photo"},
                                {"CE-Subject", "caf%C3%A9 \xE2\x98\x83"},
                                {"CE-Time", "2018-04-05T17:31:00Z"},
                                {"CE-DataSchema", "https://a/schema"},
                                {"CE-PartitionKey", "p"},
                                {"CE-ComExample", "\"a%20\\\"b\\\"\""}},
                               "\xff\xd8");

  EXPECT_EQ(event.id, "7");
  EXPECT_EQ(event.source, "/cams");
  EXPECT_EQ(event.type, "photo");
  EXPECT_EQ(event.subject, "caf\xC3\xA9 \xE2\x98\x83");
  EXPECT_EQ(event.content_type, "image/png");
  EXPECT_EQ(event.time, EventTime(1'522'949'460'000'000));
  EXPECT_EQ(event.key, "p");
  EXPECT_EQ(extension(event, "partitionkey"), "p");
  EXPECT_EQ(extension(event, "dataschema"), "https://a/schema");
  EXPECT_EQ(extension(event, "comexample"), "a \"b\"");
  EXPECT_EQ(event.extensions.size(), 3U);
  EXPECT_EQ(event.data.view(), "\xff\xd8");
}

TEST(CloudEvents, InStructuredModeTheBodyIsTheEvent) {
  const Event event = event_of(
      structured,
      R"( { "data" : {"b": [1, 2.50, "x"]} , "specversion":"1.0","id":"\u0041","source":"/a",)"
      R"("type":"t","subject":"a\"b","time":"2018-04-05T19:31:00.5+02:00","dataschema":"s:1",)"
      R"("text":"x","yes":true,"no":false,"number":-7 ,"nothing":null, "\u0061bc": "esc" } )");

  EXPECT_EQ(event.id, "A");
  EXPECT_EQ(event.subject, "a\"b");
  EXPECT_EQ(event.time, EventTime(1'522'949'460'500'000));
  EXPECT_EQ(event.content_type, "");
  EXPECT_EQ(event.data.view(), R"({"b": [1, 2.50, "x"]})");
  EXPECT_EQ(extension(event, "dataschema"), "s:1");
  EXPECT_EQ(extension(event, "text"), "x");
  EXPECT_EQ(extension(event, "yes"), "true");
  EXPECT_EQ(extension(event, "no"), "false");
  EXPECT_EQ(extension(event, "number"), "-7");
  EXPECT_EQ(extension(event, "nothing"), "none");
  EXPECT_EQ(extension(event, "abc"), "esc");
}

TEST(CloudEvents, DataIsWhatItsContentTypeSays) {
  const auto data = [](const std::string& members) {
    return std::string(event_of(structured, json(members)).data.view());
  };

  EXPECT_EQ(data(R"("data":"x")"), "\"x\"");
  EXPECT_EQ(data(R"("datacontenttype":"application/json","data":"x")"), "\"x\"");
  EXPECT_EQ(data(R"("data":"a\nb","datacontenttype":"text/plain")"), "a\nb");
  EXPECT_EQ(data(R"("data":12345678901234567890123.5e400)"), "12345678901234567890123.5e400");
  EXPECT_EQ(data(R"("data": [ ] )"), "[ ]");
  EXPECT_EQ(data(R"("data": false )"), "false");
  EXPECT_EQ(data(R"("data":null)"), "");
  EXPECT_EQ(data(""), "");
  EXPECT_EQ(data(R"("data_base64":"3q2+7w==","datacontenttype":"a/b")"), "\xde\xad\xbe\xef");
  EXPECT_EQ(data(R"("data_base64":"eyJhIjoxfQ==")"), R"({"a":1})");
  EXPECT_EQ(data(R"("data_base64":null,"data":1)"), "1");
  EXPECT_EQ(why_not(structured, json(R"("data":{},"datacontenttype":"text/plain")")),
            "this is no CloudEvent: its data is an object, but datacontenttype 'text/plain' is not "
            "that of JSON");
}

TEST(CloudEvents, ABatchIsAListOfEvents) {
  const auto events = read(batched, "[" + json(R"("one":"1","data":{"n":1})") + " , " +
                                        json(R"("two":"2","three":"3","data":{"n":2})") + "]");

  ASSERT_TRUE(events) << events.error().message;
  ASSERT_EQ(events->size(), 2U);
  EXPECT_EQ((*events)[0].data.view(), R"({"n":1})");
  EXPECT_EQ(extension((*events)[0], "one"), "1");
  EXPECT_EQ((*events)[0].extensions.size(), 1U);
  EXPECT_EQ((*events)[1].data.view(), R"({"n":2})");
  EXPECT_EQ(extension((*events)[1], "three"), "3");
  EXPECT_THAT(*read(batched, "[]"), IsEmpty());
}

TEST(CloudEvents, ABatchIsTakenAsAWholeOrNotAtAll) {
  EXPECT_EQ(why_not(batched, "[" + json("") + R"(, {"specversion":"1.0"}])"),
            "this is no batch of CloudEvents: event 2: it has no id");
  EXPECT_EQ(why_not(batched, "[" + json("") + ", 7]"),
            "this is no batch of CloudEvents: event 2: it is no JSON object");
  EXPECT_EQ(why_not(batched, json("")), "this is no batch of CloudEvents: it is no JSON list");
  EXPECT_EQ(why_not(batched, "[" + json("") + "," + json("") + "]", {.events_max = 1}),
            "this is no batch of CloudEvents: it has more than 1 events");
}

TEST(CloudEvents, AnEventOutlivesItsMessage) {
  Event event;
  {
    auto events =
        read(batched, "[" + json(R"("ext":"value","data":{"n":1})") + "," + json("") + "]");
    ASSERT_TRUE(events);
    event = events->front();
  }
  EXPECT_EQ(event.id, "1");
  EXPECT_EQ(extension(event, "ext"), "value");
  EXPECT_EQ(event.data.view(), R"({"n":1})");
}

TEST(CloudEvents, WhatSinksWriteIsRead) {
  Event written;
  written.id = "o-7";
  written.source = "kafka:orders";
  written.type = "order";
  written.subject = "a \"b\"";
  written.time = EventTime(1'700'000'000'000'042);
  written.key = "customer";
  written.content_type = "text/plain";
  written.data = Bytes::copy("line\n\"two\"");
  std::string line;
  append_cloud_event(line, written);

  const Event back = event_of(structured, line);

  EXPECT_EQ(back.id, written.id);
  EXPECT_EQ(back.source, written.source);
  EXPECT_EQ(back.type, written.type);
  EXPECT_EQ(back.subject, written.subject);
  EXPECT_EQ(back.time, written.time);
  EXPECT_EQ(back.key, written.key);
  EXPECT_EQ(back.content_type, written.content_type);
  EXPECT_EQ(back.data.view(), written.data.view());
}

TEST(CloudEvents, RequiredAttributesAreRequired) {
  const auto without = [](std::size_t missing) {
    auto headers = binary();
    headers[missing].name = "x";
    return why_not(headers, "");
  };
  EXPECT_EQ(without(1), "this is no CloudEvent: it has no id");
  EXPECT_EQ(without(2), "this is no CloudEvent: it has no source");
  EXPECT_EQ(without(3), "this is no CloudEvent: it has no type");
  EXPECT_THAT(why_not(structured, R"({"id":"1","source":"/a","type":"t"})"),
              HasSubstr("it has no specversion"));
  EXPECT_THAT(why_not(structured, R"({"specversion":"1.0","id":null,"source":"/a","type":"t"})"),
              HasSubstr("it has no id"));
}

TEST(CloudEvents, AttributesThatBreakTheRulesAreRefused) {
  const auto header = [](std::string_view name, std::string_view value) {
    return why_not(binary({{name, value}}), "");
  };
  EXPECT_THAT(header("ce-my-attr", "x"), HasSubstr("'my-attr' is no name of an attribute"));
  EXPECT_THAT(header("ce-", "x"), HasSubstr("'' is no name of an attribute"));
  EXPECT_THAT(header("ce-data", "x"), HasSubstr("'data' is no name of an attribute"));
  EXPECT_THAT(header("ce-datacontenttype", "x"), HasSubstr("belongs into the header Content-Type"));
  EXPECT_THAT(header("ce-subject", ""), HasSubstr("its subject is empty"));
  EXPECT_THAT(header("ce-id", "2"), HasSubstr("its attribute 'id' is there twice"));
  EXPECT_THAT(header("ce-specversion", "1.0"), HasSubstr("'specversion' is there twice"));
  EXPECT_THAT(header("ce-time", "yesterday"), HasSubstr("its time 'yesterday' is not RFC 3339"));
  EXPECT_THAT(header("ce-time", "1969-07-20T20:17:40Z"), HasSubstr("is before 1970"));
  EXPECT_THAT(header("ce-a", "x%2"), HasSubstr("'a' has a '%' without two hex digits"));
  EXPECT_THAT(header("ce-a", "x%0Ay"), HasSubstr("'a' has control characters"));
  EXPECT_THAT(header("ce-a", "x%C2%85y"), HasSubstr("'a' has control characters"));
  EXPECT_THAT(header("ce-a", "%ff"), HasSubstr("'a' is not UTF-8"));
  EXPECT_THAT(why_not(binary({{"ce-a", "1"}, {"CE-A", "1"}}), ""), HasSubstr("'a' is there twice"));
}

TEST(CloudEvents, MembersThatBreakTheRulesAreRefused) {
  const auto with = [](const std::string& members) { return why_not(structured, json(members)); };

  EXPECT_THAT(with(R"("my_attr":"x")"), HasSubstr("'my_attr' is no name of an attribute"));
  EXPECT_THAT(with(R"("MyAttr":"x")"), HasSubstr("'MyAttr' is no name of an attribute"));
  EXPECT_THAT(with(R"("a":{"b":1})"), HasSubstr("'a' is an object; attributes are text"));
  EXPECT_THAT(with(R"("a":[])"), HasSubstr("'a' is a list; attributes are text"));
  EXPECT_THAT(with(R"("subject":7)"), HasSubstr("'subject' is a number; it has to be text"));
  EXPECT_THAT(with(R"("a":1.5)"), HasSubstr("'a' is 1.5; numbers are whole"));
  EXPECT_THAT(with(R"("a":2147483648)"), HasSubstr("'a' is 2147483648; numbers are whole"));
  EXPECT_THAT(with(R"("a":"1","a":"1")"), HasSubstr("'a' is there twice"));
  EXPECT_THAT(with(R"("data":1,"data":1)"), HasSubstr("its data is there twice"));
  EXPECT_THAT(with(R"("data":1,"data_base64":"")"), HasSubstr("both data and data_base64"));
  EXPECT_THAT(with(R"("data_base64":"?")"), HasSubstr("its data_base64 is no base64"));
  EXPECT_THAT(with(R"("data_base64":7)"), HasSubstr("'data_base64' is a number"));
  EXPECT_THAT(with(R"("a":"x\u0007")"), HasSubstr("'a' has control characters"));
}

TEST(CloudEvents, WhatIsNoJsonIsRefused) {
  const std::string sentence = "this is no CloudEvent: it is not JSON";
  for (const std::string& members :
       {std::string(R"("data":tru)"), std::string(R"("data":truex)"), std::string(R"("data":01)"),
        std::string(R"("data":[1,2})"), std::string(R"("data":{"a" 1})"),
        std::string(R"("data":{"a":"\x"})"), std::string(R"("data":[1 2])"),
        std::string(R"("data":1.)"), std::string(R"("a":nul)"), std::string(R"("a":"\u12")"),
        std::string("\"a\":\"\xff\""), std::string(R"("a":"1" "b":"2")"),
        std::string(R"("data":[1,])")})
    EXPECT_EQ(why_not(structured, json(members)), sentence) << members;
  EXPECT_EQ(why_not(structured, json("") + " {}"), sentence);
  EXPECT_EQ(why_not(structured, ""), sentence);
  EXPECT_NE(why_not(structured, R"({"specversion":)"), "it was read");
  EXPECT_EQ(why_not(structured, "7"), "this is no CloudEvent: it is no JSON object");
  EXPECT_NE(why_not(batched, "[" + json("") + "] []"), "it was read");
}

TEST(CloudEvents, ThereAreLimits) {
  std::string deep = json("\"data\":" + std::string(129, '[') + std::string(129, ']'));
  EXPECT_THAT(why_not(structured, deep), HasSubstr("its data nests more than 128 levels"));
  EXPECT_THAT(why_not(structured, json("\"data\":" + std::string(100'000, '[')), {}),
              HasSubstr("CloudEvent"));
  EXPECT_THAT(why_not(structured, json(R"("a":"1","b":"2")"), {.extensions_max = 1}),
              HasSubstr("it has more than 1 extension attributes"));
  EXPECT_THAT(why_not(structured, json(R"("a":"12345")"), {.attribute_bytes_max = 4}),
              HasSubstr("'a' has more than 4 bytes"));
}

TEST(CloudEvents, FormatsThatNobodyReadsAreRefused) {
  EXPECT_THAT(why_not({{"content-type", "application/cloudevents+avro"}}, "x"),
              HasSubstr("its format 'application/cloudevents+avro' is not known"));
}

TEST(CloudEvents, OverKafkaValuesOfHeadersAreAsTheyAre) {
  const std::vector<HttpHeader> headers{{"ce_specversion", "1.0"},
                                        {"ce_id", "1"},
                                        {"ce_source", "/a"},
                                        {"ce_type", "t"},
                                        {"ce_subject", "100%"}};

  const auto events = read_events(Mode::binary, kafka_binding, headers, "");

  ASSERT_TRUE(events) << events.error().message;
  EXPECT_EQ(events->front().subject, "100%");
}

}  // namespace
}  // namespace tidemill::cloudevents
