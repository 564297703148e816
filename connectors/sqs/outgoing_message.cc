#include "outgoing_message.h"

#include <utility>

#include "aws/outgoing.h"
#include "json_text/json_text.h"

namespace tidemill::sqs {
namespace {

constexpr std::size_t attributes_max = 10;

void append_member(std::string& out, std::string_view name, std::string_view text) {
  append_json_string(out, name);
  out += ':';
  append_json_string(out, text);
}

}  // namespace

Result<aws::OutgoingMessage> outgoing_message(const SinkBatch& batch, std::size_t index,
                                              aws::FifoIds ids, std::chrono::seconds delay) {
  const Effect& effect = batch.effects[index];
  if (auto text = aws::check_message_text(effect.data); !text)
    return std::unexpected(std::move(text.error()));
  const auto attributes = aws::message_attributes(batch, effect);
  if (!attributes) return std::unexpected(attributes.error());
  if (attributes->size() > attributes_max)
    return fail(Fault::bad_event, "a message of SQS has at most 10 attributes, and this one " +
                                      std::to_string(attributes->size()));
  aws::OutgoingMessage message{
      .entry = {}, .group = std::move(ids.group), .bytes = effect.data.size(), .effect = index};
  append_member(message.entry, "MessageBody", effect.data);
  std::string_view separator = ",\"MessageAttributes\":{";
  for (const auto& [name, value] : *attributes) {
    message.entry += std::exchange(separator, ",");
    append_json_string(message.entry, name);
    message.entry += R"(:{"DataType":"String",)";
    append_member(message.entry, "StringValue", value);
    message.entry += '}';
    message.bytes += name.size() + value.size() + std::string_view("String").size();
  }
  message.entry += '}';
  if (delay.count() > 0) message.entry += ",\"DelaySeconds\":" + std::to_string(delay.count());
  if (message.group.empty()) return message;
  message.entry += ',';
  append_member(message.entry, "MessageGroupId", message.group);
  message.entry += ',';
  append_member(message.entry, "MessageDeduplicationId", ids.deduplication);
  return message;
}

}  // namespace tidemill::sqs
