// SnsSink: effects as messages of a topic.
//
// A write is as many requests of ten messages as it needs, side by side, on the pool. What SNS says
// of each message is its result. Of a FIFO topic, a group's messages go one request after the
// other.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "aws/fifo.h"
#include "sns_topic.h"
#include "tidemill/async.h"
#include "tidemill/sink.h"

namespace tidemill::sns {

class SnsSink final : public Sink {
 public:
  /// `subject` is null where messages have none.
  SnsSink(std::shared_ptr<const EventExpression> subject, aws::FifoRules rules,
          std::unique_ptr<SnsTopic> topic, Services services);

  static constexpr Idempotence idempotence = Idempotence::at_least_once;

  SinkTraits traits() const override;
  std::string place() const override { return topic_->place(); }
  Task<Result<std::string>> reach() override;
  Task<Result<>> open() override;
  Task<std::vector<Result<>>> write(SinkBatch batch) override;
  Task<> close() override;

 private:
  std::vector<Result<>> publish(const SinkBatch& batch);
  Result<aws::OutgoingMessage> message_of(const SinkBatch& batch, std::size_t effect) const;

  const std::shared_ptr<const EventExpression> subject_;
  const aws::FifoRules rules_;
  const std::unique_ptr<SnsTopic> topic_;
  const Services services_;
};

}  // namespace tidemill::sns
