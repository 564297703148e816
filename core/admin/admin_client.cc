#include "core/admin/admin_client.h"

#include <array>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/generic/stream_protocol.hpp>
#include <boost/asio/io_context.hpp>
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

std::unexpected<Error> unreachable(const std::string& path, const beast::error_code& error) {
  return fail(Fault::transient, "no engine answers on " + path + ": " + error.message());
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

Task<Result<Answer>> exchange(Socket& socket, const UnixAddress& address, const std::string& path,
                              const Request& request, const TakeBytes& take) {
  beast::error_code error;
  auto token = asio::redirect_error(asio::use_awaitable, error);
  co_await socket.async_connect(address.endpoint(), token);
  if (error) co_return unreachable(path, error);
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

Result<Answer> run(const std::string& path, std::string_view method, std::string_view target,
                   std::string_view body, const TakeBytes& take,
                   const std::optional<Duration>& limit) {
  auto address = UnixAddress::of(path);
  if (!address) return std::unexpected(address.error());

  Request request;
  request.method_string({method.data(), method.size()});
  request.target({target.data(), target.size()});
  request.version(11);
  request.set(http::field::host, "localhost");
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
  asio::co_spawn(context, exchange(socket, *address, path, request, take), std::move(keep));
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
    : socket_path_(std::move(socket_path)), answer_max_(answer_max) {}

Result<AdminClient::Answer> AdminClient::request(std::string_view method, std::string_view target,
                                                 std::string_view body) const {
  return run(socket_path_, method, target, body, nullptr, answer_max_);
}

Result<AdminClient::Answer> AdminClient::lines(std::string_view method, std::string_view target,
                                               const TakeLine& take) const {
  LineCutter cutter(take);
  bool enough = false;
  const TakeBytes cut = [&](std::string_view bytes) {
    enough = !cutter.add(bytes);
    return !enough;
  };
  auto answer = run(socket_path_, method, target, {}, cut, std::nullopt);
  if (answer && !enough) cutter.finish();
  return answer;
}

}  // namespace tidemill
