// The sink against a server in this process.
#include "http_sink.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <boost/json.hpp>
#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <set>
#include <string>

#include "http_client/testing/test_server.h"
#include "plain_paths_fixture.h"
#include "tidemill/testing/recording_log.h"
#include "tidemill/testing/virtual_scheduler.h"

namespace tidemill::http {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::SizeIs;
using tidemill::testing::TestServer;
using tidemill::testing::unused_port;

struct Message {
  std::string data;
  std::string key = {};
  std::string content_type = {};
};

class HttpSinkTest : public ::testing::Test {
 protected:
  // By the way that a pipeline's options take.
  Sink& sink() {
    if (!sink_) {
      Registry registry;
      register_sink(registry);
      options.emplace_back("url", server.url() + path);
      auto built =
          registry.sinks().at("http").build(options, Services{.scheduler = scheduler,
                                                              .log = log,
                                                              .data_folder = "/nowhere",
                                                              .compile = testing::compile_path});
      EXPECT_TRUE(built) << (built ? "" : built.error().message);
      sink_ = std::move(*built);
    }
    return *sink_;
  }

  // The i-th message belongs to the i-th event.
  std::vector<Result<>> write(const std::vector<Message>& messages) {
    std::vector<Event> events(messages.size());
    std::vector<Effect> effects;
    for (std::uint32_t i = 0; i < messages.size(); ++i) {
      events[i].source = "file:/a";
      events[i].type = "order";
      events[i].offset = Offset(i);
      events[i].time = EventTime(1'700'000'000'000'000);
      effects.push_back({.event = i,
                         .key = messages[i].key,
                         .content_type = messages[i].content_type,
                         .data = messages[i].data});
    }
    SinkBatch batch;
    batch.pipeline = "p";
    batch.sink = "s";
    batch.events = events;
    batch.effects = effects;
    return scheduler.run(sink().write(batch));
  }

  std::vector<std::string> bodies() const {
    std::vector<std::string> all;
    for (const auto& request : server.requests()) all.push_back(request.body);
    return all;
  }

  // What becomes of a message that the server answers so.
  Error refusal(unsigned status, std::string body = {},
                std::vector<std::pair<std::string, std::string>> headers = {}) {
    answer = [=](const TestServer::Request&) {
      return TestServer::Answer{.status = status, .headers = headers, .body = body};
    };
    const auto results = write({{"{}"}});
    EXPECT_THAT(results, SizeIs(1)) << status;
    return results.empty() ? Error{} : results[0].error();
  }

  std::function<TestServer::Answer(const TestServer::Request&)> answer =
      [](const TestServer::Request&) { return TestServer::Answer{.status = 204}; };
  ResolvedOptions options;
  std::string path = "/hooks";
  tidemill::testing::VirtualScheduler scheduler;
  tidemill::testing::RecordingLog log;
  std::unique_ptr<Sink> sink_;
  // Its threads end before what they use.
  TestServer server{[this](const TestServer::Request& request) { return answer(request); }};
};

TEST_F(HttpSinkTest, EachMessageIsARequestWithAnIdThatARepeatHasToo) {
  EXPECT_THAT(write({{R"({"n":1})"}}), IsEmpty());
  EXPECT_THAT(write({{R"({"n":1})"}}), IsEmpty());
  const auto requests = server.requests();
  ASSERT_THAT(requests, SizeIs(2));
  EXPECT_EQ(requests[0].method, "POST");
  EXPECT_EQ(requests[0].target, "/hooks");
  EXPECT_EQ(requests[0].body, R"({"n":1})");
  EXPECT_EQ(requests[0].header("content-type"), "application/json");
  EXPECT_EQ(requests[0].header("idempotency-key"), "p:s:file:/a/0@0#0");
  EXPECT_EQ(requests[1].header("idempotency-key"), "p:s:file:/a/0@0#0");
  EXPECT_EQ(requests[0].connection, requests[1].connection);
}

TEST_F(HttpSinkTest, PathHeadersAndMethodAreThoseOfTheOptions) {
  path = "/users/{.user}?from={$event.id}x";
  options = {{"method", "PUT"},
             {"headers", R"({"X-Tenant":"t-{.tenant}","X-Fixed":"yes"})"},
             {"content_type", "application/vnd.order+json"},
             {"id_header", "X-Message"}};
  EXPECT_THAT(write({{R"({"user":"ann/b","tenant":"blue"})"}}), IsEmpty());
  const auto request = server.requests().at(0);
  EXPECT_EQ(request.method, "PUT");
  EXPECT_EQ(request.target, "/users/ann%2Fb?from=x");
  EXPECT_EQ(request.header("x-tenant"), "t-blue");
  EXPECT_EQ(request.header("x-fixed"), "yes");
  EXPECT_EQ(request.header("content-type"), "application/vnd.order+json");
  EXPECT_EQ(request.header("x-message"), "p:s:file:/a/0@0#0");
  EXPECT_EQ(request.header("idempotency-key"), "");
}

TEST_F(HttpSinkTest, ASinkMayAddItsPathToTheUrlOfAConnection) {
  path = "/v1/";
  options = {{"path", "/users/{.user}"}};
  EXPECT_EQ(sink().place(), server.url() + "/v1/users/{.user}");
  EXPECT_THAT(write({{R"({"user":"ann"})"}}), IsEmpty());
  EXPECT_EQ(server.requests().at(0).target, "/v1/users/ann");
}

TEST_F(HttpSinkTest, AMessageThatCannotBeAddressedFailsAlone) {
  path = "/users/{.user}";
  const auto results = write({{R"({"user":"a"})"}, {R"({"user":".."})"}, {R"({"user":"b"})"}});
  ASSERT_THAT(results, SizeIs(3));
  EXPECT_TRUE(results[0]);
  EXPECT_EQ(results[1].error().fault, Fault::bad_event);
  EXPECT_THAT(results[1].error().message, HasSubstr("url: the path"));
  EXPECT_TRUE(results[2]);
  EXPECT_THAT(server.requests(), SizeIs(2));
}

TEST_F(HttpSinkTest, WhatAStatusMeans) {
  EXPECT_EQ(refusal(400).fault, Fault::bad_event);
  EXPECT_EQ(refusal(403).fault, Fault::bad_event);
  EXPECT_EQ(refusal(404).fault, Fault::bad_event);
  EXPECT_EQ(refusal(422, "no such\nfield").message,
            server.url() + "/hooks: answers 422: no such field");
  EXPECT_THAT(refusal(422, "\xff\xff\xff\xff\xff\x01").message, Not(HasSubstr("\xff")));
  EXPECT_THAT(refusal(422, std::string(199, 'x') + "\u00e4").message, ::testing::EndsWith("xx"));
  for (const unsigned status : {408u, 425u, 429u, 502u, 503u, 504u})
    EXPECT_EQ(refusal(status).fault, Fault::unavailable) << status;
  EXPECT_EQ(refusal(429, "", {{"Retry-After", "7"}}).retry_after, std::chrono::seconds(7));
  EXPECT_EQ(refusal(503, "", {{"Retry-After", "86400"}}).retry_after, std::chrono::seconds(300));
  EXPECT_EQ(refusal(500).fault, Fault::transient);
  EXPECT_EQ(refusal(301, "", {{"Location", "/other"}}).fault, Fault::unavailable);
  EXPECT_THAT(refusal(301, "", {{"Location", "/other"}}).message,
              HasSubstr("answers 301 to /other; redirects are not followed, correct url"));
  EXPECT_THAT(refusal(401).message, HasSubstr("correct auth"));
}

TEST_F(HttpSinkTest, AServerThatIsAwayIsWaitedFor) {
  answer = [](const TestServer::Request&) {
    return TestServer::Answer{.manner = TestServer::Manner::hang_up};
  };
  EXPECT_EQ(write({{"{}"}}).at(0).error().fault, Fault::unavailable);
}

TEST_F(HttpSinkTest, MessagesOfOneKeyGoOneAfterTheOther) {
  options = {{"side_by_side", "8"}};
  EXPECT_THAT(write({{"a1", "a"}, {"b1", "b"}, {"a2", "a"}, {"a3", "a"}, {"b2", "b"}}), IsEmpty());
  std::map<char, std::string> order;
  for (const std::string& body : bodies()) order[body[0]] += body[1];
  EXPECT_EQ(order['a'], "123");
  EXPECT_EQ(order['b'], "12");
}

TEST_F(HttpSinkTest, WhatStandsBehindAMessageThatIsPutOffIsPutOffToo) {
  answer = [](const TestServer::Request& request) {
    return TestServer::Answer{.status = request.body == "a1" ? 503u : 200u};
  };
  const auto results = write({{"a1", "a"}, {"b1", "b"}, {"a2", "a"}});
  ASSERT_THAT(results, SizeIs(3));
  EXPECT_EQ(results[0].error().fault, Fault::unavailable);
  EXPECT_TRUE(results[1]);
  EXPECT_EQ(results[2].error().fault, Fault::unavailable);
  EXPECT_THAT(bodies(), Not(::testing::Contains("a2")));
}

TEST_F(HttpSinkTest, BinaryCloudEventsHaveTheirAttributesAsHeaders) {
  options = {{"cloudevents", "binary"}};
  EXPECT_THAT(write({{R"({"n":1})", "key \"ä\"", "application/json"}}), IsEmpty());
  const auto request = server.requests().at(0);
  EXPECT_EQ(request.header("ce-specversion"), "1.0");
  EXPECT_EQ(request.header("ce-id"), "p:s:file:/a/0@0#0");
  EXPECT_EQ(request.header("ce-source"), "file:/a");
  EXPECT_EQ(request.header("ce-type"), "order");
  EXPECT_EQ(request.header("ce-time"), "2023-11-14T22:13:20.000000Z");
  EXPECT_EQ(request.header("ce-partitionkey"), "key%20%22%C3%A4%22");
  EXPECT_EQ(request.header("content-type"), "application/json");
  EXPECT_EQ(request.body, R"({"n":1})");
}

TEST_F(HttpSinkTest, StructuredCloudEventsAreOneObject) {
  options = {{"cloudevents", "structured"}};
  EXPECT_THAT(write({{R"({"n":1})", "k", "application/json"}}), IsEmpty());
  const auto request = server.requests().at(0);
  EXPECT_EQ(request.header("content-type"), "application/cloudevents+json");
  const auto event = boost::json::parse(request.body);
  EXPECT_EQ(event.at("id"), "p:s:file:/a/0@0#0");
  EXPECT_EQ(event.at("data").at("n"), 1);
}

TEST_F(HttpSinkTest, BatchedCloudEventsShareRequests) {
  options = {{"cloudevents", "batched"}, {"request_events", "2"}};
  EXPECT_THAT(write({{"1"}, {"2"}, {"3"}}), IsEmpty());
  std::vector<std::size_t> sizes;
  for (const auto& request : server.requests()) {
    EXPECT_EQ(request.header("content-type"), "application/cloudevents-batch+json");
    EXPECT_EQ(request.header("idempotency-key"), "");
    sizes.push_back(boost::json::parse(request.body).as_array().size());
  }
  EXPECT_THAT(sizes, ElementsAre(2, 1));
}

TEST_F(HttpSinkTest, OfARefusedBatchTheMessageToBlameFailsAlone) {
  options = {{"cloudevents", "batched"}};
  std::multiset<std::int64_t> taken;
  answer = [&taken](const TestServer::Request& request) {
    const auto whole = boost::json::parse(request.body);
    for (const auto& event : whole.as_array())
      if (event.at("data") == 3) return TestServer::Answer{.status = 422, .body = "three"};
    for (const auto& event : whole.as_array()) taken.insert(event.at("data").as_int64());
    return TestServer::Answer{.status = 200};
  };
  const auto results = write({{"1"}, {"2"}, {"3"}, {"4"}, {"5"}});
  ASSERT_THAT(results, SizeIs(5));
  for (std::size_t i = 0; i < 5; ++i) EXPECT_EQ(results[i].has_value(), i != 2) << i;
  EXPECT_THAT(results[2].error().message, HasSubstr("three"));
  EXPECT_THAT(taken, ElementsAre(1, 2, 4, 5));
}

TEST_F(HttpSinkTest, LoginsAndSignaturesStandInTheirHeaders) {
  options = {{"auth.mechanism", "plain"},
             {"auth.username", "u"},
             {"auth.password", "p"},
             {"api_key.header", "X-Key"},
             {"api_key.value", "k"},
             {"sign.scheme", "github"},
             {"sign.secret", "It's a Secret to Everybody"}};
  EXPECT_THAT(write({{"Hello, World!"}}), IsEmpty());
  const auto request = server.requests().at(0);
  EXPECT_EQ(request.header("authorization"), "Basic dTpw");
  EXPECT_EQ(request.header("x-key"), "k");
  EXPECT_EQ(request.header("x-hub-signature-256"),
            "sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17");
}

TEST_F(HttpSinkTest, ATokenThatIsRefusedIsReplacedAndTheRequestSentAgain) {
  int given = 0;
  std::string good = "token-1";
  answer = [&](const TestServer::Request& request) {
    if (request.target == "/token")
      return TestServer::Answer{.body = R"({"access_token":"token-)" + std::to_string(++given) +
                                        R"("})"};
    const bool known = request.header("authorization") == "Bearer " + good;
    return TestServer::Answer{.status = known ? 200u : 401u};
  };
  options = {{"oauth2.token_url", server.url() + "/token"},
             {"oauth2.client_id", "me"},
             {"oauth2.client_secret", "secret"}};
  EXPECT_TRUE(scheduler.run(sink().open()));
  EXPECT_THAT(write({{"1"}}), IsEmpty());
  EXPECT_EQ(given, 1);
  good = "token-2";
  EXPECT_THAT(write({{"2"}, {"3"}}), IsEmpty());
  EXPECT_EQ(given, 2);
  // One that is refused as well is a login to correct.
  good = "another";
  const auto results = write({{"4"}});
  EXPECT_EQ(results.at(0).error().fault, Fault::unavailable);
  EXPECT_EQ(given, 3);
}

