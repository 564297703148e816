#include "client_properties.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <string>
#include <utility>

namespace tidemill::kafka {
namespace {

// So soon is looked again for room in a full queue.
constexpr unsigned queue_backoff_ms = 10;
constexpr std::uint64_t buffer_min = 1u << 20;
constexpr std::uint64_t buffer_max = 16u << 20;
constexpr std::uint64_t transaction_ms_min = 60'000;

struct Owned {
  std::string_view name;
  std::string_view reason;
};

constexpr std::array owned{
    Owned{"bootstrap.servers", "write it as `brokers`"},
    Owned{"metadata.broker.list", "write it as `brokers`"},
    Owned{"client.id", "write it as `client_id`"},
    Owned{"group.id", "write it as `group`"},
    Owned{"group.instance.id", "write it as `instance_id`"},
    Owned{"security.protocol", "it follows from `tls` and `auth`"},
    Owned{"sasl.mechanism", "write it as `auth.mechanism`"},
    Owned{"sasl.mechanisms", "write it as `auth.mechanism`"},
    Owned{"sasl.username", "write it as `auth.username`"},
    Owned{"sasl.password", "write it as `auth.password`, which is never shown"},
    Owned{"ssl.ca.location", "write it as `tls.ca`"},
    Owned{"ssl.certificate.location", "write it as `tls.cert`"},
    Owned{"ssl.key.location", "write it as `tls.key`"},
    Owned{"ssl.key.password", "write it as `tls.key_password`, which is never shown"},
    Owned{"enable.ssl.certificate.verification", "write it as `tls.verify`"},
    Owned{"enable.auto.commit", "offsets are committed once the effects are durable"},
    Owned{"enable.auto.offset.store", "offsets are committed once the effects are durable"},
    Owned{"auto.commit.interval.ms", "offsets are committed once the effects are durable"},
    Owned{"auto.offset.reset", "write it as `start`; where records are gone, the log says so"},
    Owned{"partition.assignment.strategy", "partitions move one by one (cooperative-sticky)"},
    Owned{"enable.partition.eof", "`--until-idle` needs it and nothing else does"},
    Owned{"queued.max.messages.kbytes", "write it as `buffer`"},
    Owned{"enable.idempotence", "a repeat inside the client must not become a second record"},
    Owned{"acks", "nothing is acknowledged before it is durable"},
    Owned{"request.required.acks", "nothing is acknowledged before it is durable"},
    Owned{"transactional.id", "write `transactional: true`, and it follows from where the sink is"},
    Owned{"compression.type", "write it as `compression`"},
    Owned{"compression.codec", "write it as `compression`"},
    Owned{"message.timeout.ms", "write it as `delivery_timeout`"},
    Owned{"delivery.timeout.ms", "write it as `delivery_timeout`"},
    Owned{"plugin.library.paths", "the engine loads no code into its own process from here"},
};

class Builder {
 public:
  Builder() : made_(rd_kafka_conf_new()) {}

  void set(const char* name, const std::string& value) {
    std::array<char, 512> why{};
    if (rd_kafka_conf_set(made_.get(), name, value.c_str(), why.data(), why.size()) !=
            RD_KAFKA_CONF_OK &&
        problem_.empty())
      problem_ = why.data();
  }
  void set(const char* name, std::uint64_t value) { set(name, std::to_string(value)); }

  void refuse(std::string problem) {
    if (problem_.empty()) problem_ = std::move(problem);
  }

  rd_kafka_conf_t* get() { return made_.get(); }

  Result<Properties> build() && {
    if (!problem_.empty()) return fail(Fault::bad_config, "kafka: " + problem_);
    return std::move(made_);
  }

