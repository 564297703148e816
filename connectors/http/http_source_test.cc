// HttpSource: what of requests becomes events, and what their senders are told.
#include <gmock/gmock.h>

#include "http_source_fixture.h"

namespace tidemill::http {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

TEST_F(HttpSourceTest, AnIntakeAnswersOnceItsEventIsSettled) {
  auto& intake = source(config());
  SourceDriver driver(scheduler_, intake);
  const auto sent = send(
      {.body = R"({"n":1})", .headers = {{"X-GitHub-Event", "push"}, {"Authorization", "secret"}}});
  const auto events = driver.poll();

  ASSERT_EQ(events.size(), 1u);
  EXPECT_EQ(events[0].data.view(), R"({"n":1})");
  EXPECT_EQ(events[0].content_type, "application/json");
  EXPECT_EQ(events[0].source, "http://127.0.0.1:8081/hook");
  EXPECT_EQ(events[0].subject, "/hook");
  EXPECT_EQ(events[0].extensions[0].name, "x-github-event");
  EXPECT_EQ(events[0].extensions[0].value, "push");
  for (const Attribute& one : events[0].extensions) EXPECT_NE(one.name, "authorization");
  EXPECT_FALSE(is_answered(sent));

  driver.settle(events);

  EXPECT_EQ(status(sent), 202u);
}

TEST_F(HttpSourceTest, AnApiAnswersWhatTheFunctionReplies) {
  auto wanted = config("reply");
  wanted.path = "/users/{id}";
  wanted.method = {"GET"};
  auto& api = source(std::move(wanted));
  SourceDriver driver(scheduler_, api);
  const auto sent = send({.path = "/users/7", .method = "GET"});
  const auto events = driver.poll();

  ASSERT_EQ(events.size(), 1u);
  EXPECT_THAT(events[0].data.view(), HasSubstr(R"("pathParameters":{"id":"7"})"));
  EXPECT_THAT(events[0].data.view(), HasSubstr(R"("routeKey":"GET /users/{id}")"));
  const Reply reply{.status = 201,
                    .content_type = "text/plain",
                    .body = "seven",
                    .headers = {{"Location", "/users/7"}}};
  settle(api, {.partition = {},
               .offset = events[0].offset,
               .subject = {},
               .version = {},
               .reply = std::make_shared<const Reply>(reply)});

  EXPECT_EQ(status(sent), 201u);
  EXPECT_EQ(answer(sent).body, "seven");
  EXPECT_EQ(answer(sent).content_type, "text/plain");
  EXPECT_EQ(header(answer(sent), "Location"), "/users/7");
}

TEST_F(HttpSourceTest, WhatFailedIsTheServersFaultForWhoWaitsAndSafeForWhoSends) {
  auto& api = source(config("reply"));
  auto wanted = config("202");
  wanted.path = "/intake";
  auto& intake = source(std::move(wanted));
  SourceDriver driver(scheduler_, api);
  SourceDriver intake_driver(scheduler_, intake);
  const auto asked = send({});
  const auto left = send({.path = "/intake"});
  driver.poll();
  intake_driver.poll();

  settle(api, {.partition = {}, .offset = {}, .subject = {}, .version = {}, .failed = "no"});
  settle(intake, {.partition = {}, .offset = {}, .subject = {}, .version = {}, .failed = "no"});

  EXPECT_EQ(status(asked), 500u);
  EXPECT_EQ(answer(asked).body, R"({"message":"Internal Server Error"})");
  EXPECT_EQ(status(left), 202u);
}

TEST_F(HttpSourceTest, NoReplyIsNoContent) {
  auto& api = source(config("reply"));
  SourceDriver driver(scheduler_, api);
  const auto sent = send({});
  driver.settle(driver.poll());
  EXPECT_EQ(status(sent), 204u);
}

TEST_F(HttpSourceTest, WhatItsReaderCanMakeNothingOfIsTheSendersMistake) {
  auto& intake = source(config());
  SourceDriver driver(scheduler_, intake);
  const auto sent = send({.body = "garbage"});
  driver.poll();

  settle(
      intake,
      {.partition = {}, .offset = {}, .subject = {}, .version = {}, .refused = "it is not JSON"});

  EXPECT_EQ(status(sent), 400u);
  EXPECT_THAT(answer(sent).body, HasSubstr("it is not JSON"));
}

TEST_F(HttpSourceTest, WhatIsNotSettledInTimeIsToBeSentAgain) {
  auto& intake = source(config());
  auto wanted = config("reply");
  wanted.path = "/api";
  auto& api = source(std::move(wanted));
  SourceDriver driver(scheduler_, intake);
  SourceDriver api_driver(scheduler_, api);
  const auto left = send({});
  const auto asked = send({.path = "/api"});
  const auto before = scheduler_.now();
  const auto events = driver.poll();
  api_driver.poll();

  EXPECT_EQ(status(left), 503u);
  EXPECT_EQ(status(asked), 504u);
  EXPECT_EQ(scheduler_.now() - before, std::chrono::seconds(5));
  driver.settle(events);  // Too late for anybody to hear.
}

TEST_F(HttpSourceTest, WhatWasAnsweredBeforeItWasPolledIsNoEvent) {
  auto& intake = source(config());
  SourceDriver driver(scheduler_, intake);
  EXPECT_EQ(status(send({.body = "1"})), 503u);
  const auto second = send({.body = "2"});

  const auto events = driver.poll();

  ASSERT_EQ(events.size(), 1u);
  EXPECT_EQ(events[0].data.view(), "2");
  driver.settle(events);
  EXPECT_EQ(status(second), 202u);
}

TEST_F(HttpSourceTest, ACreditIsNeverExceeded) {
  auto& intake = source(config());
  SourceDriver driver(scheduler_, intake);
  const auto first = send({.body = "12345"});
  const auto second = send({.body = "12345"});
  is_answered(second);

  const auto some = driver.poll({.events = 10, .bytes = 6, .alone = true});
  EXPECT_EQ(some.size(), 1u);
  EXPECT_THAT(driver.poll({.events = 10, .bytes = 3, .alone = false}), IsEmpty());
  driver.settle(some);
  driver.settle(driver.poll());
  EXPECT_EQ(status(first) + status(second), 404u);
}

TEST_F(HttpSourceTest, SourcesOfOneAddressShareItsDoor) {
  auto wanted = config();
  wanted.path = "/other";
  auto& first = source(config());
  auto& second = source(std::move(wanted));
  SourceDriver driver(scheduler_, second);

  const auto sent = send({.body = "2", .path = "/other"});
  EXPECT_EQ(driver.poll().size(), 1u);
  scheduler_.run(first.close());
  EXPECT_TRUE(open_);
  EXPECT_EQ(status(send({})), 503u);  // Its pipeline may start again.
  sources_.pop_front();
  EXPECT_EQ(status(send({})), 404u);
  scheduler_.run(second.close());
  EXPECT_FALSE(open_);
  EXPECT_EQ(status(sent), 503u);
}

TEST_F(HttpSourceTest, TheMemoryOfADoorIsCountedOnce) {
  auto& first = source(config());
  auto wanted = config();
  wanted.path = "/second";
  auto& second = source(std::move(wanted));

  EXPECT_EQ(first.traits().buffer_bytes, 32u * 1024 * 1024);
  EXPECT_EQ(second.traits().buffer_bytes, 0u);

  scheduler_.run(first.close());
  sources_.pop_front();
  wanted = config();
  EXPECT_EQ(source(std::move(wanted)).traits().buffer_bytes, 32u * 1024 * 1024);
}

TEST_F(HttpSourceTest, WhatBelongsToOneThatDoesNotRunYetIsToBeSentAgain) {
  source(config());
  EXPECT_EQ(status(send({.path = "/second"})), 404u);
  auto wanted = config();
  wanted.path = "/second";
  auto made = HttpSource::make(std::move(wanted), services(), hub_);
  ASSERT_TRUE(made) << made.error().message;
  HttpSource& second = *sources_.emplace_back(std::move(*made));

  const auto early = send({.path = "/second"});
  EXPECT_EQ(status(early), 503u);
  EXPECT_EQ(header(answer(early), "Retry-After"), "1");
  ASSERT_TRUE(scheduler_.run(second.open(nothing_)));

  const auto sent = send({.path = "/second"});
  SourceDriver driver(scheduler_, second);
  driver.settle(driver.poll());
  EXPECT_EQ(status(sent), 202u);
  EXPECT_EQ(status(send({.path = "/third"})), 404u);
}

TEST_F(HttpSourceTest, ARouteHasOneSource) {
  source(config());
  source(config());
  ASSERT_FALSE(opened_);
  EXPECT_EQ(opened_.error().fault, Fault::bad_config);
  EXPECT_THAT(opened_.error().message, HasSubstr("pipeline p0"));
}

TEST_F(HttpSourceTest, OneAddressHasOneSetOfLimits) {
  source(config());
  auto wanted = config();
  wanted.path = "/other";
  wanted.listener.body_max = ByteSize{77};
  source(std::move(wanted));
  ASSERT_FALSE(opened_);
  EXPECT_THAT(opened_.error().message, HasSubstr("name one connection in all of them"));
}

TEST_F(HttpSourceTest, AnEngineThatStopsTakesNothingNew) {
  auto& intake = source(config());
  SourceDriver driver(scheduler_, intake);
  const auto in_flight = send({});
  const auto events = driver.poll();
  const auto waiting = send({});
  is_answered(waiting);

  intake.interrupt();

  EXPECT_EQ(status(waiting), 503u);
  EXPECT_EQ(status(send({})), 503u);
  driver.settle(events);
  EXPECT_EQ(status(in_flight), 202u);
}

TEST_F(HttpSourceTest, WhatIsInFlightWhenItClosesIsToBeSentAgain) {
  auto& intake = source(config());
  SourceDriver driver(scheduler_, intake);
  const auto sent = send({});
  driver.poll();

  scheduler_.run(intake.close());

  EXPECT_FALSE(open_);
  EXPECT_EQ(status(sent), 503u);
}

TEST_F(HttpSourceTest, APortThatIsTakenIsTriedAgain) {
  auto wanted = config();
  wanted.listener.listen = "taken:1";
  source(std::move(wanted));
  ASSERT_FALSE(opened_);
  EXPECT_EQ(opened_.error().fault, Fault::transient);
}

TEST_F(HttpSourceTest, CloudEventsKeepTheirAttributes) {
  auto& intake = source(config());
  SourceDriver driver(scheduler_, intake);
  const auto sent = send(
      {.body = "{}",
       .headers = {
           {"ce-specversion", "1.0"}, {"ce-id", "a"}, {"ce-source", "/mine"}, {"ce-type", "t"}}});
  const auto events = driver.poll();

  ASSERT_EQ(events.size(), 1u);
  EXPECT_EQ(events[0].id, "a");
  EXPECT_EQ(events[0].source, "/mine");
  EXPECT_EQ(events[0].origin, "http://127.0.0.1:8081/hook");
  driver.settle(events);
  EXPECT_EQ(status(sent), 202u);
  EXPECT_EQ(status(send({.headers = {{"ce-specversion", "1.0"}, {"ce-id", "a"}}})), 400u);
}

TEST_F(HttpSourceTest, ABatchIsAnsweredOnceAllOfItIsSettled) {
  auto& intake = source(config());
  SourceDriver driver(scheduler_, intake);
  const auto sent = send({.body = R"([{"specversion":"1.0","id":"a","source":"/s","type":"t"},)"
                                  R"({"specversion":"1.0","id":"b","source":"/s","type":"t"}])",
                          .headers = {{"Content-Type", "application/cloudevents-batch+json"}}});
  const auto events = driver.poll();
  ASSERT_EQ(events.size(), 2u);

  driver.settle({events[0]});
  EXPECT_FALSE(is_answered(sent));
  driver.settle({events[1]});
  EXPECT_EQ(status(sent), 202u);
}

TEST_F(HttpSourceTest, AnIdOfTheSendersIsTheEvents) {
  auto& intake = source(config());
  SourceDriver driver(scheduler_, intake);
  const auto sent = send({.headers = {{"Idempotency-Key", "k-1"}}});
  const auto events = driver.poll();
  ASSERT_EQ(events.size(), 1u);
  EXPECT_EQ(events[0].id, "k-1");
  driver.settle(events);
  EXPECT_EQ(status(sent), 202u);
}

TEST_F(HttpSourceTest, WhatItSaysOfARequestIsJsonWhateverIsInIt) {
  auto& intake = source(config());
  SourceDriver driver(scheduler_, intake);
  const auto sent = send({});
  driver.poll();
  settle(intake, {.partition = {},
                  .offset = {},
                  .subject = {},
                  .version = {},
                  .refused = R"(it says "no" \ here)"});
  EXPECT_EQ(answer(sent).body, R"({"message":"it says \"no\" \\ here"})");
}

