#include "amqp.h"

#include <algorithm>
#include <memory>
#include <utility>

#include "amqp_sink.h"
#include "amqp_source.h"
#include "message_event.h"

namespace tidemill::amqp {
namespace {

constexpr double mebibyte = 1 << 20;
constexpr double second = 1e6;
constexpr std::size_t name_max = 255;  // The protocol's.

// A field of ServerConfig as one of those that have it.
template <class Config, class T>
T Config::* in(T ServerConfig::* field) {
  return field;
}

template <class Config>
ConfigSpec<Config> with_server(ConfigSpec<Config> spec) {
  return std::move(spec)
      .field("hosts", in<Config>(&ServerConfig::hosts),
             "HOST:PORT of the brokers of a cluster, tried in turn. The first one names the "
             "cluster.",
             Need::required)
      .field("vhost", in<Config>(&ServerConfig::vhost), "The virtual host.")
      .group("tls", in<Config>(&ServerConfig::tls), tls_spec())
      .group("auth", in<Config>(&ServerConfig::auth), auth_spec())
      .field("heartbeat", in<Config>(&ServerConfig::heartbeat),
             "After two of these without a sign of life a broker counts as gone.",
             in_range(second, 3600 * second))
      .check(
          "auth.mechanism must be plain: brokers are logged into with a name and a password "
          "here; without auth it is guest",
          [](const Config& c) {
            return c.auth.mechanism == AuthMechanism::none ||
                   c.auth.mechanism == AuthMechanism::plain;
          });
}

ConfigSpec<DeclareOptions> declare_spec() {
  return ConfigSpec<DeclareOptions>("A durable queue, made where there is none.")
      .choice("type", &DeclareOptions::type,
              "Makes the queue, durable, as one of this type; none: it has to be there.",
              {{"none", QueueType::none},
               {"classic", QueueType::classic},
               {"quorum", QueueType::quorum}})
      .field("dead_letter_exchange", &DeclareOptions::dead_letter_exchange,
             "Where the broker puts what it gives up.")
      .field("dead_letter_routing_key", &DeclareOptions::dead_letter_routing_key,
             "Under which routing key; default: the message's own.")
      .field("delivery_limit", &DeclareOptions::delivery_limit,
             "After so many deliveries in vain a quorum queue gives a message up.",
             in_range(1, 1e6))
      .field("bindings", &DeclareOptions::bindings,
             "What reaches the queue, EXCHANGE:ROUTING_KEY each; the exchanges have to be there.")
      .check("declare needs a type: classic or quorum",
             [](const DeclareOptions& d) {
               return d.on() ||
                      (d.dead_letter_exchange.empty() && d.dead_letter_routing_key.empty() &&
                       !d.delivery_limit && d.bindings.empty());
             })
      .check(
          "declare.delivery_limit is for queues of type quorum",
          [](const DeclareOptions& d) { return !d.delivery_limit || d.type == QueueType::quorum; })
      .check("declare.dead_letter_routing_key goes with a dead_letter_exchange",
             [](const DeclareOptions& d) {
               return d.dead_letter_routing_key.empty() || !d.dead_letter_exchange.empty();
             })
      .check("declare.bindings takes EXCHANGE:ROUTING_KEY", [](const DeclareOptions& d) {
        return std::ranges::all_of(d.bindings, [](const std::string& one) {
          const auto colon = one.find(':');
          return colon != one.npos && colon > 0;
        });
      });
}

}  // namespace

ConfigSpec<SourceConfig> source_spec() {
  return with_server(ConfigSpec<SourceConfig>(
                         "Messages of a queue of RabbitMQ (AMQP 0-9-1), acknowledged when their "
                         "events are settled."))
      .field("queue", &SourceConfig::queue, "The queue to read.", Need::required)
      .field("key", &SourceConfig::key,
             "What the key of an event is: routing_key, header:NAME, or a field of its JSON such "
             "as .user; default: none.")
      .field("content_type", &SourceConfig::content_type,
             "What a message is that does not say it itself.")
      .field("prefetch", &SourceConfig::prefetch,
             "So many messages the broker hands out before they are acknowledged; default: twice "
             "what the engine has room for.",
             in_range(1, 65535))
      .field("buffer", &SourceConfig::buffer,
             "Bytes of messages that may wait here for the engine, which are taken off its "
             "--memory; default: an eighth of that, at most 16MiB.",
             in_range(64 * 1024, 1024 * mebibyte))
      .field("message_max", &SourceConfig::message_max,
             "Larger messages become dead letters, with their first 64KiB.",
             in_range(1024, 512 * mebibyte))
      .group("declare", &SourceConfig::declare, declare_spec())
      .check("queue takes the name of a queue, of 255 bytes at most",
             [](const SourceConfig& c) { return !c.queue.empty() && c.queue.size() <= name_max; })
      .check("key takes routing_key, header:NAME or a field such as .user",
             [](const SourceConfig& c) { return parse_key_rule(c.key).has_value(); });
}

ConfigSpec<SinkConfig> sink_spec() {
  return with_server(ConfigSpec<SinkConfig>(
                         "Messages to an exchange or a queue of RabbitMQ (AMQP 0-9-1), confirmed "
                         "by the broker."))
      .field("queue", &SinkConfig::queue, "The queue that all of it goes to, past any exchange.")
      .field("exchange", &SinkConfig::exchange, "The exchange that it goes to, instead of a queue.")
      .field("routing_key", &SinkConfig::routing_key,
             "jq that gives the routing key of a message, as $event.subject or \"order.\" + .kind; "
             "default: its key, or that of its event.")
      .field("persistent", &SinkConfig::persistent,
             "Messages outlive a restart of the broker, in queues that are durable.")
      .field("mandatory", &SinkConfig::mandatory,
             "A message that no queue takes is a failure; false: it is lost.")
      .field("forward_headers", &SinkConfig::forward_headers,
             "Gives each message the headers of the event that caused it, too.")
      .field("message_max", &SinkConfig::message_max,
             "Larger messages are refused; a broker has a limit of its own.",
             in_range(1, 512 * mebibyte))
      .field("delivery_timeout", &SinkConfig::delivery_timeout,
             "After which a message that the broker has not confirmed is written again.",
             in_range(second, 3600 * second))
      .check("give a queue, or an exchange, and not both",
             [](const SinkConfig& c) { return c.queue.empty() != c.exchange.empty(); })
      .check("routing_key goes with an exchange",
             [](const SinkConfig& c) { return c.queue.empty() || c.routing_key.empty(); })
      .check("queue and exchange take names of 255 bytes at most", [](const SinkConfig& c) {
        return c.queue.size() <= name_max && c.exchange.size() <= name_max;
      });
}

void register_with(Registry& registry) {
  registry.add_source("amqp", source_spec(), AmqpSource::make);
  registry.add_sink("amqp", AmqpSink::idempotence, sink_spec(), AmqpSink::make);
}

}  // namespace tidemill::amqp
