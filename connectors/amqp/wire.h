// Wire: bytes to a broker and back, over TCP or TLS.
//
// Coroutines on the scheduler's executor: one reads and one writes, at the same time if they like.
#pragma once

#include <boost/asio/ssl/context.hpp>
#include <cstddef>
#include <memory>
#include <span>
#include <string_view>

#include "endpoint.h"
#include "tidemill/async.h"
#include "tidemill/result.h"
#include "tidemill/scheduler.h"

namespace tidemill::amqp {

class Wire {
 public:
  virtual ~Wire() = default;

  /// Until `deadline`; only names are looked up in the time that the system's resolver takes.
  /// Errors: unavailable; bad_config where the server is not who it should be; cancelled.
  virtual Task<Result<>> connect(Instant deadline) = 0;

  /// At least one byte. Errors: unavailable, cancelled.
  virtual Task<Result<std::size_t>> read(std::span<char> room) = 0;

  /// All of them. Errors: as read().
  virtual Task<Result<>> write(std::string_view bytes) = 0;

  /// Ends what waits, with Fault::cancelled.
  virtual void close() = 0;
};

/// `tls` is null for TCP alone.
std::unique_ptr<Wire> make_wire(Scheduler& scheduler, Endpoint broker,
                                std::shared_ptr<boost::asio::ssl::context> tls);

}  // namespace tidemill::amqp
