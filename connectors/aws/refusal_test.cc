#include "refusal.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace tidemill::aws {
namespace {

using ::testing::HasSubstr;

const Addressee orders{"http://h", "SQS", "queue orders"};

Error refusal_of(unsigned status, std::string body) {
  const http_client::Response answer{.status = status, .headers = {}, .body = std::move(body)};
  return refused(orders, answer);
}

TEST(AwsRefusal, IsReadFromJsonAndFromXml) {
  const auto json = parse_refusal(R"({"__type":"com.amazonaws.sqs#Code","Message":"why"})");
  EXPECT_EQ(json.code, "Code");
  EXPECT_EQ(json.message, "why");
  const auto xml = parse_refusal(
      "<ErrorResponse><Error><Type>Sender</Type><Code>NotFound</Code>"
      "<Message>no topic</Message></Error></ErrorResponse>");
  EXPECT_EQ(xml.code, "NotFound");
  EXPECT_EQ(xml.message, "no topic");
  const auto before_it = parse_refusal(
      "<?xml version=\"1.0\"?>\n<ErrorResponse><Errors><Error><Code>InvalidClientTokenId</Code>"
      "</Error></Errors></ErrorResponse>");
  EXPECT_EQ(before_it.code, "InvalidClientTokenId");
  EXPECT_EQ(parse_refusal("<html>").code, "");
  EXPECT_EQ(parse_refusal("{}").code, "");
}

TEST(AwsRefusal, SaysWhatAPersonHasToMend) {
  const std::pair<const char*, const char*> sentences[] = {
      {"QueueDoesNotExist", "there is no queue orders at http://h; create it"},
      {"AccessDeniedException", "allow it to these credentials"},
      {"InvalidClientTokenId", "correct access_key"},
      {"SignatureDoesNotMatch", "correct secret_key"},
      {"KmsDisabled", "refuses it for the queue orders"}};
  for (const auto& [code, sentence] : sentences) {
    const Error error = refusal_of(400, R"({"__type":"x#)" + std::string(code) + R"("})");
    EXPECT_EQ(error.fault, Fault::bad_config) << code;
    EXPECT_THAT(error.message, HasSubstr(sentence));
    EXPECT_EQ(just_now(error).fault, Fault::transient);
  }
}

TEST(AwsRefusal, OfTheServiceAloneItIsWaitedFor) {
  EXPECT_EQ(refusal_of(503, "busy").fault, Fault::unavailable);
  for (const char* code : {"RequestThrottled", "ThrottlingException", "KmsThrottled"})
    EXPECT_EQ(refusal_of(400, R"({"__type":"x#)" + std::string(code) + R"("})").fault,
              Fault::unavailable);
}

TEST(AwsRefusal, AnythingElseIsOfWhatWasSent) {
  EXPECT_EQ(refusal_of(400, R"({"__type":"x#InvalidMessageContents"})").fault, Fault::bad_event);
}

TEST(AwsRefusal, WhatIsNoAnswerOfItsKindMayBeAWrongEndpoint) {
  const Error error = refusal_of(404, "<html>nothing here</html>");
  EXPECT_EQ(error.fault, Fault::bad_config);
  EXPECT_THAT(error.message, HasSubstr("is this an endpoint of SQS?"));
}

}  // namespace
}  // namespace tidemill::aws
