// SqsSink: effects as messages of a queue.
//
// A write is as many requests of ten messages as it needs, side by side, on the pool. What SQS says
// of each message is its result. Of a FIFO queue, a group's messages go one request after the
// other, and what stands behind one that failed waits for it.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "aws/fifo.h"
#include "sqs.h"
#include "sqs_queue.h"
#include "tidemill/async.h"
#include "tidemill/sink.h"

namespace tidemill::sqs {

class SqsSink final : public Sink {
 public:
  SqsSink(SinkConfig config, aws::FifoRules rules, std::unique_ptr<SqsQueue> queue,
          Services services);

  static constexpr Idempotence idempotence = Idempotence::at_least_once;

  SinkTraits traits() const override;
  std::string place() const override { return queue_->address().place(); }
  Task<Result<std::string>> reach() override;
  Task<Result<>> open() override;
  Task<std::vector<Result<>>> write(SinkBatch batch) override;
  Task<> close() override;

 private:
  std::vector<Result<>> write_messages(const SinkBatch& batch);

  const SinkConfig config_;
  const aws::FifoRules rules_;
  const std::unique_ptr<SqsQueue> queue_;
  const Services services_;
};

}  // namespace tidemill::sqs
