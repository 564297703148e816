#include "json_text/json_text.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>

namespace tidemill {
namespace {

std::string string_of(std::string_view text) {
  std::string out;
  append_json_string(out, text);
  return out;
}

std::string line_of(std::string_view content_type, std::string_view data) {
  std::string out;
  append_json_line(out, content_type, data);
  return out;
}

TEST(JsonText, EscapesWhatJsonCannotHold) {
  EXPECT_EQ(string_of("a\"b\\c\n\r\t\x01"), R"("a\"b\\c\n\r\t\u0001")");
  EXPECT_EQ(string_of("grün"), "\"grün\"");
}

TEST(JsonText, EscapesAtTheEndsAndSideBySide) {
  EXPECT_EQ(string_of("\n"), R"("\n")");
  EXPECT_EQ(string_of("\"\"a\\"), R"("\"\"a\\")");
  std::string inside;
  append_json_escaped(inside, "a\tb");
  EXPECT_EQ(inside, R"(a\tb)");
}

TEST(JsonText, EscapesWhereverItStands) {
  for (const char c : {'"', '\\', '\n', '\x1f', '\0'})
    for (std::size_t length = 1; length < 30; ++length)
      for (std::size_t at = 0; at < length; ++at) {
        std::string text(length, '\x7f');
        std::fill(text.begin(), text.begin() + static_cast<std::ptrdiff_t>(at), '!');
        text[at] = c;
        const std::string escaped = string_of(text.substr(at, 1));
        EXPECT_EQ(string_of(text), '"' + text.substr(0, at) +
                                       escaped.substr(1, escaped.size() - 2) + text.substr(at + 1) +
                                       '"');
      }
  EXPECT_EQ(string_of("a long text with ünïcödé, and no more"),
            "\"a long text with ünïcödé, and no more\"");
}

TEST(JsonText, BytesThatAreNotUtf8BecomeReplacementCharacters) {
  EXPECT_EQ(string_of("a\xFF\xC3z"), "\"a\xEF\xBF\xBD\xEF\xBF\xBDz\"");
  EXPECT_EQ(string_of("\xE2\x82\xAC\xE2\x82\n"), "\"\xE2\x82\xAC\xEF\xBF\xBD\xEF\xBF\xBD\\n\"");
}

TEST(JsonText, JsonIsALineAsItIs) {
  EXPECT_EQ(line_of("application/json", R"({"a":1})"), "{\"a\":1}\n");
  EXPECT_EQ(line_of("", "12"), "12\n");
  EXPECT_EQ(line_of("application/cloudevents+json", "[]"), "[]\n");
}

TEST(JsonText, LineBreaksBetweenTokensBecomeBlanks) {
  EXPECT_EQ(line_of("application/json; charset=utf-8", "{\r\n\"a\":\n\"b\\n\"}"),
            "{  \"a\": \"b\\n\"}\n");
}

TEST(JsonText, OtherTextIsAStringWhateverItLooksLike) {
  EXPECT_EQ(line_of("text/plain", "12"), "\"12\"\n");
  EXPECT_EQ(line_of("application/json", "{broken\n"), "\"{broken\\n\"\n");
  EXPECT_EQ(line_of("", ""), "\"\"\n");
}

TEST(JsonText, BytesAreBase64) {
  EXPECT_EQ(line_of("image/jpeg", "\xFF\xD8"), "{\"data_base64\": \"/9g=\"}\n");
  EXPECT_EQ(line_of("image/jpeg", "\xFF\xD8\xFF"), "{\"data_base64\": \"/9j/\"}\n");
  EXPECT_EQ(line_of("image/jpeg", "\xFF"), "{\"data_base64\": \"/w==\"}\n");
}

TEST(JsonText, Base64SaysWhatItWasMadeOf) {
  std::string bytes;
  for (int i = 0; i < 256; ++i) {
    std::string text;
    std::string back = "before ";
    append_base64(text, bytes);
    ASSERT_TRUE(append_from_base64(back, text)) << text;
    EXPECT_EQ(back, "before " + bytes);
    bytes += static_cast<char>(255 - i);
  }
}

TEST(JsonText, WhatIsNoBase64ChangesNothing) {
  for (const auto text : {"/", "/w", "/w=", "/w= ", "====", "/===", "/w==/w==", "/w=a", "/9g-",
                          "/9g\n", "\xff\xff\xff\xff"}) {
    std::string out = "before";
    EXPECT_FALSE(append_from_base64(out, text)) << text;
    EXPECT_EQ(out, "before");
  }
}

TEST(JsonText, KnowsTheContentTypesOfJson) {
  for (const auto type : {"", "application/json", "text/json", "application/json ; charset=utf-8",
                          "application/problem+json;v=1"})
    EXPECT_TRUE(names_json(type)) << type;
  for (const auto type : {"text/plain", "application/jsonp", "json", "text/plain; a=+json"})
    EXPECT_FALSE(names_json(type)) << type;
}

}  // namespace
}  // namespace tidemill
