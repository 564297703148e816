#include "template.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace tidemill::mail {
namespace {

using ::testing::HasSubstr;

std::string program(std::string_view text, Markup markup = Markup::none) {
  const auto made = program_of(text, markup);
  if (!made) return "error: " + made.error().message;
  return made->value_or("none");
}

TEST(Template, TextWithoutJqStandsForItself) {
  EXPECT_EQ(program("Hello, \"Ann\" (you)"), "none");
  EXPECT_EQ(program(""), "none");
  EXPECT_EQ(program("C:\\dir"), "none");
}

TEST(Template, WhatIsAroundJqIsEscapedAndJqIsNot) {
  EXPECT_EQ(program("Order \\(.id)"), R"x("Order \(.id)")x");
  EXPECT_EQ(program("\"a\"\n\\(.b)\\x"), R"x("\"a\"\u000a\(.b)\\x")x");
  EXPECT_EQ(program("\\\\(.b) \\(.c)"), R"x("\\(.b) \(.c)")x");
}

TEST(Template, JqMayHaveParenthesesAndStringsInIt) {
  const auto itself = [](std::string text) { return program(text) == '"' + text + '"'; };
  EXPECT_TRUE(itself(R"x(\((.a + 1) * 2) and \(.b))x"));
  EXPECT_TRUE(itself(R"x(\(.a | join(") \" (")))x"));
  EXPECT_TRUE(itself(R"x(\("x\("y" + ")")z"))x"));
}

TEST(Template, InHtmlWhatJqGivesIsEscaped) {
  EXPECT_EQ(program("<b>\\(.a)</b>", Markup::html), R"x(@html "<b>\(.a)</b>")x");
}

TEST(Template, JqThatHasNoEndIsAnError) {
  EXPECT_THAT(program("a \\(.b"), HasSubstr("there is no ) to the \\( of \\(.b"));
  EXPECT_THAT(program("a \\(\"b)"), HasSubstr("error: "));
  EXPECT_THAT(program("\\(\"\\"), HasSubstr("error: "));
}

TEST(Template, BackslashesBeforeAParenthesisAreTakenForOne) {
  const CompileExpression none;
  const auto made = Template::compile("\\\\(no jq) \\n", Markup::none, none);
  ASSERT_TRUE(made);
  EXPECT_EQ(made->render({}, {}).value(), "\\(no jq) \\n");
}

}  // namespace
}  // namespace tidemill::mail
