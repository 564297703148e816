#include "core/admin/admin_server.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/use_future.hpp>
#include <boost/asio/write.hpp>
#include <filesystem>
#include <fstream>
#include <thread>

#include "core/admin/admin_client.h"
#include "core/admin/health_routes.h"
#include "core/base/asio_scheduler.h"

namespace tidemill {
namespace {

namespace asio = boost::asio;
namespace fs = std::filesystem;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::StartsWith;
using namespace std::chrono_literals;

class SilentLog final : public Log {
 public:
  void write(LogLevel, std::string_view) override {}
};

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

Task<HttpResponse> throws(HttpRequest) {
  throw std::runtime_error("out of luck");
  co_return HttpResponse{};
}

Task<HttpResponse> echoes(HttpRequest request) { co_return text_response(201, request.body); }

HttpResponse counts(const HttpRequest& request) {
  HttpResponse response;
  const std::string last = request.query_or("last", "");
  response.stream =
      std::make_unique<Counting>(last.empty() ? std::nullopt : std::optional(std::stoi(last)));
  return response;
}

/// An engine's admin API on a socket in a folder of its own, with a thread that serves it.
class AdminServerTest : public ::testing::Test {
 protected:
  AdminServerTest() : scheduler_(1) {
    std::string folder = ::testing::TempDir() + "admin-XXXXXX";
    folder_ = ::mkdtemp(folder.data());
    options_.socket_path = folder_ / "admin.sock";
    add_health_routes(router_, {.alive = [] { return Result<>(); },
                                .ready = [this] { return ready_; },
                                .metrics = [] { return std::string("up 1\n"); }});
    router_.add("GET", "/throws", throws);
    router_.add("POST", "/echo", echoes);
    router_.add_immediate("GET", "/count", counts);
  }

  ~AdminServerTest() override {
    if (thread_.joinable()) stop();
    fs::remove_all(folder_);
  }

  Result<> start() {
    server_.emplace(scheduler_, log_, router_, options_);
    auto started = server_->start();
    if (started) thread_ = std::thread([this] { scheduler_.run(); });
    return started;
  }

  void stop() {
    asio::co_spawn(scheduler_.executor(), server_->close(), asio::use_future).get();
    scheduler_.stop();
    thread_.join();
  }

  AdminClient client(Duration limit = 30s) const {
    return AdminClient(options_.socket_path, limit);
  }

  /// Sends bytes to the TCP port and returns all that comes back until the server closes.
  std::string over_tcp(const std::string& bytes) const {
    asio::io_context context;
    asio::ip::tcp::socket socket(context);
    socket.connect({asio::ip::make_address("127.0.0.1"), server_->port()});
    return conversation(socket, bytes);
  }

  std::string over_unix(const std::string& bytes) const {
    asio::io_context context;
    asio::local::stream_protocol::socket socket(context);
    socket.connect(asio::local::stream_protocol::endpoint(options_.socket_path));
    return conversation(socket, bytes);
  }

  static std::string conversation(auto& socket, const std::string& bytes) {
    boost::system::error_code error;
    asio::write(socket, asio::buffer(bytes), error);
    std::string answer;
    asio::read(socket, asio::dynamic_buffer(answer), error);
    return answer;
  }

