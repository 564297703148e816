#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

#include "api_gateway_event.h"

namespace tidemill::http {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Pair;

Reply reply(std::string_view returned) {
  auto read = reply_of(returned);
  if (!read) {
    ADD_FAILURE() << read.error().message;
    return {};
  }
  return std::move(*read);
}

std::string why_not(std::string_view returned) {
  const auto read = reply_of(returned);
  if (read) return "it was read";
  EXPECT_EQ(read.error().fault, Fault::bad_event);
  return read.error().message;
}

TEST(ReplyOf, AnAnswerOfAFunctionIsTakenAsItIsMeant) {
  const Reply answer = reply(R"({
    "statusCode": 201,
    "headers": {"Content-Type": "application/json", "My-Custom-Header": "Custom Value"},
    "body": "{ \"message\": \"Hello, world!\" }",
    "cookies": ["Cookie_1=Value1; Expires=21 Oct 2021 07:48 GMT", "Cookie_2=Value2; Max-Age=78000"],
    "isBase64Encoded": false
  })");

  EXPECT_EQ(answer.status, 201U);
  EXPECT_EQ(answer.body, R"({ "message": "Hello, world!" })");
  EXPECT_THAT(answer.headers,
              ElementsAre(Pair("Content-Type", "application/json"),
                          Pair("My-Custom-Header", "Custom Value"),
                          Pair("set-cookie", "Cookie_1=Value1; Expires=21 Oct 2021 07:48 GMT"),
                          Pair("set-cookie", "Cookie_2=Value2; Max-Age=78000")));
}

TEST(ReplyOf, AStatusAloneIsAnAnswer) {
  const Reply answer = reply(R"({"statusCode": 204, "headers": null, "body": null})");

  EXPECT_EQ(answer.status, 204U);
  EXPECT_EQ(answer.body, "");
  EXPECT_THAT(answer.headers, ElementsAre(Pair("content-type", "text/plain; charset=utf-8")));
  EXPECT_EQ(reply(R"({"statusCode": "418"})").status, 418U);
  EXPECT_EQ(reply(R"({"statusCode": 200.0})").status, 200U);
}

TEST(ReplyOf, AnyOtherJsonIsTheBodyAsItStands) {
  for (const auto returned : {R"({"message": "Hello" })", R"([1, 2.50])", R"("Hello")", "7", "null",
                              "true", "12345678901234567890123", R"({"body": "x"})", "{}"}) {
    const Reply answer = reply(returned);
    EXPECT_EQ(answer.status, 200U);
    EXPECT_EQ(answer.body, returned);
    EXPECT_THAT(answer.headers, ElementsAre(Pair("content-type", "application/json")));
  }
}

TEST(ReplyOf, ABodyInBase64IsItsBytes) {
  EXPECT_EQ(reply(R"({"statusCode": 200, "body": "/9g=", "isBase64Encoded": true})").body,
            "\xff\xd8");
  EXPECT_THAT(why_not(R"({"statusCode": 200, "body": "no", "isBase64Encoded": true})"),
              HasSubstr("its body is no base64"));
}

TEST(ReplyOf, HeadersMayBeNumbersToo) {
  EXPECT_THAT(reply(R"({"statusCode": 200,
                        "headers": {"content-type": "a/b", "x-n": 7, "x-b": true, "x-null": null}})")
                  .headers,
              ElementsAre(Pair("content-type", "a/b"), Pair("x-n", "7"), Pair("x-b", "true")));
}

TEST(ReplyOf, HowItIsFramedIsNotForTheFunctionToSay) {
  EXPECT_THAT(reply(R"({"statusCode": 200, "headers": {"Content-Length": "7", "content-type": "a/b",
                        "Transfer-Encoding": "chunked", "CONNECTION": "close", "Upgrade": "h2c"}})")
                  .headers,
              ElementsAre(Pair("content-type", "a/b")));
}

TEST(ReplyOf, NoHeaderCanBeginAnother) {
  EXPECT_THAT(why_not(R"({"statusCode": 200, "headers": {"x": "a\r\nset-cookie: b"}})"),
              HasSubstr("its header 'x' has control characters"));
  EXPECT_THAT(why_not(R"({"statusCode": 200, "headers": {"x: y\r\nz": "a"}})"),
              HasSubstr("a header's name is"));
  EXPECT_THAT(why_not(R"({"statusCode": 200, "headers": {"": "a"}})"),
              HasSubstr("a header's name is ''"));
  EXPECT_THAT(why_not(R"({"statusCode": 200, "cookies": ["a\nb"]})"),
              HasSubstr("its header 'set-cookie' has control characters"));
}

TEST(ReplyOf, WhatIsNoAnswerSaysWhy) {
  EXPECT_EQ(why_not(""), "this is no answer to a request: it is not JSON");
  EXPECT_EQ(why_not("Hello"), "this is no answer to a request: it is not JSON");
  EXPECT_EQ(why_not(std::string(100'000, '[')), "this is no answer to a request: it is not JSON");
  for (const auto code : {"99", "101", "600", "\"abc\"", "\"200x\"", "-200", "200.5", "null", "[]",
                          "4294967496", "true"})
    EXPECT_THAT(why_not(std::string(R"({"statusCode": )") + code + "}"),
                HasSubstr("it has to be one from 200 to 599"))
        << code;
  EXPECT_THAT(why_not(R"({"statusCode": 200, "body": {"a": 1}})"),
              HasSubstr("its body is no text"));
  EXPECT_THAT(why_not(R"({"statusCode": 200, "headers": []})"), HasSubstr("headers are no object"));
  EXPECT_THAT(why_not(R"({"statusCode": 200, "headers": {"a": []}})"), HasSubstr("its header 'a'"));
  EXPECT_THAT(why_not(R"({"statusCode": 200, "cookies": "a"})"), HasSubstr("cookies are no list"));
  EXPECT_THAT(why_not(R"({"statusCode": 200, "cookies": [1]})"), HasSubstr("a cookie is no text"));
  EXPECT_THAT(why_not(R"({"statusCode": 200, "isBase64Encoded": "yes"})"),
              HasSubstr("neither true nor false"));
}

}  // namespace
}  // namespace tidemill::http
