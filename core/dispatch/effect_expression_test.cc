#include "core/dispatch/effect_expression.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>

namespace tidemill {
namespace {

using ::testing::HasSubstr;

class EffectExpressionTest : public ::testing::Test {
 protected:
  static std::shared_ptr<const EventExpression> compile(std::string_view text) {
    auto compiled = compile_effect_expression(text);
    EXPECT_TRUE(compiled) << compiled.error().message;
    return *compiled;
  }

  std::string text_of(std::string_view expression) const {
    const auto text = compile(expression)->text(event_, effect_);
    return text ? *text : "error: " + text.error().message;
  }

  const std::array<Attribute, 1> headers_{{{"trace", "t1"}}};
  Event event_{.offset = Offset(3),
               .source = "file:/a",
               .extensions = headers_,
               .key = "ann",
               .data = Bytes::forever(R"({"page": "of the event"})")};
  Effect effect_{.data = R"({"page": "/home", "n": 7, "share": 0.5, "list": [1]})"};
};

TEST_F(EffectExpressionTest, ReadsTheDataOfTheEffectAndNotOfItsEvent) {
  EXPECT_EQ(text_of(".page"), "/home");
  EXPECT_EQ(text_of(R"(.page + "#" + (.n | tostring))"), "/home#7");
}

TEST_F(EffectExpressionTest, SeesTheAttributesOfItsEvent) {
  EXPECT_EQ(text_of("$event.key"), "ann");
  EXPECT_EQ(text_of("$event.id"), "file:/a/0@3");
  EXPECT_EQ(text_of("$event.headers.trace"), "t1");
}

TEST_F(EffectExpressionTest, AnEffectsOwnKeyCountsMoreThanThatOfItsEvent) {
  effect_.key = "bob";
  EXPECT_EQ(text_of("$event.key"), "bob");
}

TEST_F(EffectExpressionTest, AttributesNeedNoData) {
  effect_.data = {};
  EXPECT_EQ(text_of("$event.key"), "ann");
  EXPECT_THAT(text_of(".page"), HasSubstr("error: "));
}

TEST_F(EffectExpressionTest, GivesValuesOfEveryKind) {
  using Kind = ExpressionValue::Kind;
  effect_.data = R"({"page": "a\"b", "n": 10000000000000000001, "ok": true, "none": null,
                     "list": [1, {"x": 2}]})";
  const auto given = [this](std::string_view expression) {
    auto value = compile(expression)->value(event_, effect_);
    EXPECT_TRUE(value) << value.error().message;
    return value ? std::pair(value->kind, value->text) : std::pair(Kind::null, std::string("?"));
  };
  EXPECT_EQ(given(".page"), std::pair(Kind::text, std::string("a\"b")));
  EXPECT_EQ(given(".n"), std::pair(Kind::number, std::string("10000000000000000001")));
  EXPECT_EQ(given(".ok"), std::pair(Kind::boolean, std::string("true")));
  EXPECT_EQ(given(".none").first, Kind::null);
  EXPECT_EQ(given(".nowhere").first, Kind::null);
  EXPECT_EQ(given(".list"), std::pair(Kind::json, std::string(R"([1,{"x":2}])")));
  EXPECT_EQ(given("{page: .list[0]}"), std::pair(Kind::json, std::string(R"({"page":1})")));
  EXPECT_EQ(given("$event.key"), std::pair(Kind::text, std::string("ann")));
  EXPECT_FALSE(compile(".list[]")->value(event_, effect_));
  EXPECT_FALSE(compile("empty")->value(event_, effect_));
}

TEST_F(EffectExpressionTest, GivesNumbers) {
  EXPECT_EQ(compile(".n")->number(event_, effect_).value(), 7);
  EXPECT_EQ(compile(".share * 4")->number(event_, effect_).value(), 2);
  const auto none = compile(".page")->number(event_, effect_);
  ASSERT_FALSE(none);
  EXPECT_EQ(none.error().fault, Fault::bad_event);
}

TEST_F(EffectExpressionTest, WhatIsNoTextIsAFaultOfTheEvent) {
  const auto text = compile(".list")->text(event_, effect_);
  ASSERT_FALSE(text);
  EXPECT_EQ(text.error().fault, Fault::bad_event);
  EXPECT_THAT(text.error().message, HasSubstr(".list"));
}

TEST_F(EffectExpressionTest, WhatIsNoJqIsToldWhenItIsCompiled) {
  const auto compiled = compile_effect_expression(".a | (");
  ASSERT_FALSE(compiled);
  EXPECT_EQ(compiled.error().fault, Fault::bad_config);
}

}  // namespace
}  // namespace tidemill
