#include "core/http/http_connection.h"

#include <arpa/inet.h>

#include <array>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/deferred.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/core/buffers_suffix.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http/chunk_encode.hpp>
#include <boost/beast/http/error.hpp>
#include <exception>
#include <optional>
#include <utility>

#include "core/http/request_parser.h"
#include "core/http/response_head.h"

namespace tidemill {
namespace {

namespace asio = boost::asio;
namespace http = boost::beast::http;
using boost::beast::error_code;
using Socket = HttpConnection::Socket;
using TlsStream = asio::ssl::stream<Socket>;

constexpr Duration linger_max = std::chrono::seconds(2);
constexpr std::size_t head_piece = 8 * 1024;
constexpr std::size_t body_piece = 64 * 1024;

// Up to here the body of a refused request is read, and the connection lives on.
constexpr std::uint64_t unwanted_max = 64 * 1024;

// Up to here the body of an answer goes into one buffer with its head.
constexpr std::size_t together_max = 64 * 1024;

constexpr std::string_view go_on = "HTTP/1.1 100 Continue\r\n\r\n";

HttpResponse for_broken_request(const error_code& error) {
  if (error == http::error::header_limit)
    return text_response(431, "the request's header is too large\n");
  if (error == http::error::body_limit)
    return text_response(413, "the request's body is too large\n");
  if (error == http::error::bad_version)
    return text_response(505, "HTTP/1.0 and HTTP/1.1 are spoken here\n");
  return text_response(400, "not an HTTP request: " + error.message() + "\n");
}

HttpResponse too_much_under_way() {
  auto response = text_response(429, "too much is under way; send it again\n");
  response.headers.emplace_back("Retry-After", "1");
  return response;
}

std::string peer_of(const auto& socket) {
  error_code error;
  const auto endpoint = socket.remote_endpoint(error);
  if (error) return {};
  std::array<char, INET6_ADDRSTRLEN> text{};
  const auto* const address = endpoint.data();
  const void* number = nullptr;
  if (address->sa_family == AF_INET)
    number = &reinterpret_cast<const sockaddr_in*>(address)->sin_addr;
  if (address->sa_family == AF_INET6)
    number = &reinterpret_cast<const sockaddr_in6*>(address)->sin6_addr;
  if (number == nullptr) return {};
  ::inet_ntop(address->sa_family, number, text.data(), text.size());
  return text.data();
}

// What a connection holds of HttpLimits::bodies_bytes_max.
class BodyHold {
 public:
  explicit BodyHold(HttpService& service) : service_(service) {}
  ~BodyHold() { service_.bodies_bytes -= bytes_; }
  BodyHold(const BodyHold&) = delete;
  BodyHold& operator=(const BodyHold&) = delete;

  bool take(std::uint64_t bytes) {
    const bool room = service_.bodies_bytes + bytes <= service_.limits.bodies_bytes_max;
    if (!room && service_.bodies_bytes > 0) return false;
    bytes_ = bytes;
    service_.bodies_bytes += bytes;
    return true;
  }

 private:
  HttpService& service_;
  std::uint64_t bytes_ = 0;
};

}  // namespace

class HttpConnection::Impl {
 public:
  virtual ~Impl() = default;
  virtual Task<> serve() = 0;
  virtual void close() = 0;

  void finish() {
    finishing_ = true;
    if (!answering_) close();
  }

  void close_if_late(Instant now) {
    if (now >= deadline_) close();
  }

 protected:
  bool finishing_ = false;
  bool answering_ = false;
  Instant deadline_ = Instant::max();
};

namespace {

template <class Stream>
class ConnectionOf final : public HttpConnection::Impl {
 public:
  template <class... Parts>
  explicit ConnectionOf(HttpService& service, Parts&&... parts)
      : service_(service),
        stream_(std::forward<Parts>(parts)...),
        peer_(peer_of(stream_.lowest_layer())) {
    error_code ignored;  // Were it refused, goes_at_once() would wait.
    stream_.lowest_layer().non_blocking(true, ignored);
  }

  Task<> serve() override {
    bool more = co_await shake_hands();
    while (more && !finishing_) more = co_await exchange();
    co_await say_goodbye();
    close();
  }

  void close() override {
    error_code ignored;  // There is nothing left to do about a socket that will not close.
    stream_.lowest_layer().shutdown(Socket::shutdown_both, ignored);
    stream_.lowest_layer().close(ignored);
  }

 private:
  using HeadAndBody = std::array<asio::const_buffer, 2>;

  static constexpr bool encrypted = std::is_same_v<Stream, TlsStream>;

  void allow(Duration time) { deadline_ = service_.scheduler.now() + time; }
  void allow_for_ever() { deadline_ = Instant::max(); }

  Task<bool> shake_hands() {
    if constexpr (encrypted) {
      allow(service_.limits.header_max);
      error_code error;
      co_await stream_.async_handshake(asio::ssl::stream_base::server,
                                       asio::redirect_error(asio::use_awaitable, error));
      co_return !error;
    }
    co_return true;
  }

