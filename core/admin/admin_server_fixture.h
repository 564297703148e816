// AdminServerTest: an engine's admin API on a socket in a folder of its own, with a thread that
// serves it, and ways to talk to it.
#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/use_future.hpp>
#include <boost/asio/write.hpp>
#include <chrono>
#include <filesystem>
#include <optional>
#include <string>
#include <thread>

#include "core/admin/admin_client.h"
#include "core/admin/admin_server.h"
#include "core/admin/health_routes.h"
#include "core/base/asio_scheduler.h"

namespace tidemill::testing {

class SilentLog final : public Log {
 public:
  void write(LogLevel, std::string_view) override {}
};

class AdminServerTest : public ::testing::Test {
 protected:
  AdminServerTest() : scheduler_(1) {
    std::string folder = ::testing::TempDir() + "admin-XXXXXX";
    folder_ = ::mkdtemp(folder.data());
    options_.socket_path = folder_ / "admin.sock";
    add_health_routes(router_, {.alive = [] { return Result<>(); },
                                .ready = [this] { return ready_; },
                                .metrics = [] { return std::string("up 1\n"); }});
  }

  ~AdminServerTest() override {
    if (thread_.joinable()) stop();
    std::filesystem::remove_all(folder_);
  }

  Result<> start() {
    server_.emplace(scheduler_, log_, router_, options_);
    auto started = server_->start();
    if (started) thread_ = std::thread([this] { scheduler_.run(); });
    return started;
  }

  void stop() {
    boost::asio::co_spawn(scheduler_.executor(), server_->close(), boost::asio::use_future).get();
    scheduler_.stop();
    thread_.join();
  }

  AdminClient client(Duration limit = std::chrono::seconds(30)) const {
    return AdminClient(options_.socket_path, limit);
  }

  /// Sends bytes to the TCP port and returns all that comes back until the server closes.
  std::string over_tcp(const std::string& bytes) const {
    boost::asio::io_context context;
    boost::asio::ip::tcp::socket socket(context);
    socket.connect({boost::asio::ip::make_address("127.0.0.1"), server_->port()});
    return conversation(socket, bytes);
  }

  std::string over_unix(const std::string& bytes) const {
    boost::asio::io_context context;
    boost::asio::local::stream_protocol::socket socket(context);
    socket.connect(boost::asio::local::stream_protocol::endpoint(options_.socket_path));
    return conversation(socket, bytes);
  }

  static std::string conversation(auto& socket, const std::string& bytes) {
    boost::system::error_code error;
    boost::asio::write(socket, boost::asio::buffer(bytes), error);
    std::string answer;
    boost::asio::read(socket, boost::asio::dynamic_buffer(answer), error);
    return answer;
  }

  SilentLog log_;
  AsioScheduler scheduler_;
  Router router_;
  AdminOptions options_;
  Result<> ready_;
  std::filesystem::path folder_;
  std::optional<AdminServer> server_;
  std::thread thread_;
};

}  // namespace tidemill::testing
