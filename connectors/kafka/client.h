// Client: one instance of librdkafka, with the threads that it starts.
//
// Shared by the connector that made it and by everything that holds one of its messages: the
// library's own end waits for ever while one of them is held. Thread-safe, as librdkafka is.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "handles.h"
#include "tidemill/result.h"

namespace tidemill::kafka {

class Client {
 public:
  /// Errors: bad_config.
  static Result<std::shared_ptr<Client>> make(rd_kafka_type_t type, Properties properties);

  explicit Client(rd_kafka_t* made) : made_(made) {}
  Client(const Client&) = delete;
  Client& operator=(const Client&) = delete;
  /// Blocks until its threads have ended. A group must have been left before.
  ~Client() { rd_kafka_destroy_flags(made_, RD_KAFKA_DESTROY_F_NO_CONSUMER_CLOSE); }

  rd_kafka_t* get() const { return made_; }

  /// Asks a broker how many partitions the topic has. Blocks, 10 s at most.
  ///
  /// Errors: bad_config (no such topic, a login or certificate that is refused), transient.
  Result<std::uint32_t> partitions_of(const std::string& topic);

 private:
  Error why_unreachable(std::string what, bool& hopeless);

  rd_kafka_t* const made_;
};

/// Looks for the topic with a client of its own, and says how many partitions it has. Blocks.
/// Errors: as of partitions_of(), or of `properties`.
Result<std::string> reach_topic(rd_kafka_type_t type, Result<Properties> properties,
                                const std::string& topic);

/// What to do about an error of librdkafka.
Fault fault_of(rd_kafka_resp_err_t error);

}  // namespace tidemill::kafka
