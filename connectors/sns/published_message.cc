#include "published_message.h"

#include <algorithm>
#include <utility>

#include "aws/outgoing.h"
#include "aws/uri.h"

namespace tidemill::sns {
namespace {

// As e-mails take it.
bool is_subject(std::string_view text) {
  return text.size() <= 100 && text.front() > ' ' &&
         std::ranges::all_of(text, [](char c) { return c >= ' ' && c <= '~'; });
}

}  // namespace

Result<aws::OutgoingMessage> published_message(const SinkBatch& batch, std::size_t index,
                                               aws::FifoIds ids, const std::string& subject) {
  const Effect& effect = batch.effects[index];
  if (auto text = aws::check_message_text(effect.data); !text)
    return std::unexpected(std::move(text.error()));
  const auto attributes = aws::message_attributes(batch, effect);
  if (!attributes) return std::unexpected(attributes.error());
  aws::OutgoingMessage message{.entry = "Message=" + aws::uri_encode(effect.data),
                               .group = std::move(ids.group),
                               .bytes = effect.data.size(),
                               .effect = index};
  if (!subject.empty()) {
    if (!is_subject(subject))
      return fail(Fault::bad_event,
                  "subject: it has at most 100 characters of ASCII and no line breaks, got: " +
                      subject.substr(0, 200));
    message.entry += "&Subject=" + aws::uri_encode(subject);
  }
  std::size_t number = 0;
  for (const auto& [name, value] : *attributes) {
    const std::string entry = "&MessageAttributes.entry." + std::to_string(++number) + '.';
    message.entry += entry + "Name=" + aws::uri_encode(name);
    message.entry += entry + "Value.DataType=String";
    message.entry += entry + "Value.StringValue=" + aws::uri_encode(value);
    message.bytes += name.size() + value.size() + std::string_view("String").size();
  }
  if (message.group.empty()) return message;
  message.entry += "&MessageGroupId=" + aws::uri_encode(message.group);
  message.entry += "&MessageDeduplicationId=" + aws::uri_encode(ids.deduplication);
  return message;
}

}  // namespace tidemill::sns
