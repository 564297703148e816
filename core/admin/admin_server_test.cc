#include "core/admin/admin_server.h"

#include <sys/stat.h>

#include <array>
#include <fstream>

#include "core/admin/admin_server_fixture.h"

namespace tidemill {
namespace {

namespace asio = boost::asio;
namespace fs = std::filesystem;
using testing::AdminServerTest;
using ::testing::HasSubstr;
using ::testing::StartsWith;
using namespace std::chrono_literals;

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
    AsioScheduler another_engines(1);
    AdminServer second(another_engines, log_, router_, options_);
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
  EXPECT_THAT(
      over_tcp("POST /healthz HTTP/1.1\r\nHost: localhost\r\nOrigin: http://evil.example\r\n"
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

TEST_F(AdminServerTest, AClientReachesTheListenerByItsAddress) {
  options_.listen = "127.0.0.1:0";
  ASSERT_TRUE(start());

  for (const char* host : {"127.0.0.1", "localhost"}) {
    const AdminClient remote(AdminAddress{host, server_->port(), ""});
    const auto answer = remote.request("GET", "/healthz");
    ASSERT_TRUE(answer) << host << ": " << answer.error().message;
    EXPECT_EQ(answer->status, 200U);
  }
}

TEST_F(AdminServerTest, AClientFromAfarSendsItsToken) {
  options_.listen = "0.0.0.0:0";
  options_.token = "secret";
  ASSERT_TRUE(start());

  const auto status_with = [&](std::string token) {
    const AdminClient remote(AdminAddress{"127.0.0.1", server_->port(), std::move(token)});
    return remote.request("GET", "/healthz")->status;
  };
  EXPECT_EQ(status_with("secret"), 200U);
  EXPECT_EQ(status_with("guess"), 401U);
  EXPECT_EQ(status_with(""), 401U);
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
