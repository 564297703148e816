#include "signed_client.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>

#include "http_client/testing/test_server.h"

namespace tidemill::aws {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;
using testing::TestServer;

// Without a wait between two attempts.
constexpr RetryOptions at_once{.attempts = 4, .initial = Duration(0), .max = Duration(0)};

std::unique_ptr<SignedClient> client_of(const std::string& url) {
  auto client =
      SignedClient::make({.http = {.server = *http_client::parse_url(url)},
                          .scope = {"us-east-1", "s3"},
                          .credentials = {.access_key = "AKID", .secret_key = {"very-secret"}},
                          .environment = [](const auto&) { return std::nullopt; },
                          .retry = at_once,
                          .clock = [] { return WallTime(1'700'000'000'000'000); },
                          .seed = 1});
  EXPECT_TRUE(client) << client.error().message;
  return std::move(*client);
}

TEST(SignedClient, EveryRequestIsSigned) {
  TestServer server([](const TestServer::Request&) { return TestServer::Answer{}; });

  ASSERT_TRUE(client_of(server.url())->send({.target = "/a"}));

  const auto requests = server.requests();
  ASSERT_EQ(requests.size(), 1);
  EXPECT_THAT(requests[0].header("authorization"),
              HasSubstr("Credential=AKID/20231114/us-east-1/s3/aws4_request"));
  for (const auto& [name, value] : requests[0].headers)
    EXPECT_THAT(value, Not(HasSubstr("very-secret")));
}

TEST(SignedClient, WhatMayPassIsSentAgain) {
  for (const unsigned status : {500U, 503U, 429U}) {
    std::atomic<int> calls = 0;
    TestServer server([&](const TestServer::Request&) {
      return TestServer::Answer{.status = ++calls < 3 ? status : 200};
    });

    const auto answer = client_of(server.url())->send({});

    ASSERT_TRUE(answer) << answer.error().message;
    EXPECT_EQ(answer->status, 200);
    EXPECT_EQ(calls, 3);
  }
}

TEST(SignedClient, AConnectionThatBreaksIsTriedAgain) {
  std::atomic<int> calls = 0;
  TestServer server([&](const TestServer::Request&) {
    return TestServer::Answer{.manner = ++calls < 4 ? TestServer::Manner::hang_up
                                                    : TestServer::Manner::answer};
  });

  EXPECT_TRUE(client_of(server.url())->send({}));
  EXPECT_EQ(calls, 4);
}

TEST(SignedClient, WhatNeverPassesIsAnsweredInTheEnd) {
  std::atomic<int> calls = 0;
  TestServer server([&](const TestServer::Request&) {
    ++calls;
    return TestServer::Answer{.status = 503, .body = "<Code>SlowDown</Code>"};
  });

  const auto answer = client_of(server.url())->send({});

  ASSERT_TRUE(answer);
  EXPECT_EQ(answer->status, 503);
  EXPECT_EQ(calls, 4);
}

TEST(SignedClient, WhoTriesAgainByItselfIsToldSoon) {
  std::atomic<int> calls = 0;
  TestServer server([&](const TestServer::Request&) {
    ++calls;
    return TestServer::Answer{.status = 503};
  });

  EXPECT_EQ(client_of(server.url())->send({}, Patience::little)->status, 503);
  EXPECT_EQ(calls, 2);
}

TEST(SignedClient, ARefusalIsNoReasonToTryAgain) {
  std::atomic<int> calls = 0;
  TestServer server([&](const TestServer::Request&) {
    ++calls;
    return TestServer::Answer{.status = 403, .body = "<Code>AccessDenied</Code>"};
  });

  EXPECT_EQ(client_of(server.url())->send({})->status, 403);
  EXPECT_EQ(calls, 1);
}

TEST(SignedClient, AClockThatIsWrongIsSetByTheServices) {
  std::atomic<int> skewed = 0;
  TestServer server([&](const TestServer::Request& request) -> TestServer::Answer {
    if (request.header("x-amz-date").starts_with("20231115T0013")) return {.body = "in time"};
    ++skewed;
    return {.status = 403,
            .headers = {{"Date", "Wed, 15 Nov 2023 00:13:27 GMT"}},
            .body = "<Code>RequestTimeTooSkewed</Code>"};
  });
  const auto client = client_of(server.url());

  EXPECT_EQ(client->send({.target = "/a"})->body, "in time");
  EXPECT_EQ(client->send({.target = "/b"})->body, "in time");
  EXPECT_EQ(skewed, 1);
}

TEST(SignedClient, OfTheTimeItComplainsNoMoreThanTwice) {
  std::atomic<int> calls = 0;
  TestServer server([&](const TestServer::Request&) -> TestServer::Answer {
    ++calls;
    return {.status = 403,
            .headers = {{"Date", "Wed, 15 Nov 2023 00:13:27 GMT"}},
            .body = "<Code>RequestTimeTooSkewed</Code>"};
  });

  EXPECT_EQ(client_of(server.url())->send({})->status, 403);
  EXPECT_EQ(calls, 2);
}

TEST(SignedClient, OfSeveralOnlyThoseThatFailedAreSentAgain) {
  std::atomic<int> bad = 0;
  TestServer server([&](const TestServer::Request& request) {
    const bool refuse = request.target == "/bad" && ++bad == 1;
    return TestServer::Answer{.status = refuse ? 503U : 200U, .body = request.target};
  });
  const std::vector<http_client::Request> requests{
      {.target = "/a"}, {.target = "/bad"}, {.target = "/b"}};

  const auto answers = client_of(server.url())->send_all(requests);

  ASSERT_EQ(answers.size(), 3);
  for (std::size_t i = 0; i < 3; ++i) EXPECT_EQ(answers[i]->body, requests[i].target);
  EXPECT_EQ(server.requests().size(), 4);
}

}  // namespace
}  // namespace tidemill::aws
