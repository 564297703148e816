#include "core/http/http_listener.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <algorithm>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/redirect_error.hpp>
#include <charconv>
#include <chrono>
#include <cstring>
#include <utility>

#include "core/http/response_head.h"
#include "core/http/tls.h"

namespace tidemill {

namespace {

namespace asio = boost::asio;
using boost::system::error_code;

// After accept() failed for want of descriptors or memory.
constexpr Duration accept_pause = std::chrono::milliseconds(100);

Result<asio::ip::tcp::endpoint> parse_listen(const std::string& listen) {
  const auto wrong = fail(Fault::bad_config,
                          "the address " + listen + " is not HOST:PORT, such as 127.0.0.1:8787");
  const auto colon = listen.rfind(':');
  if (colon == std::string::npos) return wrong;
  std::string host = listen.substr(0, colon);
  if (host.starts_with('[') && host.ends_with(']')) host = host.substr(1, host.size() - 2);
  if (host == "localhost") host = "127.0.0.1";

  std::uint16_t port = 0;
  const char* const end = listen.data() + listen.size();
  const auto parsed = std::from_chars(listen.data() + colon + 1, end, port);
  error_code error;
  const auto address = asio::ip::make_address(host, error);
  if (error || parsed.ec != std::errc{} || parsed.ptr != end) return wrong;
  return asio::ip::tcp::endpoint(address, port);
}

// How often peers are looked at that may be late: a quarter of the shortest time that one has.
constexpr Duration look_min = std::chrono::milliseconds(5);
constexpr Duration look_max = std::chrono::milliseconds(500);

// An answer is one write: nothing is to be waited for that could go with it.
void send_at_once(HttpConnection::Socket& socket) {
  const int on = 1;  // A Unix socket knows no such thing, and needs it not.
  ::setsockopt(socket.native_handle(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
}

// A peer may be slow to take its last answer; whoever closes a door has no more time than this.
constexpr Duration answers_max = std::chrono::seconds(2);

class OpenDoor final : public HttpServer {
 public:
  OpenDoor(HttpService service, BoundPort bound)
      : listener_(std::move(service), std::move(bound.acceptor)), port_(bound.port) {
    listener_.start();
  }

  Task<> close() override { return listener_.finish(answers_max); }
  std::uint16_t port() const override { return port_; }

 private:
  HttpListener listener_;
  const std::uint16_t port_;
};

}  // namespace

HttpListener::HttpListener(HttpService service, Acceptor acceptor)
    : service_(std::move(service)),
      acceptor_(std::move(acceptor)),
      left_(service_.scheduler),
      closed_(service_.scheduler) {}

HttpListener::~HttpListener() { service_.scheduler.cancel(look_again_); }

void HttpListener::start() {
  accepting_ = true;
  look();
  spawn(service_.scheduler, accept());
}

// After peers that take too long, and at the clock.
void HttpListener::look() {
  const Instant now = service_.scheduler.now();
  if (service_.date.empty() || now - dated_ >= std::chrono::seconds(1)) {
    service_.date = http_date(service_.scheduler.wall());
    dated_ = now;
  }
  for (auto at = connections_.begin(); at != connections_.end(); ++at) at->close_if_late(now);
  const HttpLimits& limits = service_.limits;
  const Duration shortest =
      std::min({limits.idle_max, limits.header_max, limits.read_max, limits.write_max});
  const Duration pause = std::clamp<Duration>(shortest / 4, look_min, look_max);
  look_again_ = service_.scheduler.call_at(now + pause, [this] { look(); });
}

Task<> HttpListener::accept() {
  while (!closing_) {
    if (connections_.size() >= service_.limits.connections_max) {
      co_await left_.wait();
      continue;
    }
    error_code error;
    HttpConnection::Socket socket =
        co_await acceptor_.async_accept(asio::redirect_error(asio::use_awaitable, error));
    if (closing_) break;
    if (error) {
      service_.log.write(LogLevel::warning, "cannot accept a connection: " + error.message());
      co_await sleep_until(service_.scheduler, service_.scheduler.now() + accept_pause);
      continue;
    }
    send_at_once(socket);
    connections_.emplace_front(service_, std::move(socket));
    spawn(service_.scheduler, serve(connections_.begin()));
  }
  accepting_ = false;
  closed_.notify();
}

Task<> HttpListener::serve(Connections::iterator connection) {
  co_await connection->serve();
  connections_.erase(connection);
  left_.notify();
  closed_.notify();
}

void HttpListener::stop() {
  shut();
  for (HttpConnection& connection : connections_) connection.close();
}

Task<> HttpListener::finish(Duration patience) {
  shut();
  for (HttpConnection& connection : connections_) connection.finish();
  Scheduler& scheduler = service_.scheduler;
  const auto late = scheduler.call_at(scheduler.now() + patience, [this] { stop(); });
  while (accepting_ || !connections_.empty()) co_await closed_.wait();
  scheduler.cancel(late);
}

void HttpListener::shut() {
  closing_ = true;
  error_code ignored;  // A listener that will not close is closed with its descriptor.
  acceptor_.close(ignored);
  left_.notify();
}

Task<> HttpListener::close() {
  stop();
  while (accepting_ || !connections_.empty()) co_await closed_.wait();
}

Result<BoundPort> listen_on(Scheduler& scheduler, const std::string& listen,
                            const std::string& token, bool guarded) {
  auto parsed = parse_listen(listen);
  if (!parsed) return std::unexpected(parsed.error());
  if (guarded && !parsed->address().is_loopback() && token.empty())
    return fail(Fault::bad_config, "the address " + listen +
                                       " can be reached from other machines: give a token, or "
                                       "listen on 127.0.0.1");

  const asio::generic::stream_protocol::endpoint endpoint = *parsed;
  BoundPort bound{HttpListener::Acceptor(scheduler.executor())};
  error_code error;
  bound.acceptor.open(endpoint.protocol(), error);
  const asio::socket_base::reuse_address reuse(true);
  if (!error) bound.acceptor.set_option(reuse, error);
  if (!error) bound.acceptor.bind(endpoint, error);
  if (!error) bound.acceptor.listen(asio::socket_base::max_listen_connections, error);
  if (error) return fail(Fault::transient, "cannot listen on " + listen + ": " + error.message());

  asio::ip::tcp::endpoint tcp;
  const auto local = bound.acceptor.local_endpoint(error);
  std::memcpy(tcp.data(), local.data(), local.size());
  bound.port = tcp.port();
  return bound;
}

Result<std::unique_ptr<HttpServer>> serve_http(Scheduler& scheduler, Log& log, HttpDoor door) {
  auto bound = listen_on(scheduler, door.listen, door.token, door.guarded);
  if (!bound) return std::unexpected(bound.error());
  HttpService service{.scheduler = scheduler,
                      .log = log,
                      .answer = std::move(door.answer),
                      .limits = door.limits,
                      .door = Door::tcp,
                      .token = std::move(door.token),
                      .admit = std::move(door.admit),
                      .guarded = door.guarded};
  if (door.tls) {
    auto context = tls_context(*door.tls);
    if (!context) return std::unexpected(context.error());
    service.tls = std::move(*context);
  }
  return std::make_unique<OpenDoor>(std::move(service), std::move(*bound));
}

}  // namespace tidemill
