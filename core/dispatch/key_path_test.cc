#include "core/dispatch/key_path.h"

#include <gmock/gmock.h>

namespace tidemill {
namespace {

using ::testing::HasSubstr;

Result<std::string> key(std::string_view path, std::string_view data) {
  return KeyPath::parse(path).value().of(Event{}, data);
}

std::string why_not(std::string_view path, std::string_view data) {
  const auto got = key(path, data);
  if (got) return "gave " + *got;
  EXPECT_EQ(got.error().fault, Fault::bad_event);
  return got.error().message;
}

std::string nested(std::size_t depth, std::string_view inner) {
  std::string text;
  for (std::size_t i = 0; i < depth; ++i) text += "{\"a\":";
  return text.append(inner).append(depth, '}');
}

TEST(KeyPath, FindsTextByName) {
  EXPECT_EQ(key(".id", R"({"x": 1, "id": "abc"})"), "abc");
  EXPECT_EQ(key(".user.id", R"({"user": {"name": "n", "id": "u7"}})"), "u7");
  EXPECT_EQ(key(".id", R"({"id": ""})"), "");
}

TEST(KeyPath, FindsFieldsInAnyOrderAfterSkippingOthers) {
  EXPECT_EQ(key(".b", R"({"a": {"b": "wrong"}, "list": [{"b": 1}], "b": "right"})"), "right");
}

TEST(KeyPath, NumbersAndBooleansGiveTheirText) {
  EXPECT_EQ(key(".id", R"({"id": 42 , "x": 1})"), "42");
  EXPECT_EQ(key(".id", R"({"id": -1.50e3})"), "-1.50e3");
  EXPECT_EQ(key(".id", R"({"id": 18446744073709551615})"), "18446744073709551615");
  EXPECT_EQ(key(".id", R"({"id": 123456789012345678901234567890})"),
            "123456789012345678901234567890");
  EXPECT_EQ(key(".id", R"({"id": true})"), "true");
  EXPECT_EQ(key(".id", "{\"id\":\tfalse\n}"), "false");
}

TEST(KeyPath, TextIsUnescapedAndUnicodeStaysWhole) {
  EXPECT_EQ(key(".id", R"({"id": "a\"b\nc"})"), "a\"b\nc");
  EXPECT_EQ(key(".id", R"({"id": "gr\u00fc\u00df \ud83d\ude00"})"), "grüß 😀");
  EXPECT_EQ(key(".größe", R"({"größe": "日本"})"), "日本");
}

TEST(KeyPath, WhatIsMissingSaysWhere) {
  EXPECT_EQ(why_not(".user.id", R"({"user": {}})"), "the data has nothing at .user.id");
  EXPECT_EQ(why_not(".user.id", R"({"user": 5})"), "the data has nothing at .user.id");
  EXPECT_EQ(why_not(".id", "[1, 2]"), "the data has nothing at .id");
  EXPECT_EQ(why_not(".id", "42"), "the data has nothing at .id");
  EXPECT_EQ(why_not(".id", "\"text\""), "the data has nothing at .id");
}

TEST(KeyPath, OnlyAScalarCanBeAKey) {
  EXPECT_EQ(why_not(".id", R"({"id": null})"), "the value at .id cannot be a key");
  EXPECT_EQ(why_not(".id", R"({"id": {"a": 1}})"), "the value at .id cannot be a key");
  EXPECT_EQ(why_not(".id", R"({"id": ["a"]})"), "the value at .id cannot be a key");
}

TEST(KeyPath, InvalidJsonIsABadEvent) {
  for (const std::string_view data : {"", " ", "hello", "{", "{\"id\"", "{\"id\": \"open",
                                      "\xff\xfe", "{\"id\": \"\xc3\x28\"}", "{\"id\": \"\\q\"}"}) {
    EXPECT_FALSE(key(".id", data)) << data;
  }
}

TEST(KeyPath, ATokenThatOnlyBeginsLikeANumberIsNotAKey) {
  EXPECT_EQ(why_not(".id", R"({"id": 12abc})"), "the value at .id cannot be a key");
  EXPECT_EQ(why_not(".id", R"({"id": -})"), "the value at .id cannot be a key");
  EXPECT_EQ(why_not(".id", R"({"id": truth})"), "the value at .id cannot be a key");
}

TEST(KeyPath, DeepDataIsRead) {
  std::string path;
  for (int i = 0; i < 100; ++i) path += ".a";
  EXPECT_EQ(key(path, nested(100, "\"deep\"")), "deep");
  EXPECT_EQ(key(".b", R"({"a": )" + nested(5000, "1") + R"(, "b": "beside"})"), "beside");
}

TEST(KeyPath, APathDeeperThanAnyDataMayBeIsRefused) {
  std::string path;
  for (int i = 0; i < 256; ++i) path += ".a";
  EXPECT_TRUE(KeyPath::parse(path));
  EXPECT_FALSE(KeyPath::parse(path + ".a"));
  EXPECT_EQ(key(path, nested(256, "\"deep\"")), "deep");
}

TEST(KeyPath, DataThatEndsBeforeItsValueHasNoKey) {
  const std::string whole = R"({"id": 12345})";
  for (std::size_t length = 0; length < 8; ++length)
    EXPECT_FALSE(key(".id", whole.substr(0, length))) << length;
}

TEST(KeyPath, AttributesComeFromTheEvent) {
  Event event;
  event.source = "folder:/in";
  event.type = "created";
  event.subject = "a.jpg";
  event.key = "k";
  event.time = EventTime(1234567);
  event.partition = Partition(3);
  event.offset = Offset(9);
  const auto attribute = [&](std::string_view name) {
    return KeyPath::parse(name).value().of(event, "not read").value();
  };

  EXPECT_EQ(attribute("$event.source"), "folder:/in");
  EXPECT_EQ(attribute("$event.type"), "created");
  EXPECT_EQ(attribute("$event.subject"), "a.jpg");
  EXPECT_EQ(attribute("$event.key"), "k");
  EXPECT_EQ(attribute("$event.time"), "1234567");
  EXPECT_EQ(attribute("$event.id"), "folder:/in/3@9");
  event.id = "own";
  EXPECT_EQ(attribute("$event.id"), "own");
}

TEST(KeyPath, ByDefaultTheEventsOwnKeyElseItsIdentity) {
  Event event;
  event.source = "s";
  EXPECT_EQ(KeyPath().of(event, ""), "s/0@0");
  event.key = "k";
  EXPECT_EQ(KeyPath().of(event, ""), "k");
}

TEST(KeyPath, APathOfAnotherFormIsRefusedWithTheFormThatIsExpected) {
  for (const std::string_view path :
       {"", "id", ".", "..", ".a.", ".a..b", "$event", "$event.", "$event.nothing", "$.id"}) {
    const auto parsed = KeyPath::parse(path);
    ASSERT_FALSE(parsed) << path;
    EXPECT_EQ(parsed.error().fault, Fault::bad_config);
    EXPECT_THAT(parsed.error().message, HasSubstr("expected a path such as .id"));
  }
}

}  // namespace
}  // namespace tidemill
