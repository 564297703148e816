// Connection: one TCP connection to a server, with TLS or without, kept alive between exchanges.
//
// Coroutines on the io_context of a lane of Client; used by one coroutine at a time. Every wait has
// an end: connecting and each piece that moves have their own time. Only names are looked up
// without one, in the time that the system's resolver takes.
#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/ssl/context.hpp>
#include <memory>

#include "message.h"
#include "tidemill/async.h"
#include "tidemill/time.h"
#include "url.h"

namespace tidemill::http_client {

struct Timeouts {
  Duration connect = std::chrono::seconds(10);
  Duration idle = std::chrono::seconds(30);  ///< With no byte moving.
};

class Connection {
 public:
  virtual ~Connection() = default;

  /// Errors: unavailable; bad_config where the server is not who it should be.
  virtual Task<Result<>> connect() = 0;

  /// Sends `request` and reads the answer. Errors: unavailable, bad_event, cancelled after close(),
  /// and what Request::receive fails with. After an error the connection is of no more use.
  virtual Task<Result<Response>> exchange(const Request& request) = 0;

  /// The last exchange failed before any byte of an answer came.
  virtual bool unanswered() const = 0;

  /// Can it be used for another exchange? False as soon as the server has closed it.
  virtual bool alive() = 0;

  /// Ends what waits; on the lane's thread.
  virtual void close() = 0;
};

/// `server` outlives it; `tls` is null for http.
std::unique_ptr<Connection> make_connection(boost::asio::io_context& context, const Url& server,
                                            std::shared_ptr<boost::asio::ssl::context> tls,
                                            Timeouts timeouts);

}  // namespace tidemill::http_client
