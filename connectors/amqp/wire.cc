#include "wire.h"

#include <boost/asio/buffer.hpp>
#include <boost/asio/connect.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/ssl/host_name_verification.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <boost/asio/write.hpp>
#include <string>
#include <type_traits>
#include <utility>

#include "http_client/tls_context.h"

namespace tidemill::amqp {
namespace {

namespace asio = boost::asio;
namespace ssl = boost::asio::ssl;

using asio::redirect_error;
using asio::use_awaitable;
using Tcp = asio::ip::tcp;
using ErrorCode = boost::system::error_code;
using Plain = Tcp::socket;
using Secure = ssl::stream<Tcp::socket>;

template <class Stream>
class WireOver final : public Wire {
 public:
  static constexpr bool secure = std::is_same_v<Stream, Secure>;

  WireOver(Scheduler& scheduler, Endpoint broker, std::shared_ptr<ssl::context> tls)
    requires secure
      : scheduler_(scheduler),
        broker_(std::move(broker)),
        tls_(std::move(tls)),
        stream_(Plain(scheduler.executor()), *tls_) {}
  WireOver(Scheduler& scheduler, Endpoint broker)
    requires(!secure)
      : scheduler_(scheduler), broker_(std::move(broker)), stream_(scheduler.executor()) {}
  ~WireOver() override { scheduler_.cancel(timer_); }

  Task<Result<>> connect(Instant deadline) override {
    Tcp::resolver resolver(scheduler_.executor());
    ErrorCode error;
    const auto found = co_await resolver.async_resolve(broker_.host, std::to_string(broker_.port),
                                                       redirect_error(use_awaitable, error));
    if (closed_) co_return fail(Fault::cancelled, "interrupted");
    if (error) co_return failed("find", error);
    timer_ = scheduler_.call_at(deadline, [this] { give_up(); });
    Result<> connected = co_await connect_to(found);
    scheduler_.cancel(std::exchange(timer_, Scheduler::TimerId::none));
    co_return connected;
  }

  Task<Result<std::size_t>> read(std::span<char> room) override {
    ErrorCode error;
    const auto buffer = asio::buffer(room.data(), room.size());
    const std::size_t got =
        co_await stream_.async_read_some(buffer, redirect_error(use_awaitable, error));
    if (error) co_return failed("read from", error);
    co_return got;
  }

  Task<Result<>> write(std::string_view bytes) override {
    ErrorCode error;
    const auto buffer = asio::buffer(bytes.data(), bytes.size());
    co_await asio::async_write(stream_, buffer, redirect_error(use_awaitable, error));
    if (error) co_return failed("write to", error);
    co_return Result<>();
  }

  void close() override {
    closed_ = true;
    ErrorCode ignored;  // Nobody is left to tell.
    lowest().close(ignored);
  }

 private:
  auto& lowest() { return stream_.lowest_layer(); }

  void give_up() {
    late_ = true;
    ErrorCode ignored;  // It is given up.
    lowest().close(ignored);
  }

  std::unexpected<Error> failed(std::string_view doing, const ErrorCode& error) const {
    if (closed_) return fail(Fault::cancelled, "interrupted");
    std::string what = "cannot " + std::string(doing) + " " + broker_.text() + ": ";
    what += late_ ? "it takes too long" : error.message();
    return fail(Fault::unavailable, std::move(what));
  }

  Task<Result<>> connect_to(Tcp::resolver::results_type found) {
    ErrorCode error;
    co_await asio::async_connect(lowest(), found, redirect_error(use_awaitable, error));
    if (error) co_return failed("connect to", error);
    ErrorCode ignored;  // Only slower without.
    lowest().set_option(Tcp::no_delay(true), ignored);
    if constexpr (secure) {
      Result<> shaken = co_await shake_hands();
      co_return shaken;
    } else {
      co_return Result<>();
    }
  }

  Task<Result<>> shake_hands()
    requires secure
  {
    ErrorCode error;
    http_client::name_host(stream_.native_handle(), broker_.host);
    stream_.set_verify_callback(ssl::host_name_verification(broker_.host), error);
    if (error) co_return failed("verify", error);
    co_await stream_.async_handshake(ssl::stream_base::client,
                                     redirect_error(use_awaitable, error));
    if (!error) co_return Result<>();
    if (auto why = http_client::disbelief(stream_.native_handle(), error, broker_.text()))
      co_return std::unexpected(std::move(*why));
    co_return failed("speak TLS with", error);
  }

  Scheduler& scheduler_;
  const Endpoint broker_;
  const std::shared_ptr<ssl::context> tls_;  // Outlives the stream.
  Stream stream_;
  Scheduler::TimerId timer_ = Scheduler::TimerId::none;  // It refers to this.
  bool late_ = false;
  bool closed_ = false;
};

}  // namespace

std::unique_ptr<Wire> make_wire(Scheduler& scheduler, Endpoint broker,
                                std::shared_ptr<ssl::context> tls) {
  if (tls == nullptr) return std::make_unique<WireOver<Plain>>(scheduler, std::move(broker));
  return std::make_unique<WireOver<Secure>>(scheduler, std::move(broker), std::move(tls));
}

}  // namespace tidemill::amqp