  SilentLog log_;
  AsioScheduler scheduler_;
  Router router_;
  AdminOptions options_;
  Result<> ready_;
  fs::path folder_;
  std::optional<AdminServer> server_;
  std::thread thread_;
};

TEST_F(AdminServerTest, HealthIsAnsweredOverTheSocket) {
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

TEST_F(AdminServerTest, AnEngineThatIsNotReadySaysWhy) {
  ready_ = fail(Fault::transient, "the store is being reopened");
  ASSERT_TRUE(start());

  const auto answer = client().request("GET", "/readyz");

  ASSERT_TRUE(answer);
  EXPECT_EQ(answer->status, 503U);
  EXPECT_EQ(answer->body, "the store is being reopened\n");
}

TEST_F(AdminServerTest, ABodyGoesInAndComesBack) {
  ASSERT_TRUE(start());
  const std::string body(1'000'000, 'b');

  const auto answer = client().request("POST", "/echo", body);

  ASSERT_TRUE(answer);
  EXPECT_EQ(answer->status, 201U);
  EXPECT_EQ(answer->body, body);
}

TEST_F(AdminServerTest, ATooLargeBodyIsRefusedWithAnAnswer) {
  options_.limits.body_bytes_max = 1000;
  ASSERT_TRUE(start());

  const auto answer = client().request("POST", "/echo", std::string(1'000'000, 'b'));

  ASSERT_TRUE(answer);
  EXPECT_EQ(answer->status, 413U);
}

TEST_F(AdminServerTest, AHandlerThatThrowsIsA500AndNothingMore) {
  ASSERT_TRUE(start());

  const auto answer = client().request("GET", "/throws");

  ASSERT_TRUE(answer);
  EXPECT_EQ(answer->status, 500U);
  EXPECT_EQ(client().request("GET", "/healthz")->status, 200U);
}

TEST_F(AdminServerTest, LinesArriveAsTheyAreMade) {
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

TEST_F(AdminServerTest, AReaderWhoHasEnoughEndsAnEndlessStream) {
  ASSERT_TRUE(start());
  int seen = 0;

  const auto answer = client().lines("GET", "/count", [&](std::string_view) { return ++seen < 3; });

  ASSERT_TRUE(answer);
  EXPECT_EQ(seen, 3);
}

TEST_F(AdminServerTest, AnErrorInsteadOfLinesIsReturnedWhole) {
  ASSERT_TRUE(start());

  const auto answer = client().lines("GET", "/nothing", [](std::string_view) { return true; });

  ASSERT_TRUE(answer);
  EXPECT_EQ(answer->status, 404U);
  EXPECT_EQ(answer->body, "nothing at /nothing\n");
}

TEST_F(AdminServerTest, SeveralRequestsShareAConnection) {
  ASSERT_TRUE(start());

  const std::string answers = over_unix(
      "GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n"
      "GET /count?last=1 HTTP/1.1\r\nHost: x\r\n\r\n"
      "GET /metrics HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");

  EXPECT_THAT(answers, HasSubstr("\r\n\r\nok\n"));
  EXPECT_THAT(answers, HasSubstr("\r\n\r\n2\r\n1\n\r\n0\r\n\r\n"));
  EXPECT_THAT(answers, ::testing::EndsWith("\r\n\r\nup 1\n"));
}

TEST_F(AdminServerTest, AnOldPeerGetsAStreamWithoutChunks) {
  ASSERT_TRUE(start());

  EXPECT_THAT(over_unix("GET /count?last=2 HTTP/1.0\r\n\r\n"),
              ::testing::EndsWith("\r\n\r\n1\n2\n"));
}

TEST_F(AdminServerTest, WhatIsNotHttpIsTold) {
  ASSERT_TRUE(start());

  EXPECT_THAT(over_unix("\x16\x03\x01 hello\r\n\r\n"), StartsWith("HTTP/1.1 400 "));
  EXPECT_THAT(over_unix("GET /%zz HTTP/1.1\r\nConnection: close\r\n\r\n"),
              StartsWith("HTTP/1.1 400 "));
  EXPECT_THAT(over_unix("GET / HTTP/1.1\r\nX: " + std::string(20'000, 'x') + "\r\n\r\n"),
              StartsWith("HTTP/1.1 431 "));
}

TEST_F(AdminServerTest, APeerThatNeverFinishesItsHeaderIsDropped) {
  options_.limits.idle_max = 20ms;
  ASSERT_TRUE(start());

  EXPECT_EQ(over_unix("GET /healthz HT"), "");
}

TEST_F(AdminServerTest, APeerThatNeverFinishesItsBodyIsDropped) {
  options_.limits.read_max = 20ms;
  ASSERT_TRUE(start());

  EXPECT_EQ(over_unix("POST /echo HTTP/1.1\r\nContent-Length: 10\r\n\r\nabc"), "");
}

TEST_F(AdminServerTest, AtTheLimitOfConnectionsTheNextOneWaits) {
  options_.connections_max = 1;
  options_.limits.idle_max = 20ms;
  ASSERT_TRUE(start());
  asio::io_context context;
  asio::local::stream_protocol::socket idle(context);
  idle.connect(asio::local::stream_protocol::endpoint(options_.socket_path));

  EXPECT_EQ(client().request("GET", "/healthz")->status, 200U);
}

TEST_F(AdminServerTest, TheSocketIsForItsOwnerAlone) {
  ASSERT_TRUE(start());

  struct stat status{};
  ASSERT_EQ(::stat(options_.socket_path.c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777U, 0600U);
}

TEST_F(AdminServerTest, TheSocketOfADeadEngineIsReplaced) {
  asio::io_context context;
  {
    const asio::local::stream_protocol::endpoint endpoint(options_.socket_path);
    asio::local::stream_protocol::acceptor dead(context, endpoint);
  }
  ASSERT_TRUE(fs::exists(options_.socket_path));

  ASSERT_TRUE(start());

  EXPECT_TRUE(client().request("GET", "/healthz"));
}

TEST_F(AdminServerTest, TheSocketOfALivingEngineIsLeftAlone) {
  ASSERT_TRUE(start());

  {
    AdminServer second(scheduler_, log_, router_, options_);
    const auto started = second.start();

    ASSERT_FALSE(started);
    EXPECT_THAT(started.error().message, StartsWith("another engine answers on "));
  }
  EXPECT_TRUE(client().request("GET", "/healthz"));
}

TEST_F(AdminServerTest, AFileInTheSocketsPlaceIsNotTouched) {
  std::ofstream(options_.socket_path) << "precious";

  EXPECT_FALSE(start());
  EXPECT_EQ(fs::file_size(options_.socket_path), 8U);
}

TEST_F(AdminServerTest, ALongFolderNameIsNoObstacle) {
  const fs::path deep = folder_ / std::string(100, 'd') / std::string(100, 'e');
  fs::create_directories(deep);
  options_.socket_path = deep / "admin.sock";

  ASSERT_TRUE(start());

  EXPECT_TRUE(client().request("GET", "/healthz"));
  stop();
  EXPECT_FALSE(fs::exists(options_.socket_path));
}

TEST_F(AdminServerTest, ALongSocketNameIsAnErrorThatSaysSo) {
  options_.socket_path = folder_ / std::string(120, 's');

  const auto started = start();

  ASSERT_FALSE(started);
  EXPECT_THAT(started.error().message, HasSubstr("too long"));
}

TEST_F(AdminServerTest, WithoutAnEngineTheClientSaysSo) {
  const auto answer = client().request("GET", "/healthz");

  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().fault, Fault::transient);
  EXPECT_THAT(answer.error().message, StartsWith("no engine answers on "));
}

TEST_F(AdminServerTest, AnEngineThatDoesNotAnswerIsNotWaitedForForEver) {
  asio::io_context context;
  const asio::local::stream_protocol::acceptor deaf(
      context, asio::local::stream_protocol::endpoint(options_.socket_path));

  const auto answer = client(20ms).request("GET", "/healthz");

  ASSERT_FALSE(answer);
  EXPECT_THAT(answer.error().message, HasSubstr("in time"));
}

TEST_F(AdminServerTest, LoopbackChecksTheHostAndTheOrigin) {
  options_.listen = "127.0.0.1:0";
  ASSERT_TRUE(start());

  EXPECT_THAT(over_tcp("GET /healthz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"),
              StartsWith("HTTP/1.1 200 "));
  EXPECT_THAT(over_tcp("GET /healthz HTTP/1.1\r\nHost: evil.example\r\n\r\n"),
              StartsWith("HTTP/1.1 403 "));
  EXPECT_THAT(over_tcp("POST /echo HTTP/1.1\r\nHost: localhost\r\nOrigin: http://evil.example\r\n"
                       "Content-Length: 4\r\n\r\nevil"),
              StartsWith("HTTP/1.1 403 "));
}

TEST_F(AdminServerTest, WithATokenTcpNeedsItAndTheSocketDoesNot) {
  options_.listen = "0.0.0.0:0";
  options_.token = "secret";
  ASSERT_TRUE(start());

  EXPECT_THAT(over_tcp("GET /healthz HTTP/1.1\r\nHost: pod-7\r\n\r\n"),
              StartsWith("HTTP/1.1 401 "));
  EXPECT_THAT(over_tcp("GET /healthz HTTP/1.1\r\nHost: pod-7\r\nAuthorization: Bearer secret\r\n"
                       "Connection: close\r\n\r\n"),
              StartsWith("HTTP/1.1 200 "));
  EXPECT_EQ(client().request("GET", "/healthz")->status, 200U);
}

TEST_F(AdminServerTest, AnAddressOthersCanReachNeedsAToken) {
  options_.listen = "0.0.0.0:0";

  const auto started = start();

  ASSERT_FALSE(started);
  EXPECT_THAT(started.error().message, HasSubstr("token"));
}

TEST_F(AdminServerTest, WhatIsNoAddressIsAMistake) {
  for (const char* listen :
       {"8787", "127.0.0.1", "example.org:80", "127.0.0.1:x", "127.0.0.1:99999"}) {
    options_.listen = listen;
    const auto started = start();
    ASSERT_FALSE(started) << listen;
    EXPECT_EQ(started.error().fault, Fault::bad_config);
  }
}

TEST_F(AdminServerTest, ClosingEndsIdleConnectionsAndRemovesTheSocket) {
  ASSERT_TRUE(start());
  asio::io_context context;
  asio::local::stream_protocol::socket idle(context);
  idle.connect(asio::local::stream_protocol::endpoint(options_.socket_path));

  stop();

  std::array<char, 1> byte;
  boost::system::error_code error;
  idle.read_some(asio::buffer(byte), error);
  EXPECT_TRUE(error);
  EXPECT_FALSE(fs::exists(options_.socket_path));
}

}  // namespace
}  // namespace tidemill
