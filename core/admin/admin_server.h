// AdminServer: the admin API's doors - a Unix socket in the data folder, and a TCP listener where
// one is wanted.
//
// Lives on, and is used from, one scheduler's executor. A slow or hostile peer costs a connection
// of a bounded number, never the engine's progress.
#pragma once

#include <boost/asio/basic_socket_acceptor.hpp>
#include <boost/asio/generic/stream_protocol.hpp>
#include <cstddef>
#include <cstdint>
#include <list>
#include <memory>
#include <string>

#include "core/admin/http_connection.h"
#include "core/admin/router.h"
#include "tidemill/async.h"
#include "tidemill/log.h"
#include "tidemill/result.h"
#include "tidemill/scheduler.h"

namespace tidemill {

struct AdminOptions {
  std::string socket_path;  ///< Usually DATA/admin.sock.
  std::string listen;  ///< "HOST:PORT" with an address or localhost; empty: no TCP. Port 0: any.
  std::string token;   ///< Asked of TCP peers if set; needed unless `listen` is loopback.
  HttpLimits limits;
  std::size_t connections_max = 64;  ///< Of each door; more wait to be accepted.
};

class AdminServer {
 public:
  /// Everything referred to outlives the server.
  AdminServer(Scheduler& scheduler, Log& log, const Router& router, AdminOptions options);
  ~AdminServer();
  AdminServer(const AdminServer&) = delete;
  AdminServer& operator=(const AdminServer&) = delete;

  /// Opens the doors. The socket gets mode 0600, and replaces one that a dead engine left.
  ///
  /// Errors: bad_config (an address that is not one, no token where one is needed, another engine
  /// on the socket), transient (the port is taken).
  Result<> start();

  /// Closes the doors and all connections; returns when the last handler has. Whoever owns a stream
  /// that waits ends it before. Once, if start() succeeded.
  Task<> close();

  /// The port that was bound; 0 without a TCP listener.
  std::uint16_t port() const { return port_; }

 private:
  using Acceptor = boost::asio::basic_socket_acceptor<boost::asio::generic::stream_protocol>;
  using Connections = std::list<HttpConnection>;

  /// One way in, with the connections that came through it.
  struct Entrance {
    Entrance(Scheduler& scheduler, HttpService shared)
        : service(std::move(shared)), acceptor(scheduler.executor()), changed(scheduler) {}

    HttpService service;
    Acceptor acceptor;
    Connections connections;
    bool accepting = false;
    Signal changed;  // A connection ended, or the entrance was closed.
  };

  Result<> open_socket();
  Result<> open_listener();
  Entrance& add_entrance(Door door);
  void admit(Entrance& entrance);
  Task<> accept(Entrance& entrance);
  Task<> serve(Entrance& entrance, Connections::iterator connection);

  Scheduler& scheduler_;
  Log& log_;
  const Router& router_;
  AdminOptions options_;
  std::list<Entrance> entrances_;
  Signal all_closed_;
  bool closing_ = false;
  bool owns_socket_file_ = false;
  std::uint16_t port_ = 0;
};

}  // namespace tidemill
