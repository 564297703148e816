#include "connection.h"

#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <boost/asio/buffer.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/ssl/host_name_verification.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/core/tcp_stream.hpp>
#include <boost/beast/http.hpp>
#include <boost/beast/ssl.hpp>
#include <cerrno>
#include <type_traits>
#include <utility>

#include "tidemill/posix.h"
#include "tls_context.h"

namespace tidemill::http_client {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = boost::beast::http;
namespace ssl = boost::asio::ssl;

using asio::redirect_error;
using asio::use_awaitable;
using ErrorCode = boost::system::error_code;
using Plain = beast::tcp_stream;
using Secure = ssl::stream<beast::tcp_stream>;

constexpr std::size_t piece_bytes = 128 * 1024;
constexpr std::size_t read_bytes = 64 * 1024;  // The most that beast reads at once.
constexpr std::uint32_t header_bytes_max = 64 * 1024;

bool is_sound(std::string_view text) {
  return std::ranges::none_of(text, [](char c) { return c == '\r' || c == '\n' || c == '\0'; });
}

template <class Stream>
class ConnectionOver final : public Connection {
 public:
  static constexpr bool secure = std::is_same_v<Stream, Secure>;

  template <class... Args>
  ConnectionOver(const Url& server, Timeouts timeouts, Args&&... args)
      : server_(server), timeouts_(timeouts), stream_(std::forward<Args>(args)...) {
    buffer_.reserve(read_bytes);  // It reads as much as there is room for, and at first 512 bytes.
  }

  Task<Result<>> connect() override {
    ErrorCode error;
    if (closed_) co_return failed("connect to", error);
    asio::ip::tcp::resolver resolver(stream_.get_executor());
    const auto found = resolver.resolve(server_.host, std::to_string(server_.port), error);
    if (error) co_return failed("find", error);
    lowest().expires_after(timeouts_.connect);
    co_await lowest().async_connect(found, redirect_error(use_awaitable, error));
    if (error) co_return failed("connect to", error);
    ErrorCode ignored;  // Only slower without.
    lowest().socket().set_option(asio::ip::tcp::no_delay(true), ignored);
    if constexpr (secure) {
      auto shaken = co_await shake_hands();
      co_return shaken;
    } else {
      co_return Result<>();
    }
  }

  Task<Result<Response>> exchange(const Request& request) override {
    unanswered_ = true;
    reusable_ = false;
    refused_ = false;
    auto sent = co_await send(request);
    if (!sent && !refused_) co_return std::unexpected(sent.error());
    // A server that refuses a body says why before it closes, while we still write.
    auto answer = co_await read_answer(request);
    if (!sent && !answer) co_return std::unexpected(sent.error());
    if (!sent) reusable_ = false;
    co_return answer;
  }

  bool unanswered() const override { return unanswered_; }

  bool alive() override {
    if (!reusable_ || closed_) return false;
    char byte = 0;
    const auto got = ::recv(lowest().socket().native_handle(), &byte, 1, MSG_PEEK | MSG_DONTWAIT);
    // Nothing to read yet, as it should be. A session ticket of TLS may lie there too.
    return (got < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) || (secure && got > 0);
  }

  void close() override {
    closed_ = true;
    lowest().close();
  }

 private:
  Plain& lowest() { return beast::get_lowest_layer(stream_); }

  std::unexpected<Error> failed(std::string_view doing, const ErrorCode& error) const {
    if (closed_) return fail(Fault::cancelled, "interrupted");
    std::string what = "cannot " + std::string(doing) + " " + server_.origin() + ": ";
    what += error == beast::error::timeout ? "it takes too long" : error.message();
    return fail(Fault::unavailable, std::move(what));
  }

  std::unexpected<Error> refused(const ErrorCode& error) {
    refused_ = true;
    return failed("write to", error);
  }

  Task<Result<>> shake_hands()
    requires secure
  {
    ErrorCode error;
    name_host(stream_.native_handle(), server_.host);
    stream_.set_verify_callback(ssl::host_name_verification(server_.host), error);
    if (error) co_return failed("verify", error);
    lowest().expires_after(timeouts_.connect);
    co_await stream_.async_handshake(ssl::stream_base::client,
                                     redirect_error(use_awaitable, error));
    if (!error) co_return Result<>();
    if (auto why = disbelief(stream_.native_handle(), error, server_.origin()))
      co_return std::unexpected(std::move(*why));
    co_return failed("speak TLS with", error);
  }

