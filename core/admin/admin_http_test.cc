#include "core/http/http_connection.h"

#include <stdexcept>
#include <vector>

#include "core/admin/admin_server_fixture.h"

namespace tidemill {
namespace {

namespace asio = boost::asio;
using ::testing::ElementsAre;
using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::StartsWith;
using namespace std::chrono_literals;

/// Counts to `last`, a number a line, or for ever.
class Counting final : public BodyStream {
 public:
  explicit Counting(std::optional<int> last) : last_(last) {}
  Task<std::optional<std::string>> next() override {
    if (last_ && next_ > *last_) co_return std::nullopt;
    co_return std::to_string(next_++) + "\n";
  }

 private:
  std::optional<int> last_;
  int next_ = 1;
};

Task<HttpResponse> throws(HttpRequest&) {
  throw std::runtime_error("out of luck");
  co_return HttpResponse{};
}

Task<HttpResponse> echoes(HttpRequest& request) { co_return text_response(201, request.body); }

HttpResponse counts(const HttpRequest& request) {
  HttpResponse response;
  const std::string last = request.query_or("last", "");
  response.stream =
      std::make_unique<Counting>(last.empty() ? std::nullopt : std::optional(std::stoi(last)));
  return response;
}

class HttpConnectionTest : public testing::AdminServerTest {
 protected:
  HttpConnectionTest() {
    router_.add("GET", "/throws", throws);
    router_.add("POST", "/echo", echoes);
    router_.add_immediate("GET", "/count", counts);
  }
};

TEST_F(HttpConnectionTest, HealthIsAnsweredOverTheSocket) {
  ASSERT_TRUE(start());

  const auto health = client().request("GET", "/healthz");
  const auto metrics = client().request("GET", "/metrics");

  ASSERT_TRUE(health);
  EXPECT_EQ(health->status, 200U);
  EXPECT_EQ(health->body, "ok\n");
  ASSERT_TRUE(metrics);
  EXPECT_EQ(metrics->body, "up 1\n");
  EXPECT_EQ(metrics->content_type, "text/plain; version=0.0.4; charset=utf-8");
}

TEST_F(HttpConnectionTest, AnEngineThatIsNotReadySaysWhy) {
  ready_ = fail(Fault::transient, "the store is being reopened");
  ASSERT_TRUE(start());

  const auto answer = client().request("GET", "/readyz");

  ASSERT_TRUE(answer);
  EXPECT_EQ(answer->status, 503U);
  EXPECT_EQ(answer->body, "the store is being reopened\n");
}

TEST_F(HttpConnectionTest, ABodyGoesInAndComesBack) {
  ASSERT_TRUE(start());
  const std::string body(1'000'000, 'b');

  const auto answer = client().request("POST", "/echo", body);

  ASSERT_TRUE(answer);
  EXPECT_EQ(answer->status, 201U);
  EXPECT_EQ(answer->body, body);
}

TEST_F(HttpConnectionTest, ATooLargeBodyIsRefusedWithAnAnswer) {
  options_.limits.body_bytes_max = 1000;
  ASSERT_TRUE(start());

  const auto answer = client().request("POST", "/echo", std::string(1'000'000, 'b'));

  ASSERT_TRUE(answer);
  EXPECT_EQ(answer->status, 413U);
}

TEST_F(HttpConnectionTest, AHandlerThatThrowsIsA500AndNothingMore) {
  ASSERT_TRUE(start());

  const auto answer = client().request("GET", "/throws");

  ASSERT_TRUE(answer);
  EXPECT_EQ(answer->status, 500U);
  EXPECT_EQ(client().request("GET", "/healthz")->status, 200U);
}

TEST_F(HttpConnectionTest, LinesArriveAsTheyAreMade) {
  ASSERT_TRUE(start());
  std::vector<std::string> lines;

  const auto answer = client().lines("GET", "/count?last=4", [&](std::string_view line) {
    lines.emplace_back(line);
    return true;
  });

  ASSERT_TRUE(answer);
  EXPECT_EQ(answer->status, 200U);
  EXPECT_THAT(lines, ElementsAre("1", "2", "3", "4"));
}

TEST_F(HttpConnectionTest, AReaderWhoHasEnoughEndsAnEndlessStream) {
  ASSERT_TRUE(start());
  int seen = 0;

  const auto answer = client().lines("GET", "/count", [&](std::string_view) { return ++seen < 3; });

  ASSERT_TRUE(answer);
  EXPECT_EQ(seen, 3);
}

TEST_F(HttpConnectionTest, AnErrorInsteadOfLinesIsReturnedWhole) {
  ASSERT_TRUE(start());

  const auto answer = client().lines("GET", "/nothing", [](std::string_view) { return true; });

  ASSERT_TRUE(answer);
  EXPECT_EQ(answer->status, 404U);
  EXPECT_EQ(answer->body, "nothing at /nothing\n");
}

TEST_F(HttpConnectionTest, SeveralRequestsShareAConnection) {
  ASSERT_TRUE(start());

  const std::string answers = over_unix(
      "GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n"
      "GET /count?last=1 HTTP/1.1\r\nHost: x\r\n\r\n"
      "GET /metrics HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");

  EXPECT_THAT(answers, HasSubstr("\r\n\r\nok\n"));
  EXPECT_THAT(answers, HasSubstr("\r\n\r\n2\r\n1\n\r\n0\r\n\r\n"));
  EXPECT_THAT(answers, EndsWith("\r\n\r\nup 1\n"));
}

TEST_F(HttpConnectionTest, AnOldPeerGetsAStreamWithoutChunks) {
  ASSERT_TRUE(start());

  EXPECT_THAT(over_unix("GET /count?last=2 HTTP/1.0\r\n\r\n"), EndsWith("\r\n\r\n1\n2\n"));
}

TEST_F(HttpConnectionTest, WhatIsNotHttpIsTold) {
  ASSERT_TRUE(start());

  EXPECT_THAT(over_unix("\x16\x03\x01 hello\r\n\r\n"), StartsWith("HTTP/1.1 400 "));
  EXPECT_THAT(over_unix("GET /%zz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"),
              StartsWith("HTTP/1.1 400 "));
  EXPECT_THAT(over_unix("GET / HTTP/1.1\r\nX: " + std::string(20'000, 'x') + "\r\n\r\n"),
              StartsWith("HTTP/1.1 431 "));
}

TEST_F(HttpConnectionTest, APeerThatNeverFinishesItsHeaderIsDropped) {
  options_.limits.header_max = 20ms;
  ASSERT_TRUE(start());

  EXPECT_EQ(over_unix("GET /healthz HT"), "");
}

TEST_F(HttpConnectionTest, APeerThatNeverFinishesItsBodyIsDropped) {
  options_.limits.read_max = 20ms;
  ASSERT_TRUE(start());

  EXPECT_EQ(over_unix("POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\nabc"), "");
}

TEST_F(HttpConnectionTest, AtTheLimitOfConnectionsTheNextOneWaits) {
  options_.limits.connections_max = 1;
  options_.limits.idle_max = 20ms;
  ASSERT_TRUE(start());
  asio::io_context context;
  asio::local::stream_protocol::socket idle(context);
  idle.connect(asio::local::stream_protocol::endpoint(options_.socket_path));

  EXPECT_EQ(client().request("GET", "/healthz")->status, 200U);
}

}  // namespace
}  // namespace tidemill
