// Whatever SQS or SNS answers is messages, the outcome of a batch, or none of it: no crash; and
// what is read so can be told apart and deleted, or is one answer for each entry.

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "aws/refusal.h"
#include "sns/sns_answer.h"
#include "sqs/message_event.h"
#include "sqs/sqs_answer.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace tidemill;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto source = std::make_shared<const std::string>("sqs:fuzz/queue");
  const sqs::Reading reading{sqs::Decode::json, sqs::Unwrap::sns, records::KeyField(".user.id")};
  if (auto messages = sqs::parse_messages(text)) {
    for (sqs::Message& message : *messages) {
      if (message.id.empty() || message.receipt.empty()) std::abort();
      const Event event = event_of(std::move(message), source, reading, WallTime(1));
      if (event.id.empty() || event.content_type.empty()) std::abort();
      for (const Attribute& one : event.extensions)
        if (one.name == "tidemill-refused" || one.name == "tidemill-oversized") std::abort();
    }
  }
  constexpr std::size_t entries = 10;
  if (const auto answers = sqs::parse_batch(text, entries); answers && answers->size() != entries)
    std::abort();
  if (const auto answers = sns::parse_publish_batch(text, entries);
      answers && answers->size() != entries)
    std::abort();
  if (sqs::parse_queue_url(text).size() > size) std::abort();
  sqs::parse_counts(text);
  if (const auto refusal = aws::parse_refusal(text);
      refusal.message.size() > 1010 || refusal.code.size() > 1010)
    std::abort();
  // As a body it may be an envelope.
  sqs::Message message{"id", "receipt", std::string(text), {}, {}};
  if (event_of(std::move(message), source, reading, WallTime(1)).id.empty()) std::abort();
  return 0;
}
