#include "sns_sink.h"

#include <utility>

#include "published_message.h"

namespace tidemill::sns {

SnsSink::SnsSink(std::shared_ptr<const EventExpression> subject, aws::FifoRules rules,
                 std::unique_ptr<SnsTopic> topic, Services services)
    : subject_(std::move(subject)),
      rules_(std::move(rules)),
      topic_(std::move(topic)),
      services_(std::move(services)) {}

SinkTraits SnsSink::traits() const {
  return {.idempotence = idempotence,
          .takes_messages = true,
          .takes_objects = false,
          .concurrent_writes = !rules_.fifo()};
}

Task<Result<std::string>> SnsSink::reach() {
  const Result<> found = co_await open();
  if (!found) co_return std::unexpected(found.error());
  co_return "the topic is there";
}

Task<Result<>> SnsSink::open() {
  auto look = [this] { return topic_->find(); };
  auto found = co_await run_blocking(services_.scheduler, std::move(look));
  co_return found;
}

Task<std::vector<Result<>>> SnsSink::write(SinkBatch batch) {
  auto work = [this, batch] { return publish(batch); };
  auto results = co_await run_blocking(services_.scheduler, std::move(work));
  co_return results;
}

// Runs on the pool, several at a time where the topic has no order.
std::vector<Result<>> SnsSink::publish(const SinkBatch& batch) {
  const auto make = [&](std::size_t effect) { return message_of(batch, effect); };
  const auto send = [this](const auto& requests) { return topic_->publish(requests); };
  return aws::send_effects(batch.effects.size(), place(), make, send);
}

Result<aws::OutgoingMessage> SnsSink::message_of(const SinkBatch& batch, std::size_t index) const {
  const Effect& effect = batch.effects[index];
  auto ids = rules_.ids(batch, effect);
  if (!ids) return std::unexpected(ids.error());
  std::string subject;
  if (subject_) {
    auto text = subject_->text(batch.events[effect.event], effect);
    if (!text) return fail(text.error().fault, "subject: " + text.error().message);
    subject = std::move(*text);
  }
  return published_message(batch, index, std::move(*ids), subject);
}

Task<> SnsSink::close() {
  topic_->interrupt();
  co_return;
}

}  // namespace tidemill::sns
