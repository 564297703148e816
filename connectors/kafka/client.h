// Client: one instance of librdkafka, with the threads that it starts.
//
// Shared by the connector that made it and by everything that holds one of its messages: the
// library's own end waits for ever while one of them is held. Thread-safe, as librdkafka is.
#pragma once

#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "handles.h"
#include "tidemill/log.h"
#include "tidemill/result.h"

namespace tidemill::kafka {

/// What a client has to say, until nobody listens any more.
class ClientLog {
 public:
  explicit ClientLog(Log& log) : log_(&log) {}

  void write(std::string_view sentence);
  /// Once this returns, the log may end.
  void close();

 private:
  std::mutex mutex_;
  Log* log_;
};

class Client {
 public:
  /// `log` outlives the client, or let_go().
  ///
  /// Errors: bad_config.
  static Result<std::shared_ptr<Client>> make(rd_kafka_type_t type, Properties properties,
                                              Log& log);

  Client(rd_kafka_t* made, std::shared_ptr<ClientLog> log) : log_(std::move(log)), made_(made) {}
  Client(const Client&) = delete;
  Client& operator=(const Client&) = delete;
  /// Blocks until its threads have ended. A group must have been left before.
  ~Client() { rd_kafka_destroy_flags(made_, RD_KAFKA_DESTROY_F_NO_CONSUMER_CLOSE); }

  rd_kafka_t* get() const { return made_; }
  const std::shared_ptr<ClientLog>& log() const { return log_; }

  /// Asks a broker how many partitions the topic has. Blocks, 10 s at most.
  ///
  /// Errors: bad_config (no such topic, a login or certificate that is refused), transient.
  Result<std::uint32_t> partitions_of(const std::string& topic);

  /// True from when its group has taken it in, as a member with an id. Blocks for a moment.
  bool is_member() const;

 private:
  Error why_unreachable(std::string what, bool& hopeless);

  const std::shared_ptr<ClientLog> log_;
  rd_kafka_t* const made_;
};

/// Waits for the end of the client's threads, unless somebody else holds it, who then ends them.
/// Blocks, 5 s at most: a member with a commit that no coordinator answers ends only with its
/// session (45 s), and does so without anybody waiting for it.
void let_go(std::shared_ptr<Client> client);

/// Has it live as long as the process, for one whose end would abort that.
void keep_for_good(std::shared_ptr<Client> client);

/// Looks for the topic with a client of its own, and says how many partitions it has. Blocks.
/// Errors: as of partitions_of(), or of `properties`.
Result<std::string> reach_topic(rd_kafka_type_t type, Result<Properties> properties,
                                const std::string& topic, Log& log);

/// What to do about an error of librdkafka.
Fault fault_of(rd_kafka_resp_err_t error);

}  // namespace tidemill::kafka
