// An effect as an entry of PublishBatch: parameters of a form, without the entry's name. Pure.
#pragma once

#include <cstddef>
#include <string>

#include "aws/fifo.h"
#include "aws/message_requests.h"
#include "tidemill/sink.h"

namespace tidemill::sns {

/// Without a subject where that is empty. Errors: bad_event.
Result<aws::OutgoingMessage> published_message(const SinkBatch& batch, std::size_t effect,
                                               aws::FifoIds ids, const std::string& subject);

}  // namespace tidemill::sns
