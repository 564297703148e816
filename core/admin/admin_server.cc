#include "core/admin/admin_server.h"

#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <functional>
#include <utility>

#include "core/admin/unix_address.h"

namespace tidemill {

namespace {

namespace asio = boost::asio;
using boost::system::error_code;
using Endpoint = asio::generic::stream_protocol::endpoint;

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
    : scheduler_(scheduler), log_(log), router_(router), options_(std::move(options)) {}

AdminServer::~AdminServer() {
  if (owns_socket_file_) ::unlink(options_.socket_path.c_str());
}

Result<> AdminServer::start() {
  if (auto opened = open_socket(); !opened) return opened;
  if (!options_.listen.empty())
    if (auto opened = open_listener(); !opened) return opened;
  for (HttpListener& door : doors_) door.start();
  return {};
}

Result<> AdminServer::open_socket() {
  auto address = UnixAddress::of(options_.socket_path);
  if (!address) return std::unexpected(address.error());
  const Endpoint endpoint = address->endpoint();
  auto removed = remove_stale_socket(scheduler_, options_.socket_path, endpoint);
  if (!removed) return removed;

  HttpListener::Acceptor acceptor(scheduler_.executor());
  error_code error;
  acceptor.open(endpoint.protocol(), error);
  // The mode of the descriptor becomes the file's, so there is no moment when others may connect.
  if (!error) ::fchmod(acceptor.native_handle(), S_IRUSR | S_IWUSR);
  if (!error) acceptor.bind(endpoint, error);
  if (!error) owns_socket_file_ = true;
  if (!error) acceptor.listen(asio::socket_base::max_listen_connections, error);
  if (error)
    return fail(Fault::bad_config,
                "cannot listen on " + options_.socket_path + ": " + error.message());
  add_door(Door::unix_socket, std::move(acceptor));
  return {};
}

Result<> AdminServer::open_listener() {
  auto bound = listen_on(scheduler_, options_.listen, options_.token);
  if (!bound) return fail(bound.error().fault, "the admin API: " + bound.error().message);
  port_ = bound->port;
  add_door(Door::tcp, std::move(bound->acceptor));
  return {};
}

void AdminServer::add_door(Door door, HttpListener::Acceptor acceptor) {
  HttpService service{.scheduler = scheduler_,
                      .log = log_,
                      .answer = std::bind_front(&Router::answer, &router_),
                      .limits = options_.limits,
                      .door = door,
                      .token = options_.token};
  doors_.emplace_back(std::move(service), std::move(acceptor));
}

Task<> AdminServer::close() {
  for (HttpListener& door : doors_) door.stop();
  for (HttpListener& door : doors_) co_await door.close();
  if (std::exchange(owns_socket_file_, false)) ::unlink(options_.socket_path.c_str());
}

}  // namespace tidemill
