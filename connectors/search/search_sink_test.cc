// The sink against a server in this process, which keeps documents as _bulk does.
#include "search_sink.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>
#include <map>
#include <optional>
#include <string>

#include "http_client/testing/test_server.h"
#include "tidemill/testing/recording_log.h"
#include "tidemill/testing/virtual_scheduler.h"

namespace tidemill::search {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::Pair;
using testing::TestServer;
using ::testing::UnorderedElementsAre;
using testing::unused_port;

// The document's text stands for its id up to its first blank: `{"id":1} ...`.
class FirstWord final : public EventExpression {
 public:
  Result<std::string> text(const Event& event, const Effect& effect) const override {
    if (!event.key.empty()) return std::string(event.key);
    if (effect.data.empty()) return fail(Fault::bad_event, "there is no data");
    return std::string(effect.data.substr(0, effect.data.find(' ')));
  }
  Result<double> number(const Event&, const Effect&) const override { return 0.0; }
};

class SearchSinkTest : public ::testing::Test {
 protected:
  struct Refusal {
    unsigned status;
    std::string error;  ///< JSON.
  };

  TestServer::Answer answer(const TestServer::Request& request) {
    if (instead)
      if (auto other = instead(request)) return *other;
    if (request.method == "GET") return {.body = R"({"version": {"number": "2.19.1"}})"};
    std::string items;
    std::size_t at = 0;
    const auto line = [&] {
      const auto end = request.body.find('\n', at);
      const std::string text = request.body.substr(at, end - at);
      at = end + 1;
      return text;
    };
    while (at < request.body.size()) {
      const std::string action = line();
      const std::string verb = action.substr(2, action.find('"', 2) - 2);
      const auto begin = action.find("\"_id\":\"") + 7;
      const std::string name = action.substr(begin, action.rfind('"') - begin);
      const std::string document = verb == "delete" ? "" : line();
      const Refusal answered = keep(verb, name, document);
      items += (items.empty() ? "{\"" : ",{\"") + verb +
               "\":{\"status\":" + std::to_string(answered.status) +
               (answered.error.empty() ? "" : ",\"error\":" + answered.error) + "}}";
    }
    return {.body = "{\"items\":[" + items + "]}"};
  }

  Refusal keep(const std::string& verb, const std::string& name, const std::string& document) {
    if (refuse)
      if (auto refusal = refuse(name, document)) return *refusal;
    if (verb == "delete") return {documents.erase(name) > 0 ? 200u : 404u, ""};
    if (verb == "create" && documents.contains(name))
      return {409, R"({"type": "version_conflict_engine_exception", "reason": "is there"})"};
    documents[name] = document;
    return {201, ""};
  }

  SearchSink& sink() {
    if (!sink_) {
      http_client::Client::Options options;
      options.server = http_client::parse_url(url).value();
      options.tls = config.tls;
      auto client = http_client::Client::make(std::move(options));
      EXPECT_TRUE(client) << client.error().message;
      sink_.emplace(config, id, std::move(*client),
                    Services{.scheduler = scheduler, .log = log, .data_folder = "/nowhere"});
    }
    return *sink_;
  }

  // The i-th message belongs to the i-th event.
  std::vector<Result<>> write(const std::vector<std::string>& messages) {
    events.resize(messages.size());
    std::vector<Effect> effects;
    for (std::uint32_t i = 0; i < messages.size(); ++i) {
      events[i].source = "file:/a";
      events[i].offset = Offset(i);
      effects.push_back({.event = i, .data = messages[i]});
    }
    SinkBatch batch;
    batch.pipeline = "p";
    batch.sink = "s";
    batch.events = events;
    batch.effects = effects;
    return scheduler.run(sink().write(batch));
  }

