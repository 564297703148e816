#include "http_source.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <boost/asio/co_spawn.hpp>
#include <chrono>
#include <list>
#include <optional>
#include <set>

#include "tidemill/testing/map_progress.h"
#include "tidemill/testing/recording_log.h"
#include "tidemill/testing/source_driver.h"
#include "tidemill/testing/virtual_scheduler.h"

namespace tidemill::http {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using testing::MapProgress;
using testing::SourceDriver;

/// A door that tests knock at without a network.
class FakeDoor final : public HttpServer {
 public:
  explicit FakeDoor(bool& open) : open_(open) { open_ = true; }
  Task<> close() override {
    open_ = false;
    co_return;
  }
  std::uint16_t port() const override { return 8081; }

 private:
  bool& open_;
};

class HttpSourceTest : public ::testing::Test {
 protected:
  ~HttpSourceTest() override {
    for (auto& source : sources_) scheduler_.run(source->close());
    scheduler_.abandon();
  }

  Services services() {
    Services services{.scheduler = scheduler_, .log = log_, .data_folder = "/nowhere"};
    services.pipeline = "p" + std::to_string(sources_.size());
    services.engine_scheduler = &scheduler_;
    services.serve_http = [this](Scheduler&, Log&,
                                 HttpDoor door) -> Result<std::unique_ptr<HttpServer>> {
      if (door.listen == "taken:1") return fail(Fault::transient, "cannot listen on taken:1");
      door_ = std::move(door);
      return std::make_unique<FakeDoor>(open_);
    };
    return services;
  }

  static SourceConfig config(std::string respond = "202") {
    SourceConfig config;
    config.listener.listen = "127.0.0.1:8081";
    config.path = "/hook";
    config.respond = std::move(respond);
    config.answer_within = std::chrono::seconds(5);
    return config;
  }

  /// A source that has been opened.
  HttpSource& source(SourceConfig config) {
    auto made = HttpSource::make(std::move(config), services(), hub_);
    EXPECT_TRUE(made) << made.error().message;
    HttpSource& source = *sources_.emplace_back(std::move(*made));
    opened_ = scheduler_.run(source.open(nothing_));
    return source;
  }

  /// What came of a request, once it is answered.
  using Sent = std::shared_ptr<std::optional<HttpResponse>>;

  struct Wanted {
    std::string body{};
    std::string path = "/hook";
    std::string method = "POST";
    std::vector<std::pair<std::string, std::string>> headers{};
  };

  Sent send(Wanted wanted) {
    wanted.headers.emplace_back("Host", "localhost:8081");
    HttpRequest request;
    request.method = wanted.method;
    request.path = wanted.path;
    request.content_type = "application/json";
    request.peer = "10.0.0.1";
    std::string head;
    for (const auto& [name, value] : wanted.headers) head.append(name).append(value);
    request.head = std::make_unique<const std::string>(std::move(head));
    std::string_view rest = *request.head;
    for (const auto& [name, value] : wanted.headers) {
      request.headers.push_back(
          {rest.substr(0, name.size()), rest.substr(name.size(), value.size())});
      rest.remove_prefix(name.size() + value.size());
    }
    auto sent = std::make_shared<std::optional<HttpResponse>>();
    if (auto refused = door_.admit(request)) {
      *sent = std::move(*refused);
      return sent;
    }
    request.body = std::move(wanted.body);
    boost::asio::co_spawn(scheduler_.executor(), door_.answer(std::move(request)),
                          [sent](std::exception_ptr error, HttpResponse response) {
                            if (error) std::rethrow_exception(error);
                            *sent = std::move(response);
                          });
    return sent;
  }

  const HttpResponse& answer(const Sent& sent) {
    scheduler_.run_until([&sent] { return sent->has_value(); });
    return **sent;
  }
  unsigned status(const Sent& sent) { return answer(sent).status; }

  bool is_answered(const Sent& sent) {
    bool reached = false;
    scheduler_.call_at(scheduler_.now(), [&reached] { reached = true; });
    scheduler_.run_until([&reached] { return reached; });
    return sent->has_value();
  }

  void settle(HttpSource& source, Settled settled) {
    ASSERT_TRUE(scheduler_.run(source.settle({&settled, 1})));
  }

  static std::string header(const HttpResponse& response, std::string_view name) {
    for (const auto& [known, value] : response.headers)
      if (known == name) return value;
    return {};
  }

  testing::VirtualScheduler scheduler_;
  testing::RecordingLog log_;
  MapProgress nothing_;
  HttpDoor door_;
  bool open_ = false;
  Result<> opened_;
  std::shared_ptr<ListenerHub> hub_ = std::make_shared<ListenerHub>();
  std::list<std::unique_ptr<HttpSource>> sources_;
};

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

TEST_F(HttpSourceTest, OtherPathsAndMethodsAreNotItsOwn) {
  source(config());
  EXPECT_EQ(status(send({.path = "/other"})), 404u);
  const auto wrong = send({.method = "GET"});
  EXPECT_EQ(status(wrong), 405u);
  EXPECT_EQ(header(answer(wrong), "Allow"), "POST");
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
