// AdminServer: the admin API's doors - a Unix socket in the data folder, and a TCP listener where
// one is wanted.
//
// Lives on, and is used from, one scheduler's executor. A slow or hostile peer costs a connection
// of a bounded number, never the engine's progress.
#pragma once

#include <cstdint>
#include <list>
#include <memory>
#include <string>

#include "core/http/http_listener.h"
#include "core/http/router.h"
#include "tidemill/async.h"
#include "tidemill/log.h"
#include "tidemill/result.h"
#include "tidemill/scheduler.h"

namespace tidemill {

struct AdminOptions {
  std::string socket_path;  ///< Usually DATA/admin.sock.
  std::string listen;  ///< "HOST:PORT" with an address or localhost; empty: no TCP. Port 0: any.
  std::string token;   ///< Asked of TCP peers if set; needed unless `listen` is loopback.
  HttpLimits limits;   ///< Of each door.
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
  Result<> open_socket();
  Result<> open_listener();
  void add_door(Door door, HttpListener::Acceptor acceptor);

  Scheduler& scheduler_;
  Log& log_;
  const Router& router_;
  AdminOptions options_;
  std::list<HttpListener> doors_;
  bool owns_socket_file_ = false;
  std::uint16_t port_ = 0;
};

}  // namespace tidemill
