// HTTP as those see it that answer requests: the routes of the admin API, and sources that are sent
// to. No sockets, so that a handler needs no server to be tested; the engine serves it.
//
//     HttpDoor door{.listen = "127.0.0.1:8899", .answer = std::bind_front(&Hook::answer, this)};
//     auto server = services.serve_http(services.scheduler, services.log, std::move(door));
//     ...
//     co_await (*server)->close();
//
// Everything here runs on the executor of the scheduler that the door was opened with.
#pragma once

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "tidemill/async.h"
#include "tidemill/log.h"
#include "tidemill/result.h"
#include "tidemill/scheduler.h"
#include "tidemill/time.h"

namespace tidemill {

/// One header as it was sent. Names are compared without case.
struct HttpHeader {
  std::string_view name;
  std::string_view value;
};

/// Of the names of headers, which are ASCII, whatever the locale is.
inline char ascii_lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; }

inline bool same_header(std::string_view a, std::string_view b) {
  return a.size() == b.size() && std::ranges::equal(a, b, {}, ascii_lower, ascii_lower);
}

/// The value of the first header of that name; empty when there is none.
inline std::string_view header_of(std::span<const HttpHeader> headers, std::string_view name) {
  for (const HttpHeader& header : headers)
    if (same_header(header.name, name)) return header.value;
  return {};
}

/// Moved and never copied: its headers view its own memory.
struct HttpRequest {
  HttpRequest() = default;
  HttpRequest(HttpRequest&&) = default;
  HttpRequest& operator=(HttpRequest&&) = default;

  std::string method;                                      ///< GET, POST, DELETE
  std::string path;                                        ///< As it was sent, without the query.
  std::string query_text;                                  ///< As it was sent, without the '?'.
  std::map<std::string, std::string, std::less<>> query;   ///< Decoded; a repeated name: the last.
  std::map<std::string, std::string, std::less<>> params;  ///< The {name} parts of the route.
  std::string_view content_type;                           ///< As its header says.
  std::string body;
  std::vector<HttpHeader> headers;   ///< In their order, names in lower case; they view `head`.
  std::vector<char> head{};          ///< Their text, which stays where it is wherever this moves.
  std::string peer{};                ///< Its address, without the port; empty: none.
  bool encrypted = false;            ///< It came through TLS.
  std::shared_ptr<void> admitted{};  ///< What the admission left for the handler.

  /// The decoded query parameter, or `otherwise`.
  std::string query_or(std::string_view name, std::string_view otherwise) const {
    const auto found = query.find(name);
    return found == query.end() ? std::string(otherwise) : found->second;
  }

  std::string_view header(std::string_view name) const { return header_of(headers, name); }
};

/// A body that is made while it is sent: an export, a tap.
class BodyStream {
 public:
  virtual ~BodyStream() = default;

  /// The next piece; empty at the end. An empty piece sends nothing. Not asked again before the
  /// piece was sent, so a slow reader slows the stream. Destroyed when the reader has left, which
  /// is noticed when a piece is sent: a stream that waits for long should send one now and then.
  virtual Task<std::optional<std::string>> next() = 0;
};

struct HttpResponse {
  unsigned status = 200;
  std::string content_type = "text/plain; charset=utf-8";
  std::string body;
  std::unique_ptr<BodyStream> stream;  ///< If set, sent instead of `body`.
  std::vector<std::pair<std::string, std::string>> headers;
};

inline HttpResponse text_response(unsigned status, std::string text) {
  HttpResponse response;
  response.status = status;
  response.body = std::move(text);
  return response;
}

inline HttpResponse json_response(std::string json, unsigned status = 200) {
  HttpResponse response = text_response(status, std::move(json));
  response.content_type = "application/json";
  return response;
}

/// A coroutine: a member function bound to its object, or a free function. Never a capturing lambda
/// that is itself a coroutine. The request lives until its answer is made; what is of use longer
/// may be moved out of it.
using HttpHandler = std::function<Task<HttpResponse>(HttpRequest& request)>;

/// Looks at a request before its body is read - a stranger must not make us buffer one - and
/// answers why it is refused; nothing: let it come. May leave something for the handler in
/// `request`, whose body is empty. Does not block.
using HttpAdmission = std::function<std::optional<HttpResponse>(HttpRequest& request)>;

struct HttpLimits {
  std::uint32_t header_bytes_max = 16 * 1024;
  std::uint64_t body_bytes_max = 6 * 1024 * 1024;  ///< AWS's limit for an invocation.
  /// Of all connections together, while they are read and until they are answered; beyond it
  /// requests are answered 429.
  std::uint64_t bodies_bytes_max = 64 * 1024 * 1024;
  Duration idle_max = std::chrono::seconds(60);    ///< Until the next request begins.
  Duration header_max = std::chrono::seconds(10);  ///< For a header, once it has begun.
  Duration read_max = std::chrono::seconds(30);    ///< For a body.
  Duration write_max = std::chrono::seconds(30);   ///< For an answer, or one piece of a stream.
  std::size_t connections_max = 64;                ///< More wait to be accepted.
};

/// What a door shows that speaks TLS: two files in PEM.
struct HttpTls {
  std::string certificate;  ///< With the chain behind it.
  std::string key;
};

/// Where requests come in, who may send them, and who answers.
struct HttpDoor {
  std::string listen;     ///< "HOST:PORT" with an address or localhost. Port 0: any.
  std::string token;      ///< Asked of everybody if set; needed unless `listen` is loopback.
  HttpHandler answer;     ///< Runs once for each request that is let in.
  HttpAdmission admit{};  ///< Asked before; empty: everything is let in.
  bool guarded = true;    ///< False: `admit` alone says who may send, and from where.
  std::optional<HttpTls> tls{};
  HttpLimits limits = {};
};

/// An open door.
class HttpServer {
 public:
  virtual ~HttpServer() = default;

  /// Closes the door, and each connection once the answer that is being made for it has gone out;
  /// returns when the last handler has. Once, and before the server is destroyed.
  virtual Task<> close() = 0;

  /// The port that was bound.
  virtual std::uint16_t port() const = 0;
};

/// Opens a door. `scheduler` and `log` outlive the server.
///
/// Errors: bad_config (an address that is not one, no token where one is needed, a certificate that
/// cannot be read), transient (the port is taken).
using ServeHttp = std::function<Result<std::unique_ptr<HttpServer>>(Scheduler& scheduler, Log& log,
                                                                    HttpDoor door)>;

}  // namespace tidemill
