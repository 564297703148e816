// HttpConnection: HTTP/1.1 on one accepted socket, one request after the other.
//
// Lives on, and is used from, one scheduler's executor. Everything a peer can do is bounded: the
// bytes of a header and of a body, the time for each, the time it may idle, the time it may take to
// read an answer.
#pragma once

#include <boost/asio/generic/stream_protocol.hpp>
#include <chrono>
#include <cstdint>
#include <memory>
#include <string>

#include "core/admin/access.h"
#include "core/admin/router.h"
#include "tidemill/async.h"
#include "tidemill/log.h"
#include "tidemill/scheduler.h"

namespace tidemill {

struct HttpLimits {
  std::uint32_t header_bytes_max = 16 * 1024;
  std::uint64_t body_bytes_max = 6 * 1024 * 1024;  ///< AWS's limit for an invocation.
  Duration idle_max = std::chrono::seconds(60);    ///< Until the next request's header is complete.
  Duration read_max = std::chrono::seconds(30);    ///< For a body.
  Duration write_max = std::chrono::seconds(30);   ///< For an answer, or one piece of a stream.
};

/// What all connections of one listener share. Outlives them.
struct HttpService {
  Scheduler& scheduler;
  Log& log;
  const Router& router;
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

  void close();

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace tidemill
