// An effect as an entry of SendMessageBatch: JSON, without its brackets and its Id. Pure.
#pragma once

#include <chrono>
#include <cstddef>

#include "aws/fifo.h"
#include "aws/message_requests.h"
#include "tidemill/sink.h"

namespace tidemill::sqs {

/// Errors: bad_event.
Result<aws::OutgoingMessage> outgoing_message(const SinkBatch& batch, std::size_t effect,
                                              aws::FifoIds ids, std::chrono::seconds delay);

}  // namespace tidemill::sqs
