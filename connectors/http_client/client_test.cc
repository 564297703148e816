#include "client.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <future>
#include <set>
#include <thread>

#include "http_client/testing/test_certificate.h"
#include "http_client/testing/test_server.h"
#include "tidemill/posix.h"
#include "tidemill/testing/temp_folder.h"

namespace tidemill::http_client {
namespace {

using ::testing::HasSubstr;
using testing::TempFolder;
using testing::TestCertificate;
using testing::TestServer;

std::unique_ptr<Client> client_of(const std::string& url, TlsOptions tls = {},
                                  Timeouts timeouts = {}) {
  auto server = parse_url(url);
  EXPECT_TRUE(server) << server.error().message;
  auto client = Client::make(
      {.server = *server, .tls = std::move(tls), .timeouts = timeouts, .side_by_side_max = 4});
  EXPECT_TRUE(client) << client.error().message;
  return std::move(*client);
}

TestServer::Answer echo(const TestServer::Request& request) {
  return {.status = 200, .headers = {{"X-Method", request.method}}, .body = request.body};
}

Request put(std::string_view body) { return {.method = "PUT", .target = "/a%20b", .body = body}; }

TEST(Client, AnAnswerIsItsStatusItsHeadersAndItsBody) {
  TestServer server(echo);
  const auto client = client_of(server.url());

  const auto answer = client->send(put("hello"));

  ASSERT_TRUE(answer) << answer.error().message;
  EXPECT_EQ(answer->status, 200);
  EXPECT_EQ(answer->header("x-method"), "PUT");
  EXPECT_EQ(answer->body, "hello");
  ASSERT_EQ(server.requests().size(), 1);
  EXPECT_EQ(server.requests()[0].target, "/a%20b");
  EXPECT_EQ(server.requests()[0].header("host"), client->server().authority());
}

TEST(Client, ALargeBodyComesBackWhole) {
  TestServer server([](const TestServer::Request& request) {
    return TestServer::Answer{.body = request.body, .manner = TestServer::Manner::in_chunks};
  });
  std::string body;
  for (int i = 0; body.size() < 3'000'000; ++i) body += std::to_string(i);

  const auto answer = client_of(server.url())->send(put(body));

  ASSERT_TRUE(answer) << answer.error().message;
  EXPECT_EQ(answer->body, body);
}

TEST(Client, APartOfAFileIsABody) {
  TestServer server(echo);
  TempFolder folder;
  const std::string text(300'000, 'x');
  folder.write("body", "ab" + text + "yz");
  const Descriptor file(::open((folder / "body").c_str(), O_RDONLY | O_CLOEXEC));

  const auto answer =
      client_of(server.url())->send({.method = "PUT", .file = FilePart{file.get(), 1, 300'002}});

  ASSERT_TRUE(answer) << answer.error().message;
  EXPECT_EQ(answer->body, "b" + text + "y");
}

TEST(Client, ABodyThatIsPassedOnIsNotKept) {
  TestServer server(echo);
  const std::string body(1'000'000, 'x');
  std::string passed;
  auto request = put(body);
  request.receive = [&passed](std::uint64_t offset, std::string_view piece) -> Result<> {
    EXPECT_EQ(offset, passed.size());
    passed += piece;
    return {};
  };

  const auto answer = client_of(server.url())->send(request);

  ASSERT_TRUE(answer) << answer.error().message;
  EXPECT_EQ(answer->body, "");
  EXPECT_EQ(passed, body);
}

TEST(Client, WhatTakesABodyMayRefuseIt) {
  TestServer server(echo);
  auto request = put("body");
  request.receive = [](std::uint64_t, std::string_view) -> Result<> {
    return fail(Fault::bad_event, "no");
  };

  const auto answer = client_of(server.url())->send(request);

  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().message, "no");
}

TEST(Client, ABodyLargerThanAllowedIsRefusedHoweverItComes) {
  for (const auto manner : {TestServer::Manner::answer, TestServer::Manner::in_chunks}) {
    TestServer server([manner](const TestServer::Request& request) {
      return TestServer::Answer{.body = request.body, .manner = manner};
    });
    const std::string body(1001, 'x');
    auto request = put(body);
    request.answer_bytes_max = 1000;

    const auto answer = client_of(server.url())->send(request);

    ASSERT_FALSE(answer);
    EXPECT_EQ(answer.error().fault, Fault::bad_event);
    EXPECT_THAT(answer.error().message, HasSubstr("more than 1000 bytes"));
  }
}

TEST(Client, TheAnswerToHeadHasALengthAndNoBody) {
  TestServer server([](const TestServer::Request&) {
    return TestServer::Answer{.headers = {{"Content-Length", "12345"}}};
  });
  const auto client = client_of(server.url());

  const auto answer = client->send({.method = "HEAD"});

  ASSERT_TRUE(answer) << answer.error().message;
  EXPECT_EQ(answer->header("content-length"), "12345");
  EXPECT_TRUE(client->send({.method = "HEAD"}));
}

TEST(Client, AConnectionServesOneRequestAfterTheOther) {
  TestServer server(echo);
  const auto client = client_of(server.url());

  for (int i = 0; i < 3; ++i) ASSERT_TRUE(client->send(put("x")));

  for (const auto& request : server.requests()) EXPECT_EQ(request.connection, 0);
}

TEST(Client, AKeptConnectionThatTheServerClosedIsReplacedUnseen) {
  TestServer server(echo);
  const auto client = client_of(server.url());
  ASSERT_TRUE(client->send(put("x")));
  server.hang_up_on_all();

  const auto answer = client->send(put("y"));

  ASSERT_TRUE(answer) << answer.error().message;
  EXPECT_EQ(answer->body, "y");
}

TEST(Client, ARequestOnAKeptConnectionIsRepeatedOnlyIfItMayBe) {
  for (const bool repeatable : {true, false}) {
    std::atomic<int> calls = 0;
    TestServer server([&calls](const TestServer::Request& request) {
      auto answer = echo(request);
      if (++calls == 2) answer.manner = TestServer::Manner::hang_up;
      return answer;
    });
    const auto client = client_of(server.url());
    ASSERT_TRUE(client->send(put("x")));
    auto second = put("y");
    second.repeatable = repeatable;

    const auto answer = client->send(second);

    EXPECT_EQ(answer.has_value(), repeatable);
    EXPECT_EQ(calls, repeatable ? 3 : 2);
    if (!answer) {
      EXPECT_EQ(answer.error().fault, Fault::unavailable);
    }
  }
}

TEST(Client, RequestsOfOneCallRunSideBySide) {
  TestServer server(echo);
  const auto client = client_of(server.url());
  const std::vector<Request> requests(9, put("x"));

  const auto answers = client->send_all(requests);

  ASSERT_EQ(answers.size(), 9);
  for (const auto& answer : answers) EXPECT_TRUE(answer) << answer.error().message;
  std::set<std::size_t> connections;
  for (const auto& request : server.requests()) connections.insert(request.connection);
  EXPECT_EQ(connections.size(), 4);
}

TEST(Client, ACutBodyIsAFaultOfTheConnection) {
  TestServer server([](const TestServer::Request&) {
    return TestServer::Answer{.body = "half", .manner = TestServer::Manner::cut_off};
  });

  const auto answer = client_of(server.url())->send({});

  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().fault, Fault::unavailable);
  EXPECT_THAT(answer.error().message, HasSubstr("cannot read from " + server.url()));
}

TEST(Client, AServerThatIsNotThereIsNamed) {
  const std::string url = "http://127.0.0.1:" + std::to_string(testing::unused_port());

  const auto answer = client_of(url)->send({});

  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().fault, Fault::unavailable);
  EXPECT_THAT(answer.error().message, HasSubstr("cannot connect to " + url));
  EXPECT_THAT(answer.error().message, HasSubstr("Connection refused"));
}

TEST(Client, AServerThatDoesNotAnswerIsGivenUp) {
  TestServer server([](const TestServer::Request&) {
    return TestServer::Answer{.manner = TestServer::Manner::stall};
  });
  const auto client =
      client_of(server.url(), {},
                {.connect = std::chrono::seconds(10), .idle = std::chrono::milliseconds(30)});

  const auto answer = client->send({});

  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().fault, Fault::unavailable);
  EXPECT_THAT(answer.error().message, HasSubstr("it takes too long"));
}

TEST(Client, AnInterruptEndsWhatWaitsAndRefusesWhatComes) {
  std::promise<void> reached;
  TestServer server([&reached](const TestServer::Request&) {
    reached.set_value();
    return TestServer::Answer{.manner = TestServer::Manner::stall};
  });
  const auto client = client_of(server.url());
  std::thread interrupting([&] {
    reached.get_future().wait();
    client->interrupt();
  });

  const auto answer = client->send({});
  interrupting.join();

  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().fault, Fault::cancelled);
  EXPECT_EQ(client->send({}).error().fault, Fault::cancelled);
  EXPECT_FALSE(client->pause(std::chrono::hours(1)));
}

TEST(Client, AHeaderCannotSmuggleAnother) {
  TestServer server(echo);

  const auto answer = client_of(server.url())->send({.headers = {{"X-Name", "a\r\nX-Other: b"}}});

  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().fault, Fault::bad_event);
  EXPECT_TRUE(server.requests().empty());
}

