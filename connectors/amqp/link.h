// Link: the way to one of several brokers of a cluster, for a source or a sink: which one is asked
// next, and how long to wait before that.
//
// On its owner's executor.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "amqp.h"
#include "connection.h"
#include "tidemill/async.h"
#include "tidemill/registry.h"

namespace tidemill::amqp {

class Link {
 public:
  /// `what` is what the operator of the broker sees of it: the pipeline and its source or sink.
  /// Errors: bad_config (hosts, files of tls).
  static Result<std::unique_ptr<Link>> make(const ServerConfig& config, Services services,
                                            std::string what, std::uint64_t body_max,
                                            std::uint64_t body_kept);

  /// Tries each broker once, beginning with the last that answered; with the one after it, where
  /// the connection to that was lost. `receiver` is called until close() or the next connect().
  ///
  /// Errors: unavailable, bad_config, cancelled after abandon().
  Task<Result<>> connect(Receiver& receiver);

  /// Null while it is not connected.
  Connection* get() const { return connection_ && connection_->up() ? connection_.get() : nullptr; }

  /// Ends what waits, and whatever is tried afterwards; a connection there is goes on.
  void abandon();

  /// Ends the connection, if there is one. Idempotent.
  Task<> close();

  /// HOST:PORT/VHOST of the first broker, by which the cluster is known; %2F for the vhost /.
  const std::string& place() const { return place_; }

 private:
  Link(ConnectionOptions options, std::vector<Endpoint> brokers, Services services);

  Services services_;
  ConnectionOptions options_;
  const std::vector<Endpoint> brokers_;
  const std::string place_;
  std::shared_ptr<Connection> connection_;
  std::size_t turn_ = 0;
  bool abandoned_ = false;
};

/// How long to wait before trying again, and whether to speak of it: tries come ever less often,
/// and of one trouble not each is told.
class Patience {
 public:
  explicit Patience(const Services& services) : services_(services) {}

  /// After a try that failed: when the next one is due. Tells the log of it, now and then.
  Instant failed(const std::string& sentence);
  void succeeded();

 private:
  const Services& services_;
  std::uint32_t failures_ = 0;
  std::string told_;
  Instant tell_again_{};
};

}  // namespace tidemill::amqp
