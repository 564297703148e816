#include "core/admin/admin_server.h"

#include <sys/stat.h>
#include <unistd.h>

#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/redirect_error.hpp>
#include <charconv>
#include <cstring>
#include <filesystem>
#include <utility>

#include "core/admin/unix_address.h"

namespace tidemill {

namespace {

namespace asio = boost::asio;
using boost::system::error_code;
using Endpoint = asio::generic::stream_protocol::endpoint;

// After accept() failed for want of descriptors or memory.
constexpr Duration accept_pause = std::chrono::milliseconds(100);

Result<asio::ip::tcp::endpoint> parse_listen(const std::string& listen) {
  const auto wrong = fail(Fault::bad_config, "the admin address " + listen +
                                                 " is not HOST:PORT, such as 127.0.0.1:8787");
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

// A socket file that nobody listens on is what a killed engine leaves behind.
Result<> remove_stale_socket(Scheduler& scheduler, const std::string& path,
                             const Endpoint& endpoint) {
  std::error_code ignored;
  const auto status = std::filesystem::symlink_status(path, ignored);
  if (!std::filesystem::exists(status)) return {};
  if (!std::filesystem::is_socket(status))
    return fail(Fault::bad_config, path + " is not a socket; move it away");

  asio::generic::stream_protocol::socket probe(scheduler.executor());
  error_code error;
  probe.connect(endpoint, error);
  if (!error) return fail(Fault::bad_config, "another engine answers on " + path);
  if (error != asio::error::connection_refused)
    return fail(Fault::bad_config, "cannot use " + path + ": " + error.message());
  ::unlink(path.c_str());
  return {};
}

}  // namespace

AdminServer::AdminServer(Scheduler& scheduler, Log& log, const Router& router, AdminOptions options)
    : scheduler_(scheduler),
      log_(log),
      router_(router),
      options_(std::move(options)),
      all_closed_(scheduler) {}

AdminServer::~AdminServer() {
  if (owns_socket_file_) ::unlink(options_.socket_path.c_str());
}

Result<> AdminServer::start() {
  if (auto opened = open_socket(); !opened) return opened;
  if (!options_.listen.empty())
    if (auto opened = open_listener(); !opened) return opened;
  for (Entrance& entrance : entrances_) admit(entrance);
  return {};
}

Result<> AdminServer::open_socket() {
  auto address = UnixAddress::of(options_.socket_path);
  if (!address) return std::unexpected(address.error());
  const Endpoint endpoint = address->endpoint();
  auto removed = remove_stale_socket(scheduler_, options_.socket_path, endpoint);
  if (!removed) return removed;

  Entrance& entrance = add_entrance(Door::unix_socket);
  error_code error;
  entrance.acceptor.open(endpoint.protocol(), error);
  // The mode of the descriptor becomes the file's, so there is no moment when others may connect.
  if (!error) ::fchmod(entrance.acceptor.native_handle(), S_IRUSR | S_IWUSR);
  if (!error) entrance.acceptor.bind(endpoint, error);
  if (!error) owns_socket_file_ = true;
  if (!error) entrance.acceptor.listen(asio::socket_base::max_listen_connections, error);
  if (error)
    return fail(Fault::bad_config,
                "cannot listen on " + options_.socket_path + ": " + error.message());
  return {};
}

Result<> AdminServer::open_listener() {
  auto parsed = parse_listen(options_.listen);
  if (!parsed) return std::unexpected(parsed.error());
  if (!parsed->address().is_loopback() && options_.token.empty())
    return fail(Fault::bad_config, "the admin address " + options_.listen +
                                       " can be reached from other machines: give a token file, or "
                                       "listen on 127.0.0.1");

  const Endpoint endpoint = *parsed;
  Entrance& entrance = add_entrance(Door::tcp);
  error_code error;
  entrance.acceptor.open(endpoint.protocol(), error);
  const asio::socket_base::reuse_address reuse(true);
  if (!error) entrance.acceptor.set_option(reuse, error);
  if (!error) entrance.acceptor.bind(endpoint, error);
  if (!error) entrance.acceptor.listen(asio::socket_base::max_listen_connections, error);
  if (error)
    return fail(Fault::transient, "cannot listen on " + options_.listen + ": " + error.message());

  asio::ip::tcp::endpoint bound;
  const Endpoint local = entrance.acceptor.local_endpoint(error);
  std::memcpy(bound.data(), local.data(), local.size());
  port_ = bound.port();
  return {};
}

AdminServer::Entrance& AdminServer::add_entrance(Door door) {
  HttpService service{scheduler_, log_, router_, options_.limits, door, options_.token};
  return entrances_.emplace_back(scheduler_, std::move(service));
}

void AdminServer::admit(Entrance& entrance) {
  entrance.accepting = true;
  spawn(scheduler_, accept(entrance));
}

Task<> AdminServer::accept(Entrance& entrance) {
  while (!closing_) {
    if (entrance.connections.size() >= options_.connections_max) {
      co_await entrance.changed.wait();
      continue;
    }
    error_code error;
    HttpConnection::Socket socket =
        co_await entrance.acceptor.async_accept(asio::redirect_error(asio::use_awaitable, error));
    if (closing_) break;
    if (error) {
      log_.write(LogLevel::warning, "the admin API cannot accept: " + error.message());
      co_await sleep_until(scheduler_, scheduler_.now() + accept_pause);
      continue;
    }
    entrance.connections.emplace_front(entrance.service, std::move(socket));
    spawn(scheduler_, serve(entrance, entrance.connections.begin()));
  }
  entrance.accepting = false;
  all_closed_.notify();
}

Task<> AdminServer::serve(Entrance& entrance, Connections::iterator connection) {
  co_await connection->serve();
  entrance.connections.erase(connection);
  entrance.changed.notify();
  all_closed_.notify();
}

Task<> AdminServer::close() {
  closing_ = true;
  for (Entrance& entrance : entrances_) {
    error_code ignored;  // A listener that will not close is closed with its descriptor.
    entrance.acceptor.close(ignored);
    entrance.changed.notify();
    for (HttpConnection& connection : entrance.connections) connection.close();
  }
  for (Entrance& entrance : entrances_)
    while (entrance.accepting || !entrance.connections.empty()) co_await all_closed_.wait();
  if (std::exchange(owns_socket_file_, false)) ::unlink(options_.socket_path.c_str());
}

}  // namespace tidemill
