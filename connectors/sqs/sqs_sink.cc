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
  std::vector<Result<>> results(batch.effects.size());
  std::vector<aws::OutgoingMessage> messages;
  messages.reserve(batch.effects.size());
  for (std::size_t i = 0; i < batch.effects.size(); ++i) {
    auto ids = rules_.ids(batch, batch.effects[i]);
    auto message = ids ? outgoing_message(batch, i, std::move(*ids), delay)
                       : Result<aws::OutgoingMessage>(std::unexpected(ids.error()));
    if (message) {
      messages.push_back(std::move(*message));
    } else {
      results[i] = std::unexpected(message.error());
    }
  }
  const auto send = [this](const std::vector<aws::MessageRequest>& requests) {
    return queue_->send(requests);
  };
  aws::send_messages(messages, send, results);
  bool all_done = true;
  for (Result<>& result : results) {
    if (result) continue;
    all_done = false;
    result.error().message = place() + ": " + result.error().message;
  }
  if (all_done) results.clear();
  return results;
}

Task<> SqsSink::close() {
  queue_->interrupt();
  co_return;
}

}  // namespace tidemill::sqs