  std::map<std::string, std::string> documents;
  std::function<std::optional<Refusal>(const std::string& id, const std::string& document)> refuse;
  std::function<std::optional<TestServer::Answer>(const TestServer::Request&)> instead;
  std::vector<Event> events;
  SinkConfig config{.url = {}, .index = "clicks", .id = {}};
  std::shared_ptr<const EventExpression> id;
  testing::VirtualScheduler scheduler;
  testing::RecordingLog log;
  std::optional<SearchSink> sink_;
  // Its threads end before what they use.
  TestServer server{[this](const TestServer::Request& request) { return answer(request); }};
  std::string url = server.url();
};

TEST_F(SearchSinkTest, EachMessageIsADocumentUnderTheIdOfItsEffect) {
  ASSERT_TRUE(scheduler.run(sink().open()));

  EXPECT_THAT(write({R"({"n":1})", "{\n\"n\":\r\n2}"}), IsEmpty());

  EXPECT_THAT(documents, UnorderedElementsAre(Pair("p:s:file:/a/0@0#0", R"({"n":1})"),
                                              Pair("p:s:file:/a/0@1#0", "{ \"n\":  2}")));
  const auto request = server.requests().back();
  EXPECT_THAT(request.target, HasSubstr("/clicks/_bulk?filter_path="));
  EXPECT_EQ(request.header("content-type"), "application/x-ndjson");
  EXPECT_EQ(sink().place(), "search:" + url.substr(7) + "/clicks");
}

TEST_F(SearchSinkTest, AnIdThatIsTooLongForAServerBecomesADigestOfIt) {
  const std::string source(600, 's');
  write({"{}"});
  const std::string short_one = documents.begin()->first;
  documents.clear();
  events[0].source = source;
  const Effect effect{.data = "{}"};
  SinkBatch batch;
  batch.events = events;
  batch.effects = std::span(&effect, 1);
  EXPECT_THAT(scheduler.run(sink().write(batch)), IsEmpty());

  ASSERT_EQ(documents.size(), 1);
  EXPECT_EQ(documents.begin()->first.size(), 64);
  EXPECT_NE(documents.begin()->first, short_one);
}

TEST_F(SearchSinkTest, AServerBelowAPathAndALoginAreWhereTheyBelong) {
  url += "/es";
  config.auth = {AuthMechanism::plain, "tide", {"very secret"}};

  write({"{}"});

  EXPECT_TRUE(server.requests().back().target.starts_with("/es/clicks/_bulk?"));
  EXPECT_EQ(server.requests().back().header("authorization"), "Basic dGlkZTp2ZXJ5IHNlY3JldA==");
}

TEST_F(SearchSinkTest, ADocumentThatIsRefusedFailsAlone) {
  refuse = [](const std::string&, const std::string& document) -> std::optional<Refusal> {
    if (document != R"({"n":"x"})") return std::nullopt;
    return Refusal{400, R"({"type": "mapper_parsing_exception", "reason": "failed to parse",
                            "caused_by": {"reason": "not a number"}})"};
  };

  const auto results = write({R"({"n":1})", R"({"n":"x"})", R"({"n":3})"});

  ASSERT_EQ(results.size(), 3);
  EXPECT_TRUE(results[0] && results[2]);
  EXPECT_EQ(results[1].error().fault, Fault::bad_event);
  EXPECT_THAT(results[1].error().message,
              HasSubstr("answers 400: mapper_parsing_exception: failed to parse (not a number)"));
  EXPECT_EQ(documents.size(), 2);
  EXPECT_EQ(server.requests().size(), 1);
}

TEST_F(SearchSinkTest, WhatIsNoObjectFailsWithoutARequest) {
  const auto results = write({"hello", "[1]", "", "  {}"});

  ASSERT_EQ(results.size(), 4);
  for (std::size_t i = 0; i < 3; ++i) EXPECT_EQ(results[i].error().fault, Fault::bad_event);
  EXPECT_TRUE(results[3]);
  EXPECT_THAT(results[0].error().message, HasSubstr("let a `map` of the sink make one"));
}

TEST_F(SearchSinkTest, WhereNothingIsWrongWithADocumentItIsPutOff) {
  for (const unsigned status : {401u, 403u, 404u, 429u, 502u, 503u}) {
    refuse = [status](const std::string&, const std::string& document) -> std::optional<Refusal> {
      if (document != "{}") return std::nullopt;
      return Refusal{status, R"({"type": "busy", "reason": "later"})"};
    };
    const auto results = write({"{}", R"({"n":2})"});
    ASSERT_EQ(results.size(), 2);
    EXPECT_EQ(results[0].error().fault, Fault::unavailable) << status;
    EXPECT_TRUE(results[1]);
  }
}

TEST_F(SearchSinkTest, AnErrorOfTheServerOverOneDocumentCostsAnAttempt) {
  refuse = [](const std::string&, const std::string&) {
    return std::optional(Refusal{500, R"("an assertion failed")"});
  };
  const auto results = write({"{}"});
  EXPECT_EQ(results.at(0).error().fault, Fault::transient);
  EXPECT_THAT(results[0].error().message, HasSubstr("an assertion failed"));
}

