// HttpConnection: HTTP/1.1 on one accepted socket, one request after the other.
//
// Lives on, and is used from, one scheduler's executor. Everything a peer can do is bounded: the
// bytes of a header and of a body, the time for each, the time it may idle, the time it may take to
// read an answer.
#pragma once

#include <boost/asio/generic/stream_protocol.hpp>
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
};

class HttpConnection {
 public:
  using Socket = boost::asio::generic::stream_protocol::socket;

  HttpConnection(const HttpService& service, Socket socket);
  ~HttpConnection();
  HttpConnection(const HttpConnection&) = delete;
  HttpConnection& operator=(const HttpConnection&) = delete;

  /// Returns when the peer has left, did not keep to the rules, or close() was called. A handler
  /// that runs at that moment is waited for.
  Task<> serve();

  /// Lets the answer go out that is being made, if one is, and then closes.
  void finish();

  void close();

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace tidemill
