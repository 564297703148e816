// HttpListener: an open door of HTTP - a listening socket, with the connections that came through
// it.
//
// Lives on, and is used from, one scheduler's executor. A slow or hostile peer costs a connection
// of a bounded number, never the engine's progress.
#pragma once

#include <boost/asio/basic_socket_acceptor.hpp>
#include <boost/asio/generic/stream_protocol.hpp>
#include <cstdint>
#include <list>
#include <memory>
#include <string>

#include "core/http/http_connection.h"
#include "tidemill/async.h"
#include "tidemill/http.h"
#include "tidemill/result.h"

namespace tidemill {

class HttpListener {
 public:
  using Acceptor = boost::asio::basic_socket_acceptor<boost::asio::generic::stream_protocol>;

  /// `acceptor` listens already.
  HttpListener(HttpService service, Acceptor acceptor);
  ~HttpListener();
  HttpListener(const HttpListener&) = delete;
  HttpListener& operator=(const HttpListener&) = delete;

  /// Begins to let peers in.
  void start();

  /// Closes the socket and all connections, at once.
  void stop();

  /// The same, and returns when the last handler has.
  Task<> close();

  /// Lets nobody in any more; answers that are being made go out first, for up to `patience`.
  Task<> finish(Duration patience);

 private:
  using Connections = std::list<HttpConnection>;

  void shut();
  void look();
  Task<> accept();
  Task<> serve(Connections::iterator connection);

  HttpService service_;
  Acceptor acceptor_;
  Connections connections_;
  Signal left_;    // A connection ended, or the door was closed.
  Signal closed_;  // What close() waits for may have come.
  Scheduler::TimerId look_again_ = Scheduler::TimerId::none;
  Instant dated_{};  // When service_.date was made.
  bool accepting_ = false;
  bool closing_ = false;
};

/// A socket that listens on "HOST:PORT", and the port that it got. `token` is that of the door;
/// none is needed where it is not guarded.
///
/// Errors: bad_config (an address that is not one, no token where one is needed), transient (the
/// port is taken).
struct BoundPort {
  HttpListener::Acceptor acceptor;
  std::uint16_t port = 0;
};
Result<BoundPort> listen_on(Scheduler& scheduler, const std::string& listen,
                            const std::string& token, bool guarded = true);

/// As Services::serve_http.
Result<std::unique_ptr<HttpServer>> serve_http(Scheduler& scheduler, Log& log, HttpDoor door);

}  // namespace tidemill