TEST_F(SearchSinkTest, ARequestThatIsRefusedWholeIsPutOffWhole) {
  for (const unsigned status : {302u, 401u, 404u, 429u, 500u, 503u}) {
    instead = [status](const TestServer::Request&) {
      return std::optional(
          TestServer::Answer{.status = status,
                             .headers = {{"Retry-After", "7"}},
                             .body = R"({"error": {"type": "t", "reason": "r"}})"});
    };
    const auto results = write({"{}", "{}"});
    ASSERT_EQ(results.size(), 2) << status;
    for (const auto& result : results) {
      EXPECT_EQ(result.error().fault, Fault::unavailable);
      EXPECT_EQ(result.error().retry_after, std::chrono::seconds(7));
      EXPECT_THAT(result.error().message, HasSubstr(std::to_string(status) + ": t: r"));
    }
  }
}

TEST_F(SearchSinkTest, OfARequestThatCannotBeReadTheDocumentToBlameIsFound) {
  instead = [](const TestServer::Request& request) -> std::optional<TestServer::Answer> {
    if (!request.body.contains("poison")) return std::nullopt;
    return TestServer::Answer{.status = 400, .body = R"({"error": "malformed"})"};
  };

  const auto results =
      write({R"({"n":0})", R"({"n":1})", R"({"n":"poison"})", R"({"n":3})", R"({"n":4})"});

  ASSERT_EQ(results.size(), 5);
  for (std::size_t i = 0; i < 5; ++i) EXPECT_EQ(results[i].has_value(), i != 2) << i;
  EXPECT_EQ(results[2].error().fault, Fault::bad_event);
  EXPECT_THAT(results[2].error().message, HasSubstr("malformed"));
  EXPECT_EQ(documents.size(), 4);
}

TEST_F(SearchSinkTest, ADocumentThatIsTooLargeForTheServerFailsAlone) {
  instead = [](const TestServer::Request& request) -> std::optional<TestServer::Answer> {
    if (request.body.size() < 1000) return std::nullopt;
    return TestServer::Answer{.status = 413};
  };

  const auto results = write({R"({"n":0})", "{\"n\":\"" + std::string(2000, 'x') + "\"}"});

  ASSERT_EQ(results.size(), 2);
  EXPECT_TRUE(results[0]);
  EXPECT_EQ(results[1].error().fault, Fault::bad_event);
  EXPECT_THAT(results[1].error().message, HasSubstr("answers 413"));
}

TEST_F(SearchSinkTest, ABatchIsAsManyRequestsAsItsBytesNeed) {
  config.request_bytes = {1024};
  const std::string document = "{\"n\":\"" + std::string(300, 'x') + "\"}";

  EXPECT_THAT(write({document, document, document, document, document}), IsEmpty());

  EXPECT_EQ(documents.size(), 5);
  EXPECT_EQ(server.requests().size(), 3);
  for (const auto& request : server.requests()) EXPECT_LE(request.body.size(), 1024);
}

TEST_F(SearchSinkTest, DocumentsOfOneIdKeepTheirOrder) {
  id = std::make_shared<FirstWord>();

  EXPECT_THAT(write({R"({"id":1} old)", R"({"id":2})", R"({"id":1} new)"}), IsEmpty());

  EXPECT_EQ(documents[R"({\"id\":1})"], R"({"id":1} new)");
  EXPECT_EQ(server.requests().size(), 2);
}

TEST_F(SearchSinkTest, ALaterDocumentDoesNotOvertakeOneThatIsPutOff) {
  id = std::make_shared<FirstWord>();
  refuse = [](const std::string&, const std::string& document) -> std::optional<Refusal> {
    if (!document.ends_with("old")) return std::nullopt;
    return Refusal{429, R"({"type": "busy"})"};
  };

  const auto results = write({R"({"id":1} old)", R"({"id":2})", R"({"id":1} new)"});

  ASSERT_EQ(results.size(), 3);
  EXPECT_EQ(results[0].error().fault, Fault::unavailable);
  EXPECT_TRUE(results[1]);
  EXPECT_EQ(results[2].error().fault, Fault::unavailable);
  EXPECT_EQ(documents.size(), 1);
}