  Task<> say_goodbye() {
    if constexpr (encrypted) {
      if (!stream_.lowest_layer().is_open()) co_return;
      allow(linger_max);
      error_code ignored;  // It has its answers.
      co_await stream_.async_shutdown(asio::redirect_error(asio::use_awaitable, ignored));
    }
  }

  // One request and its answer. False: the connection is of no more use.
  Task<bool> exchange() {
    parser_.emplace(service_.limits);
    if (buffer_.size() == 0) {
      allow(service_.limits.idle_max);
      const auto [gone, read] = co_await read_some(head_piece);
      if (gone) co_return false;
      buffer_.commit(read);
    }
    error_code error = feed();
    if (!parser_->is_header_done()) allow(service_.limits.header_max);
    while (error || !parser_->is_header_done()) {
      if (error && error != http::error::need_more) co_return co_await give_up(error);
      if (error && !co_await fill(head_piece)) co_return false;
      error = feed();
    }
    if (const auto wrong = parser_->take_head(request_); !wrong.empty()) {
      auto broken = text_response(400, std::string(wrong) + "\n");
      co_return co_await refuse(std::move(broken));
    }
    request_.peer = peer_;
    request_.encrypted = encrypted;
    BodyHold hold(service_);
    if (auto refused = stranger()) {
      co_await send(std::move(*refused), frame_of(false), false);
      co_await linger();
      co_return false;
    }
    if (auto refused = refusal_of(hold)) co_return co_await refuse(std::move(*refused));
    if (!parser_->is_done()) {
      if (parser_->expects_continue() && !co_await write(asio::buffer(go_on))) co_return false;
      error = co_await read_body();
      if (error) co_return co_await give_up(error);
    }
    request_.body = parser_->take_body();
    co_return co_await answer();
  }

  std::optional<HttpResponse> stranger() const {
    if (!service_.guarded) return std::nullopt;
    Credentials sent;
    sent.host = request_.header("Host");
    sent.origin = request_.header("Origin");
    sent.authorization = request_.header("Authorization");
    return refusal(service_.door, service_.token, sent);
  }

  std::optional<HttpResponse> refusal_of(BodyHold& hold) {
    if (service_.admit)
      if (auto refused = service_.admit(request_)) return refused;
    const auto length = parser_->content_length();
    const std::uint64_t none = parser_->is_done() ? 0 : service_.limits.body_bytes_max;
    if (!hold.take(length ? *length : none)) return too_much_under_way();
    return std::nullopt;
  }

  Task<bool> refuse(HttpResponse response) {
    const auto length = parser_->content_length();
    const bool small = parser_->is_done() || (length && *length <= unwanted_max);
    const bool waits = parser_->expects_continue() && !parser_->is_done();
    bool keep_alive = small && !waits && parser_->keep_alive();
    if (keep_alive) {
      parser_->discard_body();
      keep_alive = !co_await read_body();
    }
    const bool usable = co_await send(std::move(response), frame_of(keep_alive), false);
    if (!keep_alive) co_await linger();
    co_return usable&& keep_alive;
  }

  Task<bool> answer() {
    const bool keep_alive = parser_->keep_alive();
    const bool head_only = request_.method == "HEAD";
    answering_ = true;
    allow_for_ever();
    HttpResponse response{.content_type = {}};
    // The one place where an exception of a handler ends.
    try {
      response = co_await service_.answer(request_);
    } catch (const std::exception& exception) {
      service_.log.write(LogLevel::error, std::string("a request failed: ") + exception.what());
      response = text_response(500, std::string(exception.what()) + "\n");
    }
    request_.body = std::string();  // What its handler has left there.
    const ResponseFrame frame = frame_of(keep_alive && !finishing_);
    bool more = frame.keep_alive;
    if (!goes_at_once(response, frame, head_only))
      more = co_await send_rest(response, frame, head_only);
    answering_ = false;
    co_return more;
  }

  ResponseFrame frame_of(bool keep_alive) const {
    return {parser_->version(), keep_alive, false, service_.date};
  }

  // What is in the buffer, into the parser.
  error_code feed() {
    error_code error;
    buffer_.consume(parser_->put(buffer_.data(), error));
    return error;
  }

  // To be awaited: an error, and how many bytes. No coroutine, as most requests are read at once.
  auto read_some(std::size_t bytes) {
    return stream_.async_read_some(buffer_.prepare(bytes), asio::as_tuple(asio::deferred));
  }

  Task<bool> fill(std::size_t bytes) {
    const auto [error, read] = co_await read_some(bytes);
    buffer_.commit(read);
    co_return !error;
  }

  Task<error_code> read_body() {
    allow(service_.limits.read_max);
    parser_->eager(true);
    while (!parser_->is_done()) {
      const error_code error = feed();
      if (error && error != http::error::need_more) co_return error;
      if (parser_->is_done()) break;
      if (!co_await fill(body_piece)) co_return http::make_error_code(http::error::partial_message);
    }
    co_return error_code();
  }

