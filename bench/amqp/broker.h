// Broker: the RabbitMQ that bench_amqp reads from, as a process beside it, and what the bench does
// with its queue. Ends the bench, with a sentence, where something cannot be had.
#pragma once

#include <amqp.h>
#include <sys/types.h>

#include <cstdint>
#include <string>

#include "tidemill/posix.h"

namespace tidemill::bench {

inline constexpr const char* queue = "clicks";
inline constexpr std::uint16_t prefetch = 4000;

struct Login {
  std::string address;  ///< HOST:PORT
  std::string username;
  std::string password;
};

/// A connection of librabbitmq with channel 1 on it.
class Session {
 public:
  explicit Session(const Login& login);
  ~Session();
  Session(const Session&) = delete;
  Session& operator=(const Session&) = delete;

  amqp_connection_state_t get() const { return connection_; }
  /// The last call was answered as it should be.
  void check(const char* what) const;

 private:
  amqp_connection_state_t connection_;
};

class Broker {
 public:
  Broker();
  ~Broker();
  Broker(const Broker&) = delete;
  Broker& operator=(const Broker&) = delete;

  const Login& login() const { return login_; }

  /// Puts so many persistent messages of so many bytes into the queue.
  void fill(std::uint64_t count, std::size_t bytes) const;

  /// How many messages are left in it.
  std::uint64_t left() const;

 private:
  pid_t pid_ = 0;
  Descriptor lifeline_;
  Login login_;
};

}  // namespace tidemill::bench
