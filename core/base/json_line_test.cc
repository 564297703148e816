#include "core/base/json_line.h"

#include <gtest/gtest.h>

#include <string>

namespace tidemill {
namespace {

using std::string_literals::operator""s;

TEST(JsonLine, MarksBytesThatAreNoUtf8) {
  EXPECT_EQ(JsonLine().text("key", "\xC3\xA4").finish(), "{\"key\":\"\xC3\xA4\"}");
  EXPECT_EQ(JsonLine().text("key", "\xC3").finish(), R"({"key":"ww==","key_encoding":"base64"})");
  EXPECT_EQ(JsonLine().text("key", "a\0\n"s).finish(), R"({"key":"a\u0000\n"})");
  EXPECT_EQ(JsonLine().finish(), "{}");
}

TEST(JsonLine, TakesAnyNameOfAnAttribute) {
  EXPECT_EQ(JsonLine().attribute("a\"b", "v").finish(), R"({"a\"b":"v"})");
  EXPECT_EQ(JsonLine().attribute("\xC3", "v").finish(), R"({"ww==":"v"})");
}

TEST(JsonLine, KeepsABodyThatIsJsonAsItIs) {
  EXPECT_EQ(JsonLine().body("v", "1e400").finish(), R"({"v":1e400})");
  EXPECT_EQ(JsonLine().body("v", "18446744073709551616").finish(), R"({"v":18446744073709551616})");
  EXPECT_EQ(JsonLine().body("v", "").finish(), R"({"v":"","v_encoding":"text"})");
  EXPECT_EQ(JsonLine().body("v", "1 2").finish(), R"({"v":"1 2","v_encoding":"text"})");
}

}  // namespace
}  // namespace tidemill
