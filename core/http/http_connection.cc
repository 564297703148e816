#include "core/http/http_connection.h"

#include <array>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http.hpp>
#include <exception>
#include <utility>

#include "core/http/router.h"

namespace tidemill {

namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = beast::http;

constexpr Duration linger_max = std::chrono::seconds(2);

using Parser = http::request_parser<http::string_body>;

std::string_view view_of(beast::string_view text) { return {text.data(), text.size()}; }

HttpResponse for_broken_request(const beast::error_code& error) {
  if (error == http::error::header_limit)
    return text_response(431, "the request's header is too large\n");
  if (error == http::error::body_limit)
    return text_response(413, "the request's body is too large\n");
  return text_response(400, "not an HTTP request: " + error.message() + "\n");
}

// Whether the peer sent something that deserves an answer, rather than went away.
bool is_protocol_error(const beast::error_code& error) {
  return error.category() == http::make_error_code(http::error::bad_method).category() &&
         error != http::error::end_of_stream && error != http::error::partial_message;
}

template <class Body>
http::response<Body> head_of(const HttpResponse& answer, unsigned version, bool keep_alive) {
  http::response<Body> head;
  head.version(version);
  head.result(answer.status);
  head.set(http::field::server, "tidemill");
  head.set(http::field::content_type, answer.content_type);
  head.set(http::field::cache_control, "no-store");
  head.set("X-Content-Type-Options", "nosniff");
  for (const auto& [name, value] : answer.headers) head.set(name, value);
  head.keep_alive(keep_alive);
  return head;
}

}  // namespace

class HttpConnection::Impl {
 public:
  Impl(const HttpService& service, Socket socket) : service_(service), socket_(std::move(socket)) {}

  Task<> serve() {
    bool go_on = true;
    while (go_on && !finishing_) go_on = co_await exchange();
    close();
  }

  void finish() {
    finishing_ = true;
    if (!answering_) close();
  }

  void close() {
    beast::error_code ignored;  // There is nothing left to do about a socket that will not close.
    socket_.shutdown(Socket::shutdown_both, ignored);
    socket_.close(ignored);
  }

 private:
  // Closes the connection unless it is destroyed in time.
  class Deadline {
   public:
    Deadline(Impl& connection, Duration after) : scheduler_(connection.service_.scheduler) {
      Impl* const late = &connection;
      timer_ = scheduler_.call_at(scheduler_.now() + after, [late] { late->close(); });
    }
    ~Deadline() { scheduler_.cancel(timer_); }
    Deadline(const Deadline&) = delete;
    Deadline& operator=(const Deadline&) = delete;

   private:
    Scheduler& scheduler_;
    Scheduler::TimerId timer_;
  };

  // One request and its answer. False: the connection is of no more use.
  Task<bool> exchange() {
    Parser parser;
    parser.header_limit(service_.limits.header_bytes_max);
    parser.body_limit(service_.limits.body_bytes_max);

    beast::error_code error = co_await read_header(parser);
    if (error) co_return co_await give_up(error);

    // Judged before the body is read: a stranger cannot make us buffer one.
    const auto& head = parser.get();
    Credentials sent;
    sent.host = view_of(head[http::field::host]);
    sent.origin = view_of(head[http::field::origin]);
    sent.authorization = view_of(head[http::field::authorization]);
    if (auto refused = refusal(service_.door, service_.token, sent)) {
      co_await send(std::move(*refused), head.version(), false);
      co_await linger();
      co_return false;
    }

    error = co_await read_body(parser);
    if (error) co_return co_await give_up(error);

    const bool keep_alive = parser.keep_alive();
    const unsigned version = parser.get().version();
    answering_ = true;
    HttpResponse response = co_await answer(parser.release());
    const bool go_on = co_await send(std::move(response), version, keep_alive);
    answering_ = false;
    co_return go_on;
  }

  Task<beast::error_code> read_header(Parser& parser) {
    const Deadline deadline(*this, service_.limits.idle_max);
    beast::error_code error;
    co_await http::async_read_header(socket_, buffer_, parser,
                                     asio::redirect_error(asio::use_awaitable, error));
    co_return error;
  }

  Task<beast::error_code> read_body(Parser& parser) {
    const Deadline deadline(*this, service_.limits.read_max);
    beast::error_code error;
    co_await http::async_read(socket_, buffer_, parser,
                              asio::redirect_error(asio::use_awaitable, error));
    co_return error;
  }