  Task<Result<>> send(const Request& request) {
    http::request<http::empty_body> head;
    head.version(11);
    head.method_string(request.method);
    head.target(request.target);
    head.set(http::field::host, server_.authority());
    for (const Header& header : request.headers) {
      if (header.name.empty() || !is_sound(header.name) || !is_sound(header.value))
        co_return fail(Fault::bad_event, "a header of a request cannot have line ends in it");
      head.insert(header.name, header.value);
    }
    const std::uint64_t bytes = request.file ? request.file->bytes : request.body.size();
    if (bytes > 0 || request.method != "GET") head.content_length(bytes);

    ErrorCode error;
    http::request_serializer<http::empty_body> serializer(head);
    lowest().expires_after(timeouts_.idle);
    co_await http::async_write_header(stream_, serializer, redirect_error(use_awaitable, error));
    if (error) co_return refused(error);
    if (request.file) {
      auto sent = co_await send_file(*request.file);
      co_return sent;
    }
    for (auto rest = request.body; !rest.empty();) {
      const auto piece = rest.substr(0, piece_bytes);
      rest.remove_prefix(piece.size());
      auto sent = co_await send_piece(piece);
      if (!sent) co_return sent;
    }
    co_return Result<>();
  }

  Task<Result<>> send_piece(std::string_view piece) {
    ErrorCode error;
    lowest().expires_after(timeouts_.idle);
    co_await asio::async_write(stream_, asio::buffer(piece.data(), piece.size()),
                               redirect_error(use_awaitable, error));
    if (error) co_return refused(error);
    co_return Result<>();
  }

  Task<Result<>> send_file(FilePart part) {
    while (part.bytes > 0) {
      const auto wanted = std::min<std::uint64_t>(part.bytes, piece_.size());
      const auto got =
          ::pread(part.descriptor, piece_.data(), wanted, static_cast<off_t>(part.offset));
      if (got < 0 && errno == EINTR) continue;
      if (got < 0) co_return fail_errno(Fault::transient, "cannot read what is to be sent");
      if (got == 0) co_return fail(Fault::transient, "the file shrank while it was sent");
      const auto read = static_cast<std::size_t>(got);
      part.offset += read;
      part.bytes -= read;
      auto sent = co_await send_piece({piece_.data(), read});
      if (!sent) co_return sent;
    }
    co_return Result<>();
  }

  Task<Result<Response>> read_answer(const Request& request) {
    for (;;) {
      http::response_parser<http::buffer_body> parser;
      parser.header_limit(header_bytes_max);
      parser.body_limit(boost::none);  // Counted below, where there is a sentence for it.
      if (request.method == "HEAD") parser.skip(true);
      ErrorCode error;
      lowest().expires_after(timeouts_.idle);
      co_await http::async_read_header(stream_, buffer_, parser,
                                       redirect_error(use_awaitable, error));
      unanswered_ = !parser.got_some();
      if (error) co_return failed("read from", error);
      if (parser.get().result_int() / 100 == 1) continue;  // 100 Continue and its like.

      Response response{parser.get().result_int(), {}, {}};
      for (const auto& field : parser.get())
        response.headers.push_back({std::string(field.name_string()), std::string(field.value())});
      auto read = co_await read_body(request, parser, response);
      if (!read) co_return std::unexpected(read.error());
      reusable_ = parser.get().keep_alive();
      co_return response;
    }
  }

  Task<Result<>> read_body(const Request& request, http::response_parser<http::buffer_body>& parser,
                           Response& response) {
    const auto refuse = [&request] {
      return fail(Fault::bad_event, "the answer has more than " +
                                        std::to_string(request.answer_bytes_max) + " bytes");
    };
    const bool passes_on = request.receive && response.ok();
    const auto announced = parser.content_length();
    if (announced && *announced > request.answer_bytes_max && !parser.is_done()) co_return refuse();
    if (announced && !passes_on && !parser.is_done())
      response.body.reserve(static_cast<std::size_t>(*announced));
    std::uint64_t taken = 0;
    while (!parser.is_done()) {
      parser.get().body().data = piece_.data();
      parser.get().body().size = piece_.size();
      ErrorCode error;
      lowest().expires_after(timeouts_.idle);
      co_await http::async_read_some(stream_, buffer_, parser,
                                     redirect_error(use_awaitable, error));
      if (error == http::error::need_buffer) error = {};
      if (error) co_return failed("read from", error);
      const std::string_view piece(piece_.data(), piece_.size() - parser.get().body().size);
      const std::uint64_t offset = taken;
      taken += piece.size();
      if (taken > request.answer_bytes_max) co_return refuse();
      if (!passes_on) {
        response.body.append(piece);
      } else if (auto passed = request.receive(offset, piece); !passed) {
        co_return passed;
      }
    }
    co_return Result<>();
  }

  const Url& server_;
  const Timeouts timeouts_;
  Stream stream_;
  beast::flat_buffer buffer_;
  std::vector<char> piece_ = std::vector<char>(piece_bytes);
  bool unanswered_ = false;
  bool refused_ = false;   // The server took not all of the last request.
  bool reusable_ = false;  // The last exchange ended, and the server keeps the connection.
  bool closed_ = false;
};

}  // namespace

std::unique_ptr<Connection> make_connection(asio::io_context& context, const Url& server,
                                            std::shared_ptr<ssl::context> tls, Timeouts timeouts) {
  if (!tls) return std::make_unique<ConnectionOver<Plain>>(server, timeouts, context);
  return std::make_unique<ConnectionOver<Secure>>(server, timeouts, context, *tls);
}

}  // namespace tidemill::http_client
