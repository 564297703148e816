#include "core/expression/path.h"

#include <gmock/gmock.h>

namespace tidemill::expression {
namespace {

using ::testing::HasSubstr;

std::string at(std::string_view path, std::string_view data, Strings strings = Strings::bare) {
  auto parsed = Path::parse(path);
  if (!parsed || !*parsed) return "is no path";
  const auto value = (*parsed)->of(data, EventView{}, strings);
  if (value) return value->text;
  EXPECT_EQ(value.error().fault, Fault::bad_event);
  return "error: " + value.error().message;
}

bool is_path(std::string_view text) {
  const auto parsed = Path::parse(text);
  return parsed && *parsed;
}

std::string nested(std::size_t depth, std::string_view inner) {
  std::string text;
  for (std::size_t i = 0; i < depth; ++i) text += "{\"a\":";
  return text.append(inner).append(depth, '}');
}

TEST(Path, FindsTextByName) {
  EXPECT_EQ(at(".id", R"({"x": 1, "id": "abc"})"), "abc");
  EXPECT_EQ(at(".user.id", R"({"user": {"name": "n", "id": "u7"}})"), "u7");
  EXPECT_EQ(at(".id", R"({"id": ""})"), "");
}

TEST(Path, FindsFieldsInAnyOrderAfterSkippingOthers) {
  EXPECT_EQ(at(".b", R"({"a": {"b": "wrong"}, "list": [{"b": 1}], "b": "right"})"), "right");
}

TEST(Path, QuotesAndBracketsNameWhatADotCannot) {
  constexpr std::string_view data = R"({"x y": {"a.b": 1, "$": {"c": 2}}})";
  EXPECT_EQ(at(R"(.["x y"]["a.b"])", data), "1");
  EXPECT_EQ(at(R"(."x y"."$".c)", data), "2");
  EXPECT_EQ(at(R"( ."x y"["$"] )", data), R"({"c":2})");
}

TEST(Path, NumbersCountTheItemsOfAnArray) {
  constexpr std::string_view data = R"({"items": [{"id": "a"}, {"id": "b"}]})";
  EXPECT_EQ(at(".items[0].id", data), "a");
  EXPECT_EQ(at(".items[1].id", data), "b");
  EXPECT_EQ(at(".items[2].id", data), "null");
  EXPECT_EQ(at(".[1]", "[1, [2, 3]]"), "[2,3]");
}

TEST(Path, NumbersAndBooleansKeepTheirText) {
  EXPECT_EQ(at(".id", R"({"id": 42 , "x": 1})"), "42");
  EXPECT_EQ(at(".id", R"({"id": -1.50e3})"), "-1.50e3");
  EXPECT_EQ(at(".id", R"({"id": 18446744073709551615})"), "18446744073709551615");
  EXPECT_EQ(at(".id", R"({"id": 123456789012345678901234567890})"),
            "123456789012345678901234567890");
  EXPECT_EQ(at(".id", R"({"id": true})"), "true");
  EXPECT_EQ(at(".id", "{\"id\":\tfalse\n}"), "false");
}

TEST(Path, BareTextIsUnescapedAndUnicodeStaysWhole) {
  EXPECT_EQ(at(".id", R"({"id": "a\"b\nc"})"), "a\"b\nc");
  EXPECT_EQ(at(".id", R"({"id": "gr\u00fc\u00df \ud83d\ude00"})"), "grüß 😀");
}

TEST(Path, QuotedTextStaysAsItIsWritten) {
  EXPECT_EQ(at(".id", R"({"id": "a\"b\nc \u00fc"})", Strings::quoted), R"("a\"b\nc \u00fc")");
}

TEST(Path, TheWholeOfTheDataIsMadeCompact) {
  EXPECT_EQ(at(".", " { \"a b\" : [ 1 , { } , [ ] ,\n null ] , \"\\n\" : \" x \" } "),
            R"({"a b":[1,{},[],null],"\n":" x "})");
  EXPECT_EQ(at(".", " 12 "), "12");
  EXPECT_EQ(at(".", "\"text\""), "text");
  EXPECT_EQ(at(".", "\"text\"", Strings::quoted), "\"text\"");
  EXPECT_EQ(at(".", "null"), "null");
}

TEST(Path, NothingThereIsNull) {
  EXPECT_EQ(at(".user.id", R"({"user": {}})"), "null");
  EXPECT_EQ(at(".user.id", R"({"user": null})"), "null");
  EXPECT_EQ(at(".user.id.more[7].and", R"({})"), "null");
  EXPECT_EQ(at(".a[0]", R"({"a": []})"), "null");
  EXPECT_EQ(at(".a", "null"), "null");
}

TEST(Path, AStepIntoWhatHasNoSuchStepsIsAnError) {
  EXPECT_EQ(at(".user.id", R"({"user": 5})"), "error: Cannot index number with string \"id\"");
  EXPECT_EQ(at(".id", "[1, 2]"), "error: Cannot index array with string \"id\"");
  EXPECT_EQ(at(".[0]", "{}"), "error: Cannot index object with number");
  EXPECT_EQ(at(".id", "42"), "error: Cannot index number with string \"id\"");
  EXPECT_EQ(at(".id", "\"text\""), "error: Cannot index string with string \"id\"");
  EXPECT_EQ(at(".id", "true"), "error: Cannot index boolean with string \"id\"");
}

TEST(Path, InvalidJsonIsABadEvent) {
  for (const std::string_view data : {"",
                                      " ",
                                      "hello",
                                      "{",
                                      "{\"id\"",
                                      "{\"id\": \"open",
                                      "\xff\xfe",
                                      "{\"id\": \"\xc3\x28\"}",
                                      "{\"id\": \"\\q\"}",
                                      "{\"id\": 12abc}",
                                      "{\"id\": -}",
                                      "{\"id\": truth}",
                                      "{\"id\": nul}",
                                      "{\"id\": 01}",
                                      "{\"id\": {\"a\": tru}}",
                                      "{\"id\": [1 2]}",
                                      "{\"id\": [1,]}",
                                      "{\"id\": {\"a\" 1}}",
                                      "{\"id\": {\"\\q\": 1}}",
                                      "{\"id\": {1: 1}}"}) {
    EXPECT_EQ(at(".id", data), "error: the data is not valid JSON") << data;
    EXPECT_EQ(at(".", data), "error: the data is not valid JSON") << data;
  }
  for (const std::string_view data : {"{} {}", "1 2", "[1]]", "\"a\" x", "null null"})
    EXPECT_EQ(at(".", data), "error: the data is not valid JSON") << data;
}

TEST(Path, DataThatEndsTooEarlyIsInvalid) {
  const std::string whole = R"({"id": {"a": [1, true, "x"]}})";
  for (std::size_t length = 0; length < whole.size(); ++length)
    EXPECT_EQ(at(".", whole.substr(0, length)), "error: the data is not valid JSON") << length;
}

TEST(Path, DeepDataIsPassedByAndWhatIsGivenMayBeNestedAsDeepAsJqAllows) {
  std::string path;
  for (int i = 0; i < 100; ++i) path += ".a";
  EXPECT_EQ(at(path, nested(100, "\"deep\"")), "deep");
  EXPECT_EQ(at(".b", R"({"a": )" + nested(5000, "1") + R"(, "b": "beside"})"), "beside");
  EXPECT_EQ(at(".", nested(256, "1")), nested(256, "1"));
  EXPECT_EQ(at(".", nested(257, "1")), "error: the data is nested deeper than 256 levels");
}

TEST(Path, MoreThanAPathIsForJq) {
  for (const std::string_view text : {"",
                                      "id",
                                      "..",
                                      ".a.",
                                      ".a..b",
                                      ".[]",
                                      ".[-1]",
                                      ".a[1:2]",
                                      ".a?",
                                      ".a|.b",
                                      ".a,.b",
                                      ".a b",
                                      ".1",
                                      ".a-b",
                                      ".[\"a\\n\"]",
                                      ".\"größe\"",
                                      ".\"a/b\"",
                                      ".a.[0]",
                                      ".a\"b\"",
                                      ".[0",
                                      ".[\"a\"",
                                      ".[12345678901]",
                                      "$event",
                                      "$events.id",
                                      "$event.headers",
                                      "$event.id.x",
                                      "$event[0]",
                                      "$event.headers[0]",
                                      "$event.headersx[0]",
                                      "$.id",
                                      "$ENV.id"})
    EXPECT_FALSE(is_path(text)) << text;
}

TEST(Path, AttributesAndHeadersComeFromTheEvent) {
  const Attribute headers[] = {{"x-id", "first"}, {"trace", "t"}, {"x-id", "second \"2\""}};
  const EventView event{.id = "7",
                        .source = "folder:/in",
                        .type = "created",
                        .subject = "a.jpg",
                        .key = "k",
                        .time = EventTime(1'700'000'000'000'000),
                        .headers = headers};
  const auto attribute = [&](std::string_view text, Strings strings = Strings::bare) {
    const auto path = Path::parse(text);
    EXPECT_TRUE((*path)->reads_event());
    return (*path)->of("not read", event, strings).value().text;
  };
  EXPECT_EQ(attribute("$event.id"), "7");
  EXPECT_EQ(attribute("$event.source"), "folder:/in");
  EXPECT_EQ(attribute("$event.type"), "created");
  EXPECT_EQ(attribute("$event[\"subject\"]"), "a.jpg");
  EXPECT_EQ(attribute("$event.key"), "k");
  EXPECT_EQ(attribute("$event.time"), "2023-11-14T22:13:20.000000Z");
  EXPECT_EQ(attribute("$event.headers.trace"), "t");
  EXPECT_EQ(attribute("$event.headers[\"x-id\"]"), "second \"2\"");
  EXPECT_EQ(attribute("$event.headers[\"x-id\"]", Strings::quoted), R"("second \"2\"")");
  EXPECT_EQ(attribute("$event.headers.none"), "null");
}

TEST(Path, WhatTheEventLacksIsNull) {
  for (const std::string_view name : {"id", "source", "type", "subject", "key", "time"})
    EXPECT_EQ(at("$event." + std::string(name), "{}"), "null") << name;
}

TEST(Path, AnAttributeThatDoesNotExistIsRefusedWithThoseThatDo) {
  for (const std::string_view text : {"$event.nothing", "$event.headersx"}) {
    const auto parsed = Path::parse(text);
    ASSERT_FALSE(parsed);
    EXPECT_EQ(parsed.error().fault, Fault::bad_config);
    EXPECT_THAT(parsed.error().message, HasSubstr("it has id, source, type"));
  }
}

}  // namespace
}  // namespace tidemill::expression
