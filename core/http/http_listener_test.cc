// A door as connectors are lent it, with a real socket.
#include "core/http/http_listener.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/use_future.hpp>
#include <boost/asio/write.hpp>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <thread>

#include "core/base/asio_scheduler.h"
#include "tidemill/testing/recording_log.h"

namespace tidemill {
namespace {

namespace asio = boost::asio;
using ::testing::HasSubstr;
using ::testing::StartsWith;

class HttpDoorTest : public ::testing::Test {
 protected:
  HttpDoorTest() : scheduler_(1), arrived_(scheduler_), let_go_(scheduler_) {}
  ~HttpDoorTest() override {
    if (server_) close();
    scheduler_.stop();
    if (thread_.joinable()) thread_.join();
  }

  Result<> open(HttpDoor door) {
    door.answer = handler();
    auto server = serve_http(scheduler_, log_, std::move(door));
    if (!server) return std::unexpected(server.error());
    server_ = std::move(*server);
    if (!thread_.joinable()) thread_ = std::thread([this] { scheduler_.run(); });
    return {};
  }

  void close() {
    asio::co_spawn(scheduler_.executor(), server_->close(), asio::use_future).get();
    server_.reset();
  }

  HttpHandler handler() { return std::bind_front(&HttpDoorTest::answer, this); }

  Task<HttpResponse> answer(HttpRequest& request) {
    if (request.path == "/slow") {
      arrived_.notify();
      co_await let_go_.wait();
    }
    if (request.path == "/header") {
      auto response = text_response(200, "x");
      response.headers.emplace_back("X-From-Outside", std::string(request.body));
      co_return response;
    }
    if (request.path == "/about") {
      std::string about = request.peer + (request.encrypted ? " encrypted" : " in the clear");
      for (const HttpHeader& header : request.headers)
        about.append("|").append(header.name).append("=").append(header.value);
      about.append("|").append(request.query_text).append("|").append(request.content_type);
      co_return text_response(200, about + "|" + request.body);
    }
    co_return text_response(200, "got " + request.body + "\n");
  }

  static std::string talk(std::uint16_t port, const std::string& bytes) {
    asio::io_context context;
    asio::ip::tcp::socket socket(context);
    socket.connect({asio::ip::make_address("127.0.0.1"), port});
    boost::system::error_code error;
    asio::write(socket, asio::buffer(bytes), error);
    std::string answer;
    asio::read(socket, asio::dynamic_buffer(answer), error);
    return answer;
  }

  std::string post(const std::string& body, const std::string& headers = {},
                   const std::string& path = "/") {
    return talk(server_->port(), "POST " + path + " HTTP/1.1\r\nHost: 127.0.0.1\r\n" + headers +
                                     "Connection: close\r\nContent-Length: " +
                                     std::to_string(body.size()) + "\r\n\r\n" + body);
  }

