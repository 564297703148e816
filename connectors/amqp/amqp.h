// The amqp connector: messages of a queue of RabbitMQ (AMQP 0-9-1) as events, and messages to an
// exchange or a queue.
//
// What a user may write. See README.md for what the words promise.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "tidemill/registry.h"
#include "tidemill/security_options.h"

namespace tidemill::amqp {

/// How a cluster is reached; the same for sources and sinks.
struct ServerConfig {
  std::vector<std::string> hosts;
  std::string vhost = "/";
  TlsOptions tls;
  AuthOptions auth;
  std::chrono::microseconds heartbeat = std::chrono::seconds(30);
};

enum class QueueType { none, classic, quorum };

/// A queue to be made where there is none.
struct DeclareOptions {
  QueueType type = QueueType::none;
  std::string dead_letter_exchange;
  std::string dead_letter_routing_key;
  std::optional<std::uint32_t> delivery_limit;
  std::vector<std::string> bindings;  ///< EXCHANGE:ROUTING_KEY each.

  bool on() const { return type != QueueType::none; }
};

struct SourceConfig : ServerConfig {
  std::string queue;
  std::string key;  ///< See KeyRule.
  std::string content_type = "application/json";
  std::optional<std::uint32_t> prefetch;
  std::optional<ByteSize> buffer;  ///< See buffer_bytes().
  ByteSize message_max{16 << 20};
  DeclareOptions declare;
};

struct SinkConfig : ServerConfig {
  std::string queue;  ///< Or an exchange and a routing key.
  std::string exchange;
  std::string routing_key;  ///< jq; empty: the message's key.
  bool persistent = true;
  bool mandatory = true;
  bool forward_headers = false;
  ByteSize message_max{16 << 20};
  std::chrono::microseconds delivery_timeout = std::chrono::seconds(30);
};

ConfigSpec<SourceConfig> source_spec();
ConfigSpec<SinkConfig> sink_spec();

void register_with(Registry& registry);

}  // namespace tidemill::amqp
