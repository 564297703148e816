#include "kafka.h"

#include <memory>
#include <utility>

#include "client_properties.h"
#include "kafka_sink.h"
#include "kafka_source.h"
#include "start_rule.h"
#include "transactional_kafka_sink.h"

namespace tidemill::kafka {
namespace {

// A field of ClientConfig as one of those that have it.
template <class Config, class T>
T Config::* in(T ClientConfig::* field) {
  return field;
}

template <class Config>
ConfigSpec<Config> with_client_options(ConfigSpec<Config> spec) {
  return std::move(spec)
      .field("brokers", in<Config>(&ClientConfig::brokers),
             "Addresses, HOST:PORT, of brokers to ask for the others. The first one names the "
             "cluster: progress belongs to it.",
             Need::required)
      .field("client_id", in<Config>(&ClientConfig::client_id),
             "How the brokers' logs and quotas call this client.")
      .group("tls", in<Config>(&ClientConfig::tls), tls_spec())
      .group("auth", in<Config>(&ClientConfig::auth), auth_spec());
}

// The last option: its names are checked by the library that has them.
template <class Config>
ConfigSpec<Config> with_properties(ConfigSpec<Config> spec) {
  return std::move(spec).field("properties", in<Config>(&ClientConfig::properties),
                               "Further properties of librdkafka, NAME=VALUE each.");
}

}  // namespace

ConfigSpec<SourceConfig> source_spec() {
  auto spec =
      with_client_options(
          ConfigSpec<SourceConfig>("Records of a topic, as a member of a consumer group."))
          .field("topic", &SourceConfig::topic, "The topic to read.", Need::required)
          .field("group", &SourceConfig::group,
                 "The consumer group; engines of one group share the partitions.", Need::required)
          .field("instance_id", &SourceConfig::instance_id,
                 "Its name as a static member of the group, which keeps its partitions if it is "
                 "back within the session timeout; default: made of the data folder's id and the "
                 "pipeline's name; empty: not static.")
          .field("consumers", &SourceConfig::consumers,
                 "Members of the group that this source is, each with connections and "
                 "buffers of its own.",
                 in_range(1, 64))
          .field("start", &SourceConfig::start,
                 "Where a partition begins that neither the state nor the group knows: "
                 "earliest, latest, or an instant such as 2026-01-31T12:00:00Z.")
          .choice("decode", &SourceConfig::decode,
                  "What the value of a record is: JSON, Avro of a schema registry, which becomes "
                  "JSON, text, or any bytes.",
                  {{"json", Decode::json},
                   {"avro", Decode::avro},
                   {"text", Decode::text},
                   {"raw", Decode::raw}})
          .group("schema_registry", &SourceConfig::schema_registry, avro::registry_spec())
          .field("buffer", &SourceConfig::buffer,
                 "Bytes that each consumer may fetch ahead, which are taken off the engine's "
                 "--memory; default: an eighth of that for all (less with more than four "
                 "pipelines), at most 16MiB each.",
                 in_range(1 << 20, 1 << 30))
          .check(
              "start must be earliest, latest or an instant such as "
              "2026-01-31T12:00:00Z",
              [](const SourceConfig& c) { return parse_start(c.start).has_value(); })
          .check("decode: avro needs schema_registry: { url: http://HOST:PORT }",
                 [](const SourceConfig& c) {
                   return c.decode != Decode::avro || !c.schema_registry.url.empty();
                 });
  return with_properties(std::move(spec));
}

ConfigSpec<SinkConfig> sink_spec() {
  auto spec =
      with_client_options(ConfigSpec<SinkConfig>("Writes one record of a topic per message."))
          .field("topic", &SinkConfig::topic, "The topic to write to.", Need::required)
          .choice("compression", &SinkConfig::compression, "How batches of records are compressed.",
                  {{"none", Compression::none},
                   {"gzip", Compression::gzip},
                   {"snappy", Compression::snappy},
                   {"lz4", Compression::lz4},
                   {"zstd", Compression::zstd}})
          .field("forward_headers", &SinkConfig::forward_headers,
                 "Gives each record the headers of the event that caused it, too.")
          .field("transactional", &SinkConfig::transactional,
                 "Writes in transactions that commit together with the state: each message is "
                 "there exactly once, for readers with isolation.level=read_committed.")
          .field("delivery_timeout", &SinkConfig::delivery_timeout,
                 "After which a record that no broker has confirmed counts as failed and is "
                 "written again.",
                 in_range(1e6, 3.6e9));
  return with_properties(std::move(spec));
}

void register_with(Registry& registry) {
  registry.add_source(
      "kafka", source_spec(),
      [](SourceConfig config, Services services) -> Result<std::unique_ptr<Source>> {
        if (auto made = consumer_properties(config, services, 0); !made)
          return std::unexpected(made.error());
        if (config.decode == Decode::avro)
          if (auto made = avro::SchemaRegistry::make(config.schema_registry); !made)
            return std::unexpected(made.error());
        return std::make_unique<KafkaSource>(std::move(config), std::move(services));
      });
  registry.add_sink("kafka", KafkaSink::idempotence, sink_spec(),
                    [](SinkConfig config, Services services) -> Result<std::unique_ptr<Sink>> {
                      if (auto made = producer_properties(config); !made)
                        return std::unexpected(made.error());
                      if (config.transactional)
                        return std::make_unique<TransactionalKafkaSink>(std::move(config),
                                                                        std::move(services));
                      return std::make_unique<KafkaSink>(std::move(config), std::move(services));
                    });
}

}  // namespace tidemill::kafka