TEST(HttpOptions, SayWhatIsWrong) {
  const auto error = [](ResolvedOptions options) {
    options.emplace_back("listen", "127.0.0.1:1");
    const auto made = source_spec().make(options);
    return made ? std::string("none") : made.error().message;
  };
  EXPECT_EQ(error({{"path", "/a"}}), "none");
  EXPECT_THAT(error({{"path", "hook"}}), HasSubstr("a route is METHOD /path"));
  EXPECT_THAT(error({{"routes", "GET users"}}), HasSubstr("a route is METHOD /path"));
  EXPECT_THAT(error({{"respond", "404"}}), HasSubstr("respond is reply, or a status"));
  EXPECT_THAT(error({{"path", "/a"}, {"routes", "GET /b"}}), HasSubstr("exclude each other"));
  EXPECT_THAT(error({{"tls.key", "/a"}}), HasSubstr("belong together"));
}

TEST(HttpOptions, APathAndItsMethodsAreShortForRoutes) {
  const auto config =
      source_spec().make({{"listen", "a:1"}, {"path", "/a"}, {"method", "GET"}, {"method", "PUT"}});
  ASSERT_TRUE(config);
  EXPECT_THAT(config->route_keys(), ElementsAre("GET /a", "PUT /a"));
}

}  // namespace
}  // namespace tidemill::http
