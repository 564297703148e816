#include "sqs.h"

#include <memory>
#include <utility>

#include "records/key_field.h"
#include "sqs_sink.h"
#include "sqs_source.h"

namespace tidemill::sqs {
namespace {

constexpr double second = 1e6;

Result<std::unique_ptr<Source>> make_source(SourceConfig config, Services services) {
  auto queue = SqsQueue::make(config.queue, services);
  if (!queue) return std::unexpected(queue.error());
  if ((*queue)->address().fifo() && !config.key.empty())
    return fail(Fault::bad_config, "key: that of a FIFO queue is the message group");
  return std::make_unique<SqsSource>(std::move(config), std::move(*queue), std::move(services));
}

Result<std::unique_ptr<Sink>> make_sink(SinkConfig config, Services services) {
  auto queue = SqsQueue::make(config.queue, services);
  if (!queue) return std::unexpected(queue.error());
  const bool fifo = (*queue)->address().fifo();
  if (fifo && config.delay.count() > 0)
    return fail(Fault::bad_config, "delay: a FIFO queue has one delay for all of its messages");
  auto rules = aws::FifoRules::make(config.fifo, fifo, services);
  if (!rules) return std::unexpected(rules.error());
  return std::make_unique<SqsSink>(std::move(config), std::move(*rules), std::move(*queue),
                                   std::move(services));
}

}  // namespace

ConfigSpec<SourceConfig> source_spec() {
  return ConfigSpec<SourceConfig>("One event per message of a queue of Amazon SQS.")
      .include(&SourceConfig::queue, queue_spec())
      .choice("decode", &SourceConfig::decode,
              "What a message is, unless its content-type says so.",
              {{"json", Decode::json}, {"text", Decode::text}})
      .choice(
          "unwrap", &SourceConfig::unwrap,
          "Takes what a topic of SNS published out of its envelope; other messages stay as they "
          "are.",
          {{"none", Unwrap::none}, {"sns", Unwrap::sns}})
      .field("key", &SourceConfig::key,
             "A field of JSON messages that is their key, such as .user.id; default: the message "
             "group.")
      .field("visibility", &SourceConfig::visibility,
             "So long a message stays hidden from others after this engine has crashed; it is "
             "renewed while there is work.",
             in_range(3 * second, 12 * 3600 * second))
      .field("wait", &SourceConfig::wait,
             "So long SQS waits for a message where there is none, in whole seconds.",
             in_range(second, 20 * second))
      .field("receivers", &SourceConfig::receivers,
             "At most so many requests for ten messages each at once.", in_range(1, 16))
      .check("key takes the path of a field, such as .user.id", [](const SourceConfig& c) {
        return c.key.empty() || records::KeyField::is_path(c.key);
      });
}

ConfigSpec<SinkConfig> sink_spec() {
  return ConfigSpec<SinkConfig>("Sends one message of Amazon SQS per message.")
      .include(&SinkConfig::queue, queue_spec())
      .include(&SinkConfig::fifo, aws::fifo_spec())
      .field("delay", &SinkConfig::delay, "So long nobody receives a message, in whole seconds.",
             in_range(0, 900 * second));
}

void register_with(Registry& registry) {
  registry.add_source("sqs", source_spec(), make_source);
  registry.add_sink("sqs", SqsSink::idempotence, sink_spec(), make_sink);
}

}  // namespace tidemill::sqs
