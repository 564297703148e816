// An event of a message of SQS. Pure.
//
// Its id is the message's, its time is when it was sent, its key the group of a FIFO queue.
// Extensions are the attributes, SQS's own (ApproximateReceiveCount, SentTimestamp, ...) first. Of
// an envelope of SNS, which Unwrap::sns opens, they are those of what was published: id, time,
// subject, data and attributes.
#pragma once

#include <memory>
#include <string>

#include "records/key_field.h"
#include "sqs.h"
#include "sqs_answer.h"
#include "tidemill/event.h"

namespace tidemill::sqs {

/// How a message is read.
struct Reading {
  Decode decode = Decode::json;
  Unwrap unwrap = Unwrap::none;
  records::KeyField key{""};
};

/// All text of the event lives beside its payload. Partition and offset are the caller's to set.
Event event_of(Message message, std::shared_ptr<const std::string> source, const Reading& reading,
               WallTime now);

}  // namespace tidemill::sqs
