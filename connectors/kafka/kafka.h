// The kafka connector: records of a topic as events, and messages as records of a topic.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "avro/schema_registry.h"
#include "tidemill/registry.h"
#include "tidemill/security_options.h"

namespace tidemill::kafka {

/// How a cluster is reached; the same for sources and sinks.
struct ClientConfig {
  std::vector<std::string> brokers;
  std::string client_id = "tidemill";
  TlsOptions tls;
  AuthOptions auth;
  std::vector<std::string> properties;  ///< Of librdkafka, NAME=VALUE each.
};

enum class Decode { json, avro, text, raw };

struct SourceConfig : ClientConfig {
  std::string topic;
  std::string group;
  std::optional<std::string> instance_id;  ///< Empty: none. Default: the engine's and pipeline's.
  std::uint32_t consumers = 1;
  std::string start = "earliest";  ///< earliest, latest or an instant; see StartRule.
  Decode decode = Decode::json;
  avro::RegistryOptions schema_registry;  ///< Of Decode::avro.
  std::optional<ByteSize> buffer;         ///< See buffer_bytes().
};

enum class Compression { none, gzip, snappy, lz4, zstd };

struct SinkConfig : ClientConfig {
  std::string topic;
  Compression compression = Compression::none;
  bool forward_headers = false;
  bool transactional = false;
  std::chrono::microseconds delivery_timeout = std::chrono::seconds(30);
};

ConfigSpec<SourceConfig> source_spec();
ConfigSpec<SinkConfig> sink_spec();

void register_with(Registry& registry);

}  // namespace tidemill::kafka