class SecureClient : public ::testing::Test {
 protected:
  TempFolder folder_;
  TestCertificate certificate_{folder_.path()};
  TestServer server_{echo, certificate_.certificate, certificate_.key};
};

TEST_F(SecureClient, BelievesTheAuthorityItWasGiven) {
  const auto client = client_of(server_.url(), {.ca = FilePath{certificate_.certificate}});

  const auto answer = client->send(put("secret"));

  ASSERT_TRUE(answer) << answer.error().message;
  EXPECT_EQ(answer->body, "secret");
  ASSERT_TRUE(client->send(put("again")));
  EXPECT_EQ(server_.requests().back().connection, 0);
}

TEST_F(SecureClient, BelievesNobodyElse) {
  const auto answer = client_of(server_.url())->send({});

  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().fault, Fault::bad_config);
  EXPECT_THAT(answer.error().message, HasSubstr("the certificate of " + server_.url()));
  EXPECT_THAT(answer.error().message, HasSubstr("tls.ca"));
}

TEST_F(SecureClient, LooksAtTheNameInTheCertificate) {
  TempFolder folder;
  const TestCertificate other(folder.path(), "DNS:elsewhere.example");
  TestServer server(echo, other.certificate, other.key);

  const auto answer = client_of(server.url(), {.ca = FilePath{other.certificate}})->send({});

  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().fault, Fault::bad_config);
  EXPECT_THAT(answer.error().message, HasSubstr("is not to be believed: "));
}

TEST_F(SecureClient, FindsItsServerByNameToo) {
  const std::string url = "https://localhost:" + std::to_string(server_.port());

  const auto answer = client_of(url, {.ca = FilePath{certificate_.certificate}})->send(put("x"));

  EXPECT_TRUE(answer) << answer.error().message;
}

TEST_F(SecureClient, DoesNotLookWhereItWasToldNotTo) {
  const auto answer = client_of(server_.url(), {.verify = false})->send(put("x"));

  EXPECT_TRUE(answer) << answer.error().message;
}

TEST(TlsFiles, ThatCannotBeReadAreNamed) {
  const auto client = Client::make(
      {.server = *parse_url("https://localhost"), .tls = {.ca = FilePath{"/nowhere/ca.pem"}}});

  ASSERT_FALSE(client);
  EXPECT_EQ(client.error().fault, Fault::bad_config);
  EXPECT_THAT(client.error().message, HasSubstr("tls.ca, /nowhere/ca.pem"));
}

}  // namespace
}  // namespace tidemill::http_client