TEST_F(HttpSinkTest, AWrongLoginAtTheTokenEndpointStopsThePipelineAtItsStart) {
  answer = [](const TestServer::Request&) { return TestServer::Answer{.status = 401}; };
  options = {{"oauth2.token_url", server.url() + "/token"},
             {"oauth2.client_id", "me"},
             {"oauth2.client_secret", "secret"}};
  const auto opened = scheduler.run(sink().open());
  ASSERT_FALSE(opened);
  EXPECT_EQ(opened.error().fault, Fault::bad_config);
  // Later it is no fault of the messages.
  EXPECT_EQ(write({{"1"}}).at(0).error().fault, Fault::unavailable);
}

TEST_F(HttpSinkTest, LooksWhetherItsServerIsThereWithoutATrace) {
  path = "/users/{.user}/orders";
  EXPECT_EQ(scheduler.run(sink().reach()).value(), "it answers HEAD with 204");
  EXPECT_EQ(server.requests().at(0).method, "HEAD");
  EXPECT_EQ(server.requests().at(0).target, "/users/");
  answer = [](const TestServer::Request&) { return TestServer::Answer{.status = 401}; };
  EXPECT_THAT(scheduler.run(sink().reach()).error().message, HasSubstr("answers 401"));
}

std::string error_of(const ResolvedOptions& options) {
  tidemill::testing::VirtualScheduler scheduler;
  tidemill::testing::RecordingLog log;
  Registry registry;
  register_sink(registry);
  const auto built =
      registry.sinks().at("http").build(options, Services{.scheduler = scheduler,
                                                          .log = log,
                                                          .data_folder = "/nowhere",
                                                          .compile = testing::compile_path});
  return built ? "" : built.error().message;
}

