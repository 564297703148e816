#include "core/admin/admin_client.h"

#include <array>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/generic/stream_protocol.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http.hpp>
#include <exception>
#include <optional>
#include <utility>

#include "core/admin/unix_address.h"
#include "tidemill/async.h"

namespace tidemill {

namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = beast::http;
using Socket = asio::generic::stream_protocol::socket;
using Request = http::request<http::string_body>;
using Answer = AdminClient::Answer;
using Parser = http::response_parser<http::buffer_body>;

/// Takes the next bytes of the body; false: enough.
using TakeBytes = std::function<bool(std::string_view bytes)>;

using Door = std::variant<std::string, AdminAddress>;

std::string host_of(const AdminAddress& address) {
  const bool v6 = address.host.find(':') != std::string::npos;
  return (v6 ? "[" + address.host + "]" : address.host) + ":" + std::to_string(address.port);
}

std::string name_of(const Door& door) {
  const auto* const address = std::get_if<AdminAddress>(&door);
  return address != nullptr ? host_of(*address) : std::get<std::string>(door);
}

std::unexpected<Error> unreachable(const std::string& place, const beast::error_code& error) {
  return fail(Fault::transient, "no engine answers on " + place + ": " + error.message());
}

Task<beast::error_code> connect_local(Socket& socket, const UnixAddress& address) {
  beast::error_code error;
  co_await socket.async_connect(address.endpoint(),
                                asio::redirect_error(asio::use_awaitable, error));
  co_return error;
}

// The first of its addresses that answers.
Task<beast::error_code> connect_remote(Socket& socket, const AdminAddress& address) {
  beast::error_code error;
  auto token = asio::redirect_error(asio::use_awaitable, error);
  asio::ip::tcp::resolver resolver(socket.get_executor());
  const auto found =
      co_await resolver.async_resolve(address.host, std::to_string(address.port), token);
  if (error) co_return error;
  for (const auto& entry : found) {
    beast::error_code ignored;  // Of a try that has failed already.
    socket.close(ignored);
    const asio::generic::stream_protocol::endpoint endpoint(entry.endpoint());
    co_await socket.async_connect(endpoint, token);
    if (!error) break;
  }
  co_return error;
}

// Reads the body in pieces until its end, an error, or `take` has enough.
Task<beast::error_code> read_body(Socket& socket, beast::flat_buffer& buffer, Parser& parser,
                                  const TakeBytes& take) {
  std::array<char, 16384> piece;
  while (!parser.is_done()) {
    auto& body = parser.get().body();
    body.data = piece.data();
    body.size = piece.size();
    beast::error_code error;
    co_await http::async_read_some(socket, buffer, parser,
                                   asio::redirect_error(asio::use_awaitable, error));
    if (error && error != http::error::need_buffer) co_return error;
    const std::string_view bytes(piece.data(), piece.size() - body.size);
    if (!bytes.empty() && !take(bytes)) break;
  }
  co_return beast::error_code{};
}

Task<Result<Answer>> exchange(Socket& socket, Task<beast::error_code> connect,
                              const std::string& path, const Request& request,
                              const TakeBytes& take) {
  beast::error_code error = co_await std::move(connect);
  if (error) co_return unreachable(path, error);
  auto token = asio::redirect_error(asio::use_awaitable, error);
  // The engine may refuse before it has read everything: its answer tells more than our error.
  co_await http::async_write(socket, request, token);

  beast::flat_buffer buffer;
  Parser parser;
  parser.body_limit(boost::none);
  co_await http::async_read_header(socket, buffer, parser, token);
  if (error) co_return unreachable(path, error);

  Answer answer;
  answer.status = parser.get().result_int();
  answer.content_type = parser.get()[http::field::content_type];
  const TakeBytes collect = [&answer](std::string_view bytes) {
    answer.body += bytes;
    return true;
  };
  const TakeBytes* const taker = take && answer.status == 200 ? &take : &collect;
  error = co_await read_body(socket, buffer, parser, *taker);
  if (error)
    co_return fail(Fault::transient, "the engine on " + path + " stopped: " + error.message());
  co_return answer;
}

Result<Answer> run(const Door& door, std::string_view method, std::string_view target,
                   std::string_view body, const TakeBytes& take,
                   const std::optional<Duration>& limit) {
  const auto* const remote = std::get_if<AdminAddress>(&door);
  std::optional<UnixAddress> local;
  if (remote == nullptr) {
    auto address = UnixAddress::of(std::get<std::string>(door));
    if (!address) return std::unexpected(address.error());
    local.emplace(std::move(*address));
  }
  const std::string path = name_of(door);

  Request request;
  request.method_string({method.data(), method.size()});
  request.target({target.data(), target.size()});
  request.version(11);
  request.set(http::field::host, remote != nullptr ? host_of(*remote) : "localhost");
  if (remote != nullptr && !remote->token.empty())
    request.set(http::field::authorization, "Bearer " + remote->token);
  request.keep_alive(false);
  request.body() = body;
  request.prepare_payload();

  std::optional<Result<Answer>> answer;
  asio::io_context context;
  Socket socket(context);
  auto keep = [&answer](const std::exception_ptr& error, Result<Answer> received) {
    if (error) std::rethrow_exception(error);
    answer = std::move(received);
  };
  auto connect =
      remote != nullptr ? connect_remote(socket, *remote) : connect_local(socket, *local);
  asio::co_spawn(context, exchange(socket, std::move(connect), path, request, take),
                 std::move(keep));
  if (limit) {
    context.run_for(*limit);
  } else {
    context.run();
  }
  if (!answer) return fail(Fault::transient, "the engine on " + path + " did not answer in time");
  return std::move(*answer);
}

/// Cuts bytes into lines.
class LineCutter {
 public:
  explicit LineCutter(const AdminClient::TakeLine& take) : take_(take) {}

  bool add(std::string_view bytes) {
    while (true) {
      const auto end = bytes.find('\n');
      if (end == std::string_view::npos) break;
      rest_ += bytes.substr(0, end);
      bytes.remove_prefix(end + 1);
      const std::string line = std::exchange(rest_, {});
      if (!take_(line)) return false;
    }
    rest_ += bytes;
    return true;
  }

  void finish() {
    if (!rest_.empty()) take_(rest_);
  }

 private:
  const AdminClient::TakeLine& take_;
  std::string rest_;  // The begin of a line whose end has not come.
};

}  // namespace

AdminClient::AdminClient(std::string socket_path, Duration answer_max)
    : door_(std::move(socket_path)), answer_max_(answer_max) {}

AdminClient::AdminClient(AdminAddress address, Duration answer_max)
    : door_(std::move(address)), answer_max_(answer_max) {}

Result<AdminClient::Answer> AdminClient::request(std::string_view method, std::string_view target,
                                                 std::string_view body) const {
  return run(door_, method, target, body, nullptr, answer_max_);
}

Result<AdminClient::Answer> AdminClient::lines(std::string_view method, std::string_view target,
                                               const TakeLine& take) const {
  LineCutter cutter(take);
  bool enough = false;
  const TakeBytes cut = [&](std::string_view bytes) {
    enough = !cutter.add(bytes);
    return !enough;
  };
  auto answer = run(door_, method, target, {}, cut, std::nullopt);
  if (answer && !enough) cutter.finish();
  return answer;
}

}  // namespace tidemill