  Task<bool> give_up(beast::error_code error) {
    if (!is_protocol_error(error)) co_return false;
    HttpResponse response = for_broken_request(error);
    co_await send(std::move(response), 11, false);
    co_await linger();
    co_return false;
  }

  // Closing on unread bytes would reset the connection, and the peer might never see why it was
  // refused: lets it send on into nothing for a moment.
  Task<> linger() {
    const Deadline deadline(*this, linger_max);
    beast::error_code error;
    socket_.shutdown(Socket::shutdown_send, error);
    std::array<char, 4096> nothing;
    while (!error)
      co_await socket_.async_read_some(asio::buffer(nothing),
                                       asio::redirect_error(asio::use_awaitable, error));
  }

  Task<HttpResponse> answer(http::request<http::string_body> received) {
    auto request = request_of(view_of(received.method_string()), view_of(received.target()));
    if (!request) co_return text_response(400, "the request's target has a malformed escape\n");
    request->content_type = view_of(received[http::field::content_type]);
    request->body = std::move(received.body());

    // The one place where an exception of a handler ends.
    std::string failure;
    try {
      co_return co_await service_.answer(std::move(*request));
    } catch (const std::exception& exception) {
      failure = exception.what();
    }
    service_.log.write(LogLevel::error, "a request failed: " + failure);
    co_return text_response(500, failure + "\n");
  }

  Task<bool> send(HttpResponse response, unsigned version, bool keep_alive) {
    if (response.stream) co_return co_await send_stream(std::move(response), version, keep_alive);

    auto message = head_of<http::string_body>(response, version, keep_alive);
    message.body() = std::move(response.body);
    message.prepare_payload();
    const Deadline deadline(*this, service_.limits.write_max);
    beast::error_code error;
    co_await http::async_write(socket_, message, asio::redirect_error(asio::use_awaitable, error));
    co_return keep_alive && !error;
  }

  // HTTP/1.0 knows no chunks: there the end of the connection is the end of the body.
  Task<bool> send_stream(HttpResponse response, unsigned version, bool keep_alive) {
    const bool chunked = version >= 11;
    keep_alive = keep_alive && chunked;
    auto head = head_of<http::empty_body>(response, version, keep_alive);
    head.chunked(chunked);
    http::response_serializer<http::empty_body> serializer(head);
    if (!co_await send_header(serializer)) co_return false;

    bool more = true;
    while (more) {
      std::optional<std::string> piece = co_await response.stream->next();
      more = piece.has_value();
      if (!more && !chunked) break;
      if (more && piece->empty()) continue;
      if (!co_await send_piece(std::move(piece), chunked)) co_return false;
    }
    co_return keep_alive;
  }

  Task<bool> send_header(http::response_serializer<http::empty_body>& serializer) {
    const Deadline deadline(*this, service_.limits.write_max);
    beast::error_code error;
    co_await http::async_write_header(socket_, serializer,
                                      asio::redirect_error(asio::use_awaitable, error));
    co_return !error;
  }

  // No piece: the mark of the end.
  Task<bool> send_piece(std::optional<std::string> piece, bool chunked) {
    const Deadline deadline(*this, service_.limits.write_max);
    beast::error_code error;
    auto token = asio::redirect_error(asio::use_awaitable, error);
    if (!piece) {
      co_await asio::async_write(socket_, http::make_chunk_last(), token);
    } else if (chunked) {
      const auto bytes = asio::const_buffer(piece->data(), piece->size());
      co_await asio::async_write(socket_, http::make_chunk(bytes), token);
    } else {
      const auto bytes = asio::const_buffer(piece->data(), piece->size());
      co_await asio::async_write(socket_, bytes, token);
    }
    co_return !error;
  }

  const HttpService& service_;
  Socket socket_;
  beast::flat_buffer buffer_;  // What was read past the end of a request belongs to the next.
  bool answering_ = false;
  bool finishing_ = false;
};

HttpConnection::HttpConnection(const HttpService& service, Socket socket)
    : impl_(std::make_unique<Impl>(service, std::move(socket))) {}

HttpConnection::~HttpConnection() = default;

Task<> HttpConnection::serve() { return impl_->serve(); }

void HttpConnection::finish() { impl_->finish(); }

void HttpConnection::close() { impl_->close(); }

}  // namespace tidemill
