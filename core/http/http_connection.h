// HttpConnection: HTTP/1.1 on one accepted socket, in the clear or through TLS, one request after
// the other.
//
// Lives on, and is used from, one scheduler's executor. Everything a peer can do is bounded: the
// bytes of a header and of a body, those of all bodies together, the time for each, the time it may
// idle, the time it may take to read an answer.
#pragma once

#include <boost/asio/generic/stream_protocol.hpp>
#include <boost/asio/ssl/context.hpp>
#include <cstdint>
#include <memory>
#include <string>

#include "core/http/access.h"
#include "tidemill/async.h"
#include "tidemill/http.h"
#include "tidemill/log.h"
#include "tidemill/scheduler.h"

namespace tidemill {

/// What all connections of one listener share. Outlives them.
struct HttpService {
  Scheduler& scheduler;
  Log& log;
  HttpHandler answer;
  HttpLimits limits;
  Door door = Door::unix_socket;
  std::string token;
  HttpAdmission admit{};
  bool guarded = true;
  std::shared_ptr<boost::asio::ssl::context> tls{};  ///< Null: in the clear.

  // Changed by its connections and its listener.
  std::uint64_t bodies_bytes = 0;  ///< Being read, or not answered yet.
  std::string date{};              ///< Now, as HTTP writes it; renewed by the listener.
};

class HttpConnection {
 public:
  using Socket = boost::asio::generic::stream_protocol::socket;

  HttpConnection(HttpService& service, Socket socket);
  ~HttpConnection();
  HttpConnection(const HttpConnection&) = delete;
  HttpConnection& operator=(const HttpConnection&) = delete;

  /// Returns when the peer has left, did not keep to the rules, or close() was called. A handler
  /// that runs at that moment is waited for.
  Task<> serve();

  /// Lets the answer go out that is being made, if one is, and then closes.
  void finish();

  void close();

  /// Closes it where the peer has had its time. Asked now and then: a timer for each step of each
  /// request would cost more than the request.
  void close_if_late(Instant now);

  class Impl;

 private:
  std::unique_ptr<Impl> impl_;
};

}  // namespace tidemill
