#include "http_sink_template.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "plain_paths_fixture.h"

namespace tidemill::http {
namespace {

using testing::compile_path;
using ::testing::HasSubstr;
using enum Template::Use;

Result<std::string> filled(std::string_view text, Template::Use use, std::string_view data) {
  const auto made = Template::parse(text, use, compile_path);
  EXPECT_TRUE(made) << (made ? "" : made.error().message);
  if (!made) return std::string();
  Event event;
  event.id = "o-7";
  Effect effect;
  effect.data = data;
  return made->fill(event, effect);
}

std::string error_of(std::string_view text, std::string_view data) {
  const auto value = filled(text, target, data);
  EXPECT_FALSE(value) << text << ' ' << data;
  if (value) return {};
  EXPECT_EQ(value.error().fault, Fault::bad_event);
  return value.error().message;
}

TEST(Template, FillsInWhatStandsBetweenBraces) {
  EXPECT_EQ(filled("/users/{.user}/{$event.id}?q={.q}", target, R"({"user":"ann","q":"a b"})"),
            "/users/ann/o-7?q=a%20b");
  EXPECT_EQ(filled("tenant {.t}, {{literal}}", header, R"({"t":"a/b c"})"),
            "tenant a/b c, {literal}");
  EXPECT_EQ(filled("/fixed", target, ""), "/fixed");
}

TEST(Template, AValueStaysOnePartOfThePath) {
  EXPECT_EQ(filled("/a/{.v}", target, R"({"v":"x/y?z#é%2e"})"), "/a/x%2Fy%3Fz%23%C3%A9%252e");
  EXPECT_EQ(filled("/a/{.v}", target, R"({"v":"//other.example/"})"), "/a/%2F%2Fother.example%2F");
}

TEST(Template, APathDoesNotLeadElsewhere) {
  EXPECT_THAT(error_of("/a/{.v}", R"({"v":".."})"), HasSubstr("leads elsewhere"));
  EXPECT_THAT(error_of("/a/{.v}", R"({"v":"."})"), HasSubstr("leads elsewhere"));
  EXPECT_THAT(error_of("/a/{.v}", R"({"v":"x/../../admin"})"), HasSubstr("leads elsewhere"));
  EXPECT_THAT(error_of("/a/{.v}", R"({"v":"x\\..\\y"})"), HasSubstr("leads elsewhere"));
  EXPECT_THAT(error_of("/a/{.v}{.w}", R"({"v":".","w":"."})"), HasSubstr("leads elsewhere"));
  EXPECT_THAT(error_of("/a/.{.v}", R"({"v":"./b"})"), HasSubstr("leads elsewhere"));
  EXPECT_THAT(error_of("/a/{.v}/b", R"({"v":""})"), HasSubstr("{.v}: it is empty"));
  // A query may say what it likes.
  EXPECT_EQ(filled("/a?p={.v}&q={.w}", target, R"({"v":"..","w":""})"), "/a?p=..&q=");
}

TEST(Template, WhatCannotBeSentIsABadEvent) {
  EXPECT_THAT(error_of("/a/{.v}", R"({"v":"a\nb"})"), HasSubstr("control characters"));
  EXPECT_THAT(error_of("/a/{.none}", R"({"v":"a"})"), HasSubstr("{.none}: it gives nothing"));
  EXPECT_THAT(error_of("/a/{.v}", "{\"v\":\"" + std::string(3000, 'x') + "\"}"),
              HasSubstr("more than 2048 bytes"));
  EXPECT_FALSE(filled("{.v}", header, R"({"v":"a\r\nSet-Cookie: b"})"));
}

TEST(Template, MistakesAreSentences) {
  const auto error = [](std::string_view text) {
    const auto made = Template::parse(text, target, compile_path);
    return made ? std::string() : made.error().message;
  };
  EXPECT_THAT(error("/a/{.v"), HasSubstr("has no closing }"));
  EXPECT_THAT(error("/a/.v}"), HasSubstr("closes nothing"));
  EXPECT_THAT(error("/a/{1 + 1}"), HasSubstr("{1 + 1}: 1:1: it is no path"));
  // Braces and strings within the expression are its own.
  EXPECT_EQ(error(R"(/a/{.v | {a: "}"} | .a})"), "");
}

}  // namespace
}  // namespace tidemill::http