TEST_F(SearchSinkTest, ALaterDocumentDoesGoPastOneThatWasRefused) {
  id = std::make_shared<FirstWord>();
  refuse = [](const std::string&, const std::string& document) -> std::optional<Refusal> {
    if (!document.ends_with("old")) return std::nullopt;
    return Refusal{400, R"({"type": "bad"})"};
  };

  const auto results = write({R"({"id":1} old)", R"({"id":1} new)"});

  EXPECT_EQ(results.at(0).error().fault, Fault::bad_event);
  EXPECT_TRUE(results.at(1));
}

TEST_F(SearchSinkTest, ADocumentThatIsThereAlreadyIsNotCreatedAgain) {
  config.action = Action::create;
  write({R"({"n":1})"});

  EXPECT_THAT(write({R"({"n":2})"}), IsEmpty());

  EXPECT_THAT(documents, ElementsAre(Pair("p:s:file:/a/0@0#0", R"({"n":1})")));
}

TEST_F(SearchSinkTest, AMessageWithoutDataRemovesTheDocumentOfItsId) {
  id = std::make_shared<FirstWord>();
  documents = {{"ann", "{}"}, {"bob", "{}"}, {"eve", "{}"}};
  events.resize(3);
  events[0].key = "ann";
  events[1].key = "bob";
  events[2].key = "nobody";

  EXPECT_THAT(write({"", "null", ""}), IsEmpty());

  EXPECT_THAT(documents, ElementsAre(Pair("eve", "{}")));
}

TEST_F(SearchSinkTest, AnIdThatCannotBeHadFailsItsEventAlone) {
  id = std::make_shared<FirstWord>();
  const auto results = write({"", R"({"id":1})", std::string(600, 'x')});
  ASSERT_EQ(results.size(), 3);
  EXPECT_EQ(results[0].error().message, "id: there is no data");
  EXPECT_TRUE(results[1]);
  EXPECT_THAT(results[2].error().message, HasSubstr("more than 512 bytes"));
}

TEST_F(SearchSinkTest, AServerThatIsAwayPutsOffAndKeepsItsSecrets) {
  url = "http://127.0.0.1:" + std::to_string(unused_port());
  config.api_key = {"very-secret"};

  const auto results = write({"{}"});
  const auto opened = scheduler.run(sink().open());

  EXPECT_EQ(results.at(0).error().fault, Fault::unavailable);
  EXPECT_THAT(results[0].error().message, HasSubstr(url.substr(7)));
  EXPECT_THAT(results[0].error().message, Not(HasSubstr("very-secret")));
  ASSERT_FALSE(opened);
  EXPECT_EQ(opened.error().fault, Fault::unavailable);
}

TEST_F(SearchSinkTest, AnswersThatAreNone) {
  for (const auto* body : {"<html>", "{}", R"({"items": []})", R"({"items": [{"index": {}}]})"}) {
    instead = [body](const TestServer::Request&) {
      return std::optional(TestServer::Answer{.body = body});
    };
    const auto results = write({"{}"});
    EXPECT_EQ(results.at(0).error().fault, Fault::unavailable) << body;
    EXPECT_THAT(results[0].error().message, HasSubstr("is no answer to _bulk"));
  }
}

TEST_F(SearchSinkTest, AConnectionThatBreaksOverTheAnswerPutsOff) {
  instead = [](const TestServer::Request&) {
    return std::optional(
        TestServer::Answer{.body = "{\"items\"", .manner = TestServer::Manner::cut_off});
  };
  EXPECT_EQ(write({"{}"}).at(0).error().fault, Fault::unavailable);
}

TEST_F(SearchSinkTest, OpeningTellsWhatAPersonHasToMend) {
  unsigned status = 401;
  instead = [&status](const TestServer::Request&) {
    return std::optional(TestServer::Answer{.status = status, .body = R"({"error": "no"})"});
  };

  auto opened = scheduler.run(sink().open());
  ASSERT_FALSE(opened);
  EXPECT_EQ(opened.error().fault, Fault::bad_config);
  EXPECT_THAT(opened.error().message, HasSubstr("answers 401: no; correct auth or api_key"));

  status = 503;
  EXPECT_EQ(scheduler.run(sink().open()).error().fault, Fault::unavailable);
  status = 404;
  EXPECT_EQ(scheduler.run(sink().open()).error().fault, Fault::bad_config);
  status = 403;
  EXPECT_TRUE(scheduler.run(sink().open()));
}

}  // namespace
}  // namespace tidemill::search