  testing::RecordingLog log_;
  AsioScheduler scheduler_;
  Signal arrived_;
  Signal let_go_;
  std::unique_ptr<HttpServer> server_;
  std::thread thread_;
};

TEST_F(HttpDoorTest, ARequestIsAnswered) {
  ASSERT_TRUE(open({.listen = "127.0.0.1:0"}));

  EXPECT_THAT(post("hello"), HasSubstr("\r\n\r\ngot hello\n"));
}

TEST_F(HttpDoorTest, ADoorWithATokenAsksForIt) {
  ASSERT_TRUE(open({.listen = "127.0.0.1:0", .token = "secret"}));

  EXPECT_THAT(post("x"), StartsWith("HTTP/1.1 401 "));
  EXPECT_THAT(post("x", "Authorization: Bearer secret\r\n"), StartsWith("HTTP/1.1 200 "));
  EXPECT_THAT(post("x", "Authorization: Basic cmd3OnNlY3JldA==\r\n"), StartsWith("HTTP/1.1 200 "));
}

TEST_F(HttpDoorTest, WhatIsLargerThanItsLimitIsRefused) {
  HttpDoor door{.listen = "127.0.0.1:0"};
  door.limits.body_bytes_max = 4;
  ASSERT_TRUE(open(std::move(door)));

  EXPECT_THAT(post("1234"), StartsWith("HTTP/1.1 200 "));
  EXPECT_THAT(post("12345"), StartsWith("HTTP/1.1 413 "));
}

TEST_F(HttpDoorTest, AHandlerSeesTheWholeHead) {
  ASSERT_TRUE(open({.listen = "127.0.0.1:0"}));

  EXPECT_THAT(post("", "X-One: 1\r\nx-two:  two words \r\n", "/about?a=1&a=2"),
              HasSubstr("127.0.0.1 in the clear|host=127.0.0.1|x-one=1|x-two=two words|"));
  EXPECT_THAT(post("", "", "/about?a=%31"), HasSubstr("|a=%31"));
}

TEST_F(HttpDoorTest, ARequestHasNothingOfTheOneBefore) {
  ASSERT_TRUE(open({.listen = "127.0.0.1:0"}));

  const std::string answers = talk(server_->port(),
                                   "POST /about?a=1 HTTP/1.1\r\nHost: 127.0.0.1\r\nX-One: 1\r\n"
                                   "Content-Type: text/plain\r\nContent-Length: 4\r\n\r\nbody"
                                   "GET /about HTTP/1.1\r\nHost: 127.0.0.1\r\n"
                                   "Connection: close\r\n\r\n");

  EXPECT_THAT(answers, HasSubstr("|x-one=1|content-type=text/plain|content-length=4|a=1|"
                                 "text/plain|body"));
  EXPECT_THAT(answers, HasSubstr("in the clear|host=127.0.0.1|connection=close|||"));
}

TEST_F(HttpDoorTest, WhoeverIsNotAdmittedSendsNoBody) {
  HttpDoor door{.listen = "127.0.0.1:0"};
  door.admit = [](HttpRequest& request) -> std::optional<HttpResponse> {
    if (request.header("x-key") == "right") return std::nullopt;
    return text_response(401, "who are you?\n");
  };
  ASSERT_TRUE(open(std::move(door)));

  EXPECT_THAT(post("x", "X-Key: right\r\n"), HasSubstr("got x"));
  EXPECT_THAT(post("x"), HasSubstr("who are you?"));
  // It waits for a word before it sends so much, and gets another one.
  const std::string large = talk(server_->port(),
                                 "POST / HTTP/1.1\r\nHost: 127.0.0.1\r\nExpect: 100-continue\r\n"
                                 "Content-Length: 1000000\r\n\r\n");
  EXPECT_THAT(large, StartsWith("HTTP/1.1 401 "));
}

TEST_F(HttpDoorTest, ARefusalDoesNotEndTheConnection) {
  HttpDoor door{.listen = "127.0.0.1:0"};
  door.admit = [](HttpRequest& request) -> std::optional<HttpResponse> {
    if (request.path != "/no") return std::nullopt;
    return text_response(404, "nothing\n");
  };
  ASSERT_TRUE(open(std::move(door)));

  const std::string both =
      talk(server_->port(),
           "POST /no HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 3\r\n\r\nabc"
           "POST / HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 3\r\nConnection: close\r\n\r\n"
           "def");
  EXPECT_THAT(both, StartsWith("HTTP/1.1 404 "));
  EXPECT_THAT(both, HasSubstr("got def"));
}

TEST_F(HttpDoorTest, WhoAsksFirstIsToldToGoOn) {
  ASSERT_TRUE(open({.listen = "127.0.0.1:0"}));

  const std::string answer = post("hello", "Expect: 100-continue\r\n");
  EXPECT_THAT(answer, HasSubstr("got hello"));
}

TEST_F(HttpDoorTest, ChunksAreOneBody) {
  ASSERT_TRUE(open({.listen = "127.0.0.1:0"}));

  EXPECT_THAT(talk(server_->port(),
                   "POST / HTTP/1.1\r\nHost: 127.0.0.1\r\nTransfer-Encoding: chunked\r\n"
                   "Connection: close\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n"),
              HasSubstr("got abcde"));
}

TEST_F(HttpDoorTest, WhereABodyEndsIsNeverGuessed) {
  ASSERT_TRUE(open({.listen = "127.0.0.1:0"}));
  // To each of them a body is what another server would take for the next request.
  for (const std::string headers :
       {"Transfer-Encoding: gzip\r\n", "Transfer-Encoding: gzip, chunked\r\n",
        "Transfer-Encoding: chunked, identity\r\n", "Content-Length: 1\r\nContent-Length: 2\r\n",
        "Content-Length: 1\r\nTransfer-Encoding: chunked\r\n"}) {
    const std::string answer =
        talk(server_->port(), "POST / HTTP/1.1\r\nHost: 127.0.0.1\r\n" + headers +
                                  "\r\nPOST /next HTTP/1.1\r\n\r\n");
    EXPECT_THAT(answer, StartsWith("HTTP/1.1 400 ")) << headers;
    EXPECT_THAT(answer, ::testing::Not(HasSubstr("got"))) << headers;
  }
}

TEST_F(HttpDoorTest, ARequestNamesOneHost) {
  HttpDoor door{.listen = "127.0.0.1:0"};
  door.guarded = false;
  ASSERT_TRUE(open(std::move(door)));

  const std::string end = "Connection: close\r\n\r\n";
  EXPECT_THAT(talk(server_->port(), "GET / HTTP/1.1\r\nHost: a\r\n" + end),
              StartsWith("HTTP/1.1 200 "));
  EXPECT_THAT(talk(server_->port(), "GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n" + end),
              HasSubstr("the request names two hosts"));
  EXPECT_THAT(talk(server_->port(), "GET / HTTP/1.1\r\n" + end),
              HasSubstr("the request has no Host header"));
  EXPECT_THAT(talk(server_->port(), "GET / HTTP/1.0\r\n" + end), HasSubstr(" 200 OK"));
}

TEST_F(HttpDoorTest, BodiesThatAreUnderWayAreBoundedTogether) {
  HttpDoor door{.listen = "127.0.0.1:0"};
  door.limits.bodies_bytes_max = 6;
  ASSERT_TRUE(open(std::move(door)));
  std::string first;
  std::thread peer([&] { first = post("1234", {}, "/slow"); });
  asio::co_spawn(scheduler_.executor(), arrived_.wait(), asio::use_future).get();

  const std::string second = post("1234");
  asio::post(scheduler_.executor(), [this] { let_go_.notify(); });
  peer.join();

  EXPECT_THAT(second, StartsWith("HTTP/1.1 429 "));
  EXPECT_THAT(second, HasSubstr("Retry-After: 1\r\n"));
  EXPECT_THAT(first, HasSubstr("got 1234"));
  EXPECT_THAT(post("1234"), HasSubstr("got 1234"));
}

TEST_F(HttpDoorTest, AHeadHasNoBody) {
  ASSERT_TRUE(open({.listen = "127.0.0.1:0"}));

  const std::string answer =
      talk(server_->port(), "HEAD / HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n");
  EXPECT_THAT(answer, HasSubstr("Content-Length: 5\r\n"));
  EXPECT_THAT(answer, ::testing::EndsWith("\r\n\r\n"));
}

TEST_F(HttpDoorTest, AnAnswerWithALineEndInAHeaderIsNotSent) {
  ASSERT_TRUE(open({.listen = "127.0.0.1:0"}));

  EXPECT_THAT(post("fine", {}, "/header"), HasSubstr("X-From-Outside: fine\r\n"));
  const std::string broken = post("a\r\nSet-Cookie: b", {}, "/header");
  EXPECT_THAT(broken, StartsWith("HTTP/1.1 500 "));
  EXPECT_THAT(broken, ::testing::Not(HasSubstr("Set-Cookie")));
}

TEST_F(HttpDoorTest, ACertificateThatCannotBeReadIsAMistakeOfTheConfiguration) {
  const auto opened =
      open({.listen = "127.0.0.1:0", .tls = HttpTls{"/nowhere/cert.pem", "/nowhere/key.pem"}});

  ASSERT_FALSE(opened);
  EXPECT_EQ(opened.error().fault, Fault::bad_config);
  EXPECT_THAT(opened.error().message, HasSubstr("/nowhere/cert.pem"));
}

TEST_F(HttpDoorTest, OtherMachinesNeedAToken) {
  const auto opened = open({.listen = "0.0.0.0:0"});

  ASSERT_FALSE(opened);
  EXPECT_EQ(opened.error().fault, Fault::bad_config);
  EXPECT_THAT(opened.error().message, HasSubstr("give a token, or listen on 127.0.0.1"));
  EXPECT_TRUE(open({.listen = "0.0.0.0:0", .token = "secret"}));
}

TEST_F(HttpDoorTest, AnAddressHasAPort) {
  for (const char* wrong :
       {"", "localhost", "127.0.0.1:", "127.0.0.1:70000", "nowhere.example:1"}) {
    const auto opened = open({.listen = wrong});
    ASSERT_FALSE(opened) << wrong;
    EXPECT_THAT(opened.error().message, HasSubstr("is not HOST:PORT")) << wrong;
  }
}

TEST_F(HttpDoorTest, APortThatIsTakenMayBeFreeLater) {
  ASSERT_TRUE(open({.listen = "127.0.0.1:0"}));
  HttpDoor second{.listen = "127.0.0.1:" + std::to_string(server_->port())};
  second.answer = handler();

  const auto opened = serve_http(scheduler_, log_, std::move(second));

  ASSERT_FALSE(opened);
  EXPECT_EQ(opened.error().fault, Fault::transient);
}

TEST_F(HttpDoorTest, AnAnswerThatIsBeingMadeGoesOutBeforeTheDoorIsClosed) {
  ASSERT_TRUE(open({.listen = "127.0.0.1:0"}));
  std::string answered;
  std::thread peer([&] { answered = post("last", {}, "/slow"); });
  asio::co_spawn(scheduler_.executor(), arrived_.wait(), asio::use_future).get();

  auto closed = asio::co_spawn(scheduler_.executor(), server_->close(), asio::use_future);
  asio::post(scheduler_.executor(), [this] { let_go_.notify(); });
  closed.get();
  server_.reset();
  peer.join();

  EXPECT_THAT(answered, HasSubstr("got last\n"));
}

}  // namespace
}  // namespace tidemill