 private:
  Properties made_;
  std::string problem_;
};

bool holds_secret(std::string_view name) {
  return name.find("password") != name.npos || name.find("secret") != name.npos ||
         name.ends_with(".key.pem");
}

void take_further(Builder& builder, const ClientConfig& config) {
  for (const std::string& property : config.properties) {
    const std::size_t equals = property.find('=');
    const std::string name = property.substr(0, equals);
    if (equals == std::string::npos || name.empty()) {
      builder.refuse("properties: expected NAME=VALUE, got " + name);
      continue;
    }
    const auto taken = std::ranges::find(owned, name, &Owned::name);
    if (taken != owned.end()) {
      builder.refuse("properties: " + name + " is not yours to set: " + std::string(taken->reason));
      continue;
    }
    if (holds_secret(name)) {
      builder.refuse("properties: " + name +
                     " holds a secret, and what stands here is shown; use " + "`tls` and `auth`");
      continue;
    }
    builder.set(name.c_str(), property.substr(equals + 1));
  }
}

void take_security(Builder& builder, const ClientConfig& config) {
  const bool login = config.auth.mechanism != AuthMechanism::none;
  const std::string transport = config.tls.on() ? "ssl" : "plaintext";
  builder.set("security.protocol", login ? "sasl_" + transport : transport);
  if (login) {
    const auto mechanism = config.auth.mechanism;
    builder.set("sasl.mechanism",
                std::string(mechanism == AuthMechanism::plain           ? "PLAIN"
                            : mechanism == AuthMechanism::scram_sha_256 ? "SCRAM-SHA-256"
                                                                        : "SCRAM-SHA-512"));
    builder.set("sasl.username", config.auth.username);
    builder.set("sasl.password", config.auth.password.value);
  }
  if (!config.tls.on()) return;
  if (config.tls.ca) builder.set("ssl.ca.location", config.tls.ca->value);
  if (config.tls.cert) builder.set("ssl.certificate.location", config.tls.cert->value);
  if (config.tls.key) builder.set("ssl.key.location", config.tls.key->value);
  if (config.tls.key_password) builder.set("ssl.key.password", config.tls.key_password->value);
  builder.set("ssl.endpoint.identification.algorithm",
              std::string(config.tls.verify ? "https" : "none"));
  if (!config.tls.verify) builder.set("enable.ssl.certificate.verification", "false");
}

Builder client_builder(const ClientConfig& config) {
  Builder builder;
  std::string brokers;
  for (const std::string& broker : config.brokers)
    brokers.append(brokers.empty() ? "" : ",").append(broker);
  builder.set("bootstrap.servers", brokers);
  builder.set("client.id", config.client_id);
  builder.set("reconnect.backoff.max.ms", 1'000u);
  take_security(builder, config);
  return builder;
}

// State lies in the data folder, so a member that has it does best with the partitions it had.
std::string instance_id(const SourceConfig& config, const Services& services) {
  if (config.instance_id) return *config.instance_id;
  if (services.engine_id.empty()) return {};
  return "tidemill-" + services.engine_id + "-" + services.pipeline;
}

}  // namespace

std::uint64_t buffer_bytes(const SourceConfig& config, const Services& services) {
  if (config.buffer) return config.buffer->value;
  const std::uint64_t share = services.memory_bytes / 8 / config.consumers;
  return services.memory_bytes == 0 ? buffer_max : std::clamp(share, buffer_min, buffer_max);
}

Result<Properties> consumer_properties(const SourceConfig& config, const Services& services,
                                       std::uint32_t index) {
  Builder builder = client_builder(config);
  builder.set("group.id", config.group);
  if (const std::string id = instance_id(config, services); !id.empty())
    builder.set("group.instance.id", config.consumers == 1 ? id : id + "-" + std::to_string(index));
  builder.set("enable.auto.commit", "false");
  builder.set("enable.auto.offset.store", "false");
  builder.set("auto.offset.reset", "error");
  builder.set("partition.assignment.strategy", "cooperative-sticky");
  builder.set("enable.partition.eof", std::string(services.until_idle ? "true" : "false"));
  const std::uint64_t buffer = buffer_bytes(config, services);
  builder.set("queued.max.messages.kbytes", buffer >> 10);
  if (rd_kafka_version() >= knows_queue_backoff_since)
    builder.set("fetch.queue.backoff.ms", queue_backoff_ms);
  // No more than fits beside what is held.
  builder.set("fetch.max.bytes", std::min<std::uint64_t>(buffer, 50u << 20));
  builder.set("message.max.bytes", std::min<std::uint64_t>(buffer, 50u << 20));
  take_further(builder, config);
  rd_kafka_conf_set_events(builder.get(), RD_KAFKA_EVENT_FETCH | RD_KAFKA_EVENT_REBALANCE |
                                              RD_KAFKA_EVENT_ERROR | RD_KAFKA_EVENT_OFFSET_COMMIT);
  return std::move(builder).build();
}

Result<Properties> producer_properties(const SinkConfig& config,
                                       const std::string& transactional_id) {
  constexpr std::array names{"none", "gzip", "snappy", "lz4", "zstd"};
  Builder builder = client_builder(config);
  builder.set("enable.idempotence", "true");
  builder.set("compression.type",
              std::string(names.at(static_cast<std::size_t>(config.compression))));
  const auto delivery_ms = static_cast<std::uint64_t>(
      std::chrono::duration_cast<std::chrono::milliseconds>(config.delivery_timeout).count());
  builder.set("message.timeout.ms", delivery_ms);
  if (!transactional_id.empty()) {
    builder.set("transactional.id", transactional_id);
    // What holds records of several deliveries must outlast each of them.
    builder.set("transaction.timeout.ms", std::max(transaction_ms_min, 2 * delivery_ms));
  }
  builder.set("partitioner", "murmur2_random");  // As Kafka's own clients do.
  // A batch that has waited so long for the one before it keeps older librdkafkas busy with looking
  // for its turn, on a whole core.
  builder.set("linger.ms", 5u);
  take_further(builder, config);
  rd_kafka_conf_set_events(builder.get(), RD_KAFKA_EVENT_DR | RD_KAFKA_EVENT_ERROR);
  return std::move(builder).build();
}

}  // namespace tidemill::kafka
