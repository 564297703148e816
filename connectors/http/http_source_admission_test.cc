// HttpSource: who may send, how often and how much, before anything becomes an event.
#include <gmock/gmock.h>

#include <set>

#include "http_source_fixture.h"

namespace tidemill::http {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

TEST_F(HttpSourceTest, MoreThanMayWaitAreTurnedAway) {
  auto wanted = config();
  wanted.waiting_max = 2;
  auto& intake = source(std::move(wanted));
  SourceDriver driver(scheduler_, intake);
  const auto first = send({});
  const auto second = send({});
  is_answered(second);

  const auto third = send({});
  EXPECT_EQ(status(third), 429u);
  EXPECT_EQ(header(answer(third), "Retry-After"), "1");
  driver.settle(driver.poll());
  EXPECT_EQ(status(first), 202u);
  const auto fourth = send({});
  driver.settle(driver.poll());
  EXPECT_EQ(status(fourth), 202u);
}

TEST_F(HttpSourceTest, OtherPathsAndMethodsAreNotItsOwn) {
  source(config());
  EXPECT_EQ(status(send({.path = "/other"})), 404u);
  const auto wrong = send({.method = "GET"});
  EXPECT_EQ(status(wrong), 405u);
  EXPECT_EQ(header(answer(wrong), "Allow"), "POST");
}

TEST_F(HttpSourceTest, ALocalApiTakesNoOtherNameForItself) {
  auto& intake = source(config());
  SourceDriver driver(scheduler_, intake);
  EXPECT_EQ(status(send({.headers = {{"Host", "evil.example"}}})), 403u);
  auto wanted = config();
  wanted.path = "/named";
  wanted.hosts = {"api.example"};
  source(std::move(wanted));
  EXPECT_EQ(status(send({.path = "/named"})), 403u);
  EXPECT_FALSE(is_answered(send({.path = "/named", .headers = {{"Host", "api.example:8081"}}})));
}

TEST_F(HttpSourceTest, WhoHasAKeyMayCall) {
  auto wanted = config("reply");
  wanted.auth.api_keys = {{"mobile:k1"}};
  auto& api = source(std::move(wanted));
  SourceDriver driver(scheduler_, api);

  EXPECT_EQ(status(send({})), 401u);
  EXPECT_EQ(status(send({.headers = {{"X-Api-Key", "k2"}}})), 401u);
  const auto sent = send({.headers = {{"X-Api-Key", "k1"}}});
  const auto events = driver.poll();
  ASSERT_EQ(events.size(), 1u);
  EXPECT_THAT(events[0].data.view(), HasSubstr(R"("principalId":"mobile")"));
  driver.settle(events);
  EXPECT_EQ(status(sent), 204u);
}

TEST_F(HttpSourceTest, ACallerHasItsRate) {
  auto wanted = config();
  wanted.rate_limit = {.rate = Rate{1}, .burst = 1};
  auto& intake = source(std::move(wanted));
  SourceDriver driver(scheduler_, intake);

  const auto first = send({});
  driver.settle(driver.poll());
  EXPECT_EQ(status(first), 202u);
  const auto second = send({});
  EXPECT_EQ(status(second), 429u);
  EXPECT_EQ(header(answer(second), "Retry-After"), "1");
}

TEST_F(HttpSourceTest, ASignatureHasToBeRight) {
  auto wanted = config();
  wanted.verify.hmac.secrets = {{"It's a Secret to Everybody"}};
  wanted.verify.hmac.header = "X-Hub-Signature-256";
  auto& intake = source(std::move(wanted));
  SourceDriver driver(scheduler_, intake);

  EXPECT_EQ(status(send({.body = "Hello, World!"})), 401u);
  // GitHub's own example.
  const auto sent = send(
      {.body = "Hello, World!",
       .headers = {{"X-Hub-Signature-256",
                    "sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17"}}});
  driver.settle(driver.poll());
  EXPECT_EQ(status(sent), 202u);
}

TEST_F(HttpSourceTest, APageOfAnotherOriginIsToldWhatItMay) {
  auto wanted = config();
  wanted.cors.allow_origins = {"https://app.example"};
  wanted.cors.allow_methods = {"POST"};
  auto& intake = source(std::move(wanted));
  SourceDriver driver(scheduler_, intake);

  const auto asked = send(
      {.method = "OPTIONS",
       .headers = {{"Origin", "https://app.example"}, {"Access-Control-Request-Method", "POST"}}});
  EXPECT_EQ(status(asked), 204u);
  EXPECT_EQ(header(answer(asked), "access-control-allow-origin"), "https://app.example");
  const auto sent = send({.headers = {{"Origin", "https://app.example"}}});
  driver.settle(driver.poll());
  EXPECT_EQ(status(sent), 202u);
  EXPECT_EQ(header(answer(sent), "access-control-allow-origin"), "https://app.example");
}

TEST_F(HttpSourceTest, TheSameKeyOfAnotherCallerOrForAnotherRequestIsAnotherOne) {
  auto wanted = config("reply");
  wanted.routes = {"POST /a", "POST /b"};
  wanted.path = "/";
  wanted.auth.api_keys = {{"ann:k1"}, {"bob:k2"}};
  auto& api = source(std::move(wanted));
  SourceDriver driver(scheduler_, api);
  std::set<std::string> ids;
  std::vector<Sent> all;
  for (const auto& [path, key] :
       {std::pair("/a", "k1"), std::pair("/b", "k1"), std::pair("/a", "k2"), std::pair("/a", "k1")})
    all.push_back(send({.path = path, .headers = {{"X-Api-Key", key}, {"Idempotency-Key", "7"}}}));
  is_answered(all.back());
  const auto events = driver.poll();
  for (const Event& event : events) {
    ids.emplace(event.id);
    EXPECT_THAT(event.data.view(), ::testing::Not(HasSubstr("x-api-key")));
  }
  EXPECT_THAT(ids, ElementsAre("ann/POST /a 7", "ann/POST /b 7", "bob/POST /a 7"));
  driver.settle(events);
  for (const Sent& sent : all) EXPECT_EQ(status(sent), 204u);
}

TEST_F(HttpSourceTest, APageOfAnotherOriginSendsNothingToALocalApi) {
  source(config());
  EXPECT_EQ(status(send({.headers = {{"Origin", "https://evil.example"}}})), 403u);
  EXPECT_FALSE(is_answered(send({.headers = {{"Origin", "http://localhost:8081"}}})));
}

}  // namespace
}  // namespace tidemill::http
