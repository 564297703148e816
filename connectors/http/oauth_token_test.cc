#include "oauth_token.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <thread>
#include <vector>

#include "http_client/testing/test_server.h"

namespace tidemill::http {
namespace {

using namespace std::chrono_literals;
using ::testing::HasSubstr;
using tidemill::testing::TestServer;

TEST(TokenAnswer, IsReadAsServersWriteIt) {
  const auto token = parse_token_answer(
      R"({"access_token":"abc","token_type":"bearer","expires_in":3600,"scope":"x"})");
  ASSERT_TRUE(token);
  EXPECT_EQ(token->text, "abc");
  EXPECT_EQ(token->lasts, 1h);
  EXPECT_EQ(parse_token_answer(R"({"access_token":"abc"})")->lasts, 0s);
  EXPECT_EQ(parse_token_answer(R"({"access_token":"abc","expires_in":"soon"})")->lasts, 0s);
  EXPECT_EQ(parse_token_answer(R"({"access_token":"abc","expires_in":1e300})")->lasts,
            std::chrono::days(365));
}

TEST(TokenAnswer, WhatIsNoneIsASentence) {
  for (const char* text : {"", "[]", "{}", R"({"access_token":7})", R"({"access_token":"a\nb"})",
                           R"({"access_token":"a","token_type":"mac"})"})
    EXPECT_FALSE(parse_token_answer(text)) << text;
  EXPECT_EQ(parse_token_refusal(R"({"error":"invalid_client","error_description":"who?"})"),
            "invalid_client: who?");
  EXPECT_EQ(parse_token_refusal("<html>"), "");
}

class TokenSourceTest : public ::testing::Test {
 protected:
  TestServer::Answer answer(const TestServer::Request&) {
    if (status != 200) return {.status = status, .body = R"({"error":"invalid_client"})"};
    const std::string number = std::to_string(++given);
    return {.body = R"({"access_token":"token-)" + number + R"(","expires_in":)" + expires + "}"};
  }

  TokenSource& tokens() {
    if (!tokens_) {
      auto made = TokenSource::make(options, {}, 10s, [this] { return now.load(); });
      EXPECT_TRUE(made) << (made ? "" : made.error().message);
      tokens_ = std::move(*made);
    }
    return *tokens_;
  }

  std::atomic<int> given = 0;
  std::atomic<unsigned> status = 200;
  std::string expires = "600";
  std::atomic<Instant> now{Instant{}};
  TestServer server{[this](const TestServer::Request& request) { return answer(request); }};
  OauthOptions options{.token_url = server.url() + "/token",
                       .client_id = "me:too",
                       .client_secret = {"s/ecret"},
                       .scope = {"read", "write"},
                       .audience = "https://api"};
  std::unique_ptr<TokenSource> tokens_;
};

TEST_F(TokenSourceTest, AsksAsTheStandardWantsIt) {
  EXPECT_EQ(tokens().token().value(), "token-1");
  const auto asked = server.requests().at(0);
  EXPECT_EQ(asked.method, "POST");
  EXPECT_EQ(asked.target, "/token");
  EXPECT_EQ(asked.header("content-type"), "application/x-www-form-urlencoded");
  // me%3Atoo:s%2Fecret
  EXPECT_EQ(asked.header("authorization"), "Basic bWUlM0F0b286cyUyRmVjcmV0");
  EXPECT_EQ(asked.body,
            "audience=https%3A%2F%2Fapi&grant_type=client_credentials&scope=read%20write");
}

TEST_F(TokenSourceTest, KeepsATokenUntilShortlyBeforeItExpires) {
  EXPECT_EQ(tokens().token().value(), "token-1");
  now = Instant{} + 539s;
  EXPECT_EQ(tokens().token().value(), "token-1");
  now = Instant{} + 541s;
  EXPECT_EQ(tokens().token().value(), "token-2");
}

TEST_F(TokenSourceTest, FetchesAnotherWhereAServerRefusesIt) {
  EXPECT_EQ(tokens().token().value(), "token-1");
  tokens().refused("token-0");  // One that is not in use any more.
  EXPECT_EQ(tokens().token().value(), "token-1");
  tokens().refused("token-1");
  EXPECT_EQ(tokens().token().value(), "token-2");
}

TEST_F(TokenSourceTest, ManyWhoNeedOneFetchItOnce) {
  std::ignore = tokens();
  std::vector<std::jthread> threads;
  for (int i = 0; i < 8; ++i)
    threads.emplace_back([this] { EXPECT_EQ(tokens_->token().value(), "token-1"); });
  threads.clear();
  EXPECT_EQ(given, 1);
}

TEST_F(TokenSourceTest, ARefusalIsOursToCorrectAndAServerThatIsAwayIsWaitedFor) {
  status = 401;
  const auto refused = tokens().token();
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().fault, Fault::bad_config);
  EXPECT_THAT(refused.error().message, HasSubstr("invalid_client; correct oauth2"));
  EXPECT_THAT(refused.error().message, ::testing::Not(HasSubstr("ecret")));
  status = 503;
  EXPECT_EQ(tokens().token().error().fault, Fault::unavailable);
  status = 200;
  EXPECT_EQ(tokens().token().value(), "token-1");
}

}  // namespace
}  // namespace tidemill::http