  Task<bool> give_up(error_code error) {
    // Whoever went away in the middle of it reads no answer.
    if (error == http::error::end_of_stream || error == http::error::partial_message)
      co_return false;
    HttpResponse response = for_broken_request(error);
    co_await send(std::move(response), {11, false, false, service_.date}, false);
    co_await linger();
    co_return false;
  }

  // Closing on unread bytes would reset the connection, and the peer might never see why it was
  // refused: lets it send on into nothing for a moment.
  Task<> linger() {
    allow(linger_max);
    error_code error;
    if constexpr (!encrypted) stream_.shutdown(Socket::shutdown_send, error);
    std::array<char, 4096> nothing;
    while (!error)
      co_await stream_.async_read_some(asio::buffer(nothing),
                                       asio::redirect_error(asio::use_awaitable, error));
  }

  Task<bool> send(HttpResponse response, ResponseFrame frame, bool head_only) {
    if (goes_at_once(response, frame, head_only)) co_return frame.keep_alive;
    co_return co_await send_rest(response, frame, head_only);
  }

  // As much as the socket has room for, which most answers do not fill: that saves them a coroutine
  // and a turn of the event loop. What is wrong with the socket is told to whoever sends the rest.
  bool goes_at_once(HttpResponse& response, const ResponseFrame& frame, bool head_only) {
    if (response.stream && !head_only) return false;
    frame_head(response, frame);
    const bool bodiless = head_only || is_bodiless(response.status);
    HeadAndBody buffers{};
    if (!bodiless && response.body.size() <= together_max) {
      out_ += response.body;
    } else if (!bodiless) {
      buffers[1] = asio::buffer(response.body);
    }
    buffers[0] = asio::buffer(out_);
    std::size_t sent = 0;
    error_code error;
    if constexpr (!encrypted) sent = stream_.write_some(buffers, error);
    if (sent == asio::buffer_size(buffers)) return true;
    unsent_.emplace(buffers);
    unsent_->consume(sent);
    return false;
  }

  Task<bool> send_rest(HttpResponse& response, ResponseFrame frame, bool head_only) {
    if (response.stream && !head_only) co_return co_await send_stream(std::move(response), frame);
    const bool all = co_await write(*unsent_);
    co_return all&& frame.keep_alive;
  }

  void frame_head(HttpResponse& response, const ResponseFrame& frame) {
    out_.clear();
    if (append_response_head(out_, response, frame)) return;
    service_.log.write(LogLevel::warning, "an answer has headers that cannot be sent");
    response = text_response(500, "the answer has headers that cannot be sent\n");
    out_.clear();
    append_response_head(out_, response, frame);
  }

  // HTTP/1.0 knows no chunks: there the end of the connection is the end of the body.
  Task<bool> send_stream(HttpResponse response, ResponseFrame frame) {
    const bool chunked = frame.version >= 11;
    frame.chunked = chunked;
    frame.keep_alive = frame.keep_alive && chunked;
    frame_head(response, frame);
    bool sent = co_await write(asio::buffer(out_));
    bool more = response.stream != nullptr;
    while (more && sent) {
      allow_for_ever();
      std::optional<std::string> piece = co_await response.stream->next();
      more = piece.has_value();
      if (!more && !chunked) break;
      if (more && piece->empty()) continue;
      sent = co_await send_piece(std::move(piece), chunked);
    }
    co_return sent&& frame.keep_alive;
  }

  // No piece: the mark of the end.
  Task<bool> send_piece(std::optional<std::string> piece, bool chunked) {
    if (!piece) co_return co_await write(http::make_chunk_last());
    const auto bytes = asio::const_buffer(piece->data(), piece->size());
    if (chunked) co_return co_await write(http::make_chunk(bytes));
    co_return co_await write(bytes);
  }

  template <class Buffers>
  Task<bool> write(Buffers buffers) {
    allow(service_.limits.write_max);
    error_code error;
    co_await asio::async_write(stream_, buffers, asio::redirect_error(asio::use_awaitable, error));
    co_return !error;
  }

  HttpService& service_;
  Stream stream_;
  const std::string peer_;
  boost::beast::flat_buffer buffer_;
  std::optional<RequestParser> parser_;  // Of the request that is read, or answered;
  HttpRequest request_;                  // that.
  std::string out_;                      // Head of an answer, and its body where that is small;
  std::optional<boost::beast::buffers_suffix<HeadAndBody>> unsent_;  // what is left to be sent.
};

std::unique_ptr<HttpConnection::Impl> make_connection(HttpService& service, Socket socket) {
  if (service.tls == nullptr)
    return std::make_unique<ConnectionOf<Socket>>(service, std::move(socket));
  return std::make_unique<ConnectionOf<TlsStream>>(service, std::move(socket), *service.tls);
}

}  // namespace

HttpConnection::HttpConnection(HttpService& service, Socket socket)
    : impl_(make_connection(service, std::move(socket))) {}
HttpConnection::~HttpConnection() = default;
Task<> HttpConnection::serve() { return impl_->serve(); }
void HttpConnection::finish() { impl_->finish(); }
void HttpConnection::close() { impl_->close(); }
void HttpConnection::close_if_late(Instant now) { impl_->close_if_late(now); }

}  // namespace tidemill