TEST(HttpSinkOptions, MistakesAreSentences) {
  const auto with = [](std::string name, std::string value) {
    return error_of({{"url", "https://h/p"}, {std::move(name), std::move(value)}});
  };
  EXPECT_EQ(error_of({{"url", "https://h/p?a=b"}}), "");
  EXPECT_EQ(error_of({{"url", "https://h"}}), "");
  EXPECT_THAT(error_of({{"url", "https://{.host}/p"}}), HasSubstr("the server cannot be filled"));
  EXPECT_THAT(error_of({{"url", "https://h{.port}/p"}}), HasSubstr("the server cannot be filled"));
  EXPECT_THAT(error_of({{"url", "ftp://h/p"}}), HasSubstr("url: it takes http://"));
  EXPECT_THAT(error_of({{"url", "https://h/a b"}}), HasSubstr("percent-encoded"));
  EXPECT_THAT(error_of({{"url", "https://h/a?b"}, {"path", "/c"}}),
              HasSubstr("path begins with /"));
  EXPECT_THAT(with("path", "c"), HasSubstr("path begins with /"));
  EXPECT_THAT(error_of({{"url", "https://h/a#b"}}), HasSubstr("percent-encoded"));
  EXPECT_THAT(with("headers", R"({"Content-Length":"1"})"), HasSubstr("is not set here"));
  EXPECT_THAT(with("headers", R"({"a b":"1"})"), HasSubstr("no header has the name a b"));
  EXPECT_THAT(with("headers", R"({"a":1})"), HasSubstr("a takes a text"));
  EXPECT_THAT(with("headers", R"({"a":"{1}"})"), HasSubstr("headers: a: {1}: 1:1"));
  EXPECT_THAT(with("api_key.header", "X-Key"), HasSubstr("api_key needs header and value"));
  EXPECT_THAT(with("oauth2.scope", "x"), HasSubstr("oauth2 needs"));
  EXPECT_THAT(with("sign.secret", "x"), HasSubstr("sign needs a scheme and a secret"));
  EXPECT_THAT(error_of({{"url", "https://h"},
                        {"bearer", "t"},
                        {"auth.mechanism", "plain"},
                        {"auth.username", "u"},
                        {"auth.password", "p"}}),
              HasSubstr("give one login"));
  EXPECT_THAT(error_of({{"url", "http://h"}, {"tls.enabled", "true"}}), HasSubstr("https://"));
}

}  // namespace
}  // namespace tidemill::http
