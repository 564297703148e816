#include "sqs_sink.h"

#include <algorithm>
#include <utility>

#include "aws/message_requests.h"
#include "outgoing_message.h"

namespace tidemill::sqs {

SqsSink::SqsSink(SinkConfig config, aws::FifoRules rules, std::unique_ptr<SqsQueue> queue,
                 Services services)
    : config_(std::move(config)),
      rules_(std::move(rules)),
      queue_(std::move(queue)),
      services_(std::move(services)) {}

SinkTraits SqsSink::traits() const {
  return {.idempotence = idempotence,
          .takes_messages = true,
          .takes_objects = false,
          .concurrent_writes = !rules_.fifo()};
}

Task<Result<std::string>> SqsSink::reach() {
  auto look = [this] { return queue_->reach(); };
  auto reached = co_await run_blocking(services_.scheduler, std::move(look));
  co_return reached;
}

Task<Result<>> SqsSink::open() {
  auto look = [this] { return queue_->find(); };
  auto found = co_await run_blocking(services_.scheduler, std::move(look));
  co_return found;
}

Task<std::vector<Result<>>> SqsSink::write(SinkBatch batch) {
  auto work = [this, batch] { return write_messages(batch); };
  auto results = co_await run_blocking(services_.scheduler, std::move(work));
  co_return results;
}

// Runs on the pool, several at a time where the queue has no order.
std::vector<Result<>> SqsSink::write_messages(const SinkBatch& batch) {
  const auto delay = std::chrono::ceil<std::chrono::seconds>(config_.delay);
  const auto make = [&](std::size_t effect) -> Result<aws::OutgoingMessage> {
    auto ids = rules_.ids(batch, batch.effects[effect]);
    if (!ids) return std::unexpected(ids.error());
    return outgoing_message(batch, effect, std::move(*ids), delay);
  };
  const auto send = [this](const auto& requests) { return queue_->send(requests); };
  return aws::send_effects(batch.effects.size(), place(), make, send);
}

Task<> SqsSink::close() {
  queue_->interrupt();
  co_return;
}

}  // namespace tidemill::sqs
