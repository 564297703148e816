// The sqs connector: messages of a queue of Amazon SQS as events, and effects as messages.
//
// What a user may write. See README.md for what the words promise.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>

#include "aws/fifo.h"
#include "queue_address.h"
#include "tidemill/registry.h"

namespace tidemill::sqs {

enum class Decode { json, text };

/// What a message is taken out of.
enum class Unwrap {
  none,
  sns,  ///< The envelope of a topic of SNS, where there is one.
};

struct SourceConfig {
  QueueOptions queue;
  Decode decode = Decode::json;
  Unwrap unwrap = Unwrap::none;
  std::string key;  ///< A path in JSON; empty: the group.
  std::chrono::microseconds visibility = std::chrono::minutes(1);
  std::chrono::microseconds wait = std::chrono::seconds(20);
  std::uint32_t receivers = 4;
};

struct SinkConfig {
  QueueOptions queue;
  aws::FifoOptions fifo;
  std::chrono::microseconds delay{0};
};

ConfigSpec<SourceConfig> source_spec();
ConfigSpec<SinkConfig> sink_spec();

void register_with(Registry& registry);

}  // namespace tidemill::sqs
