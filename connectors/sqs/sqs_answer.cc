#include "sqs_answer.h"

#include <simdjson.h>

#include <charconv>

namespace tidemill::sqs {
namespace {

using simdjson::SUCCESS;
using simdjson::dom::array;
using simdjson::dom::element;
using simdjson::dom::object;

// Its parser has what is read out of it.
struct Document {
  explicit Document(std::string_view json) {
    whole = parser.parse(json.data(), json.size()).get(root) == SUCCESS && root.is_object();
  }
  simdjson::dom::parser parser;
  element root;
  bool whole = false;
};

std::string_view text_at(element parent, const char* name) {
  std::string_view text;
  if (parent[name].get(text) != SUCCESS) return {};
  return text;
}

std::optional<std::uint64_t> number_of(std::string_view text) {
  std::uint64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  const bool whole = error == std::errc() && end == text.data() + text.size() && !text.empty();
  return whole ? std::optional(value) : std::nullopt;
}

Message message_of(element entry) {
  Message message{std::string(text_at(entry, "MessageId")),
                  std::string(text_at(entry, "ReceiptHandle")),
                  std::string(text_at(entry, "Body")),
                  {},
                  {}};
  object system;
  if (entry["Attributes"].get(system) == SUCCESS)
    for (const auto& [name, value] : system)
      if (std::string_view text; value.get(text) == SUCCESS)
        message.system.emplace_back(name, text);
  object attributes;
  if (entry["MessageAttributes"].get(attributes) != SUCCESS) return message;
  for (const auto& [name, value] : attributes) {
    const std::string_view type = text_at(value, "DataType");
    const bool binary = type.substr(0, type.find('.')) == "Binary";
    message.attributes.emplace_back(name, text_at(value, binary ? "BinaryValue" : "StringValue"));
  }
  return message;
}

// Of "Successful" or "Failed"; what names no entry of ours is not looked at.
template <class Take>
void each_entry(element root, const char* list, std::size_t entries, Take take) {
  array found;
  if (root[list].get(found) != SUCCESS) return;
  for (const element one : found) {
    const auto number = number_of(text_at(one, "Id"));
    if (number && *number < entries) take(static_cast<std::size_t>(*number), one);
  }
}

}  // namespace

std::size_t Message::bytes() const {
  std::size_t all = id.size() + receipt.size() + body.size();
  for (const auto* list : {&system, &attributes})
    for (const auto& [name, value] : *list) all += name.size() + value.size();
  return all;
}

std::optional<std::vector<Message>> parse_messages(std::string_view json) {
  const Document document(json);
  if (!document.whole) return std::nullopt;
  std::vector<Message> messages;
  element list;
  if (document.root["Messages"].get(list) != SUCCESS || list.is_null()) return messages;
  array entries;
  if (list.get(entries) != SUCCESS) return std::nullopt;
  for (const element entry : entries) {
    Message message = message_of(entry);
    // Without these it could never be told apart, or deleted.
    if (message.id.empty() || message.receipt.empty()) return std::nullopt;
    messages.push_back(std::move(message));
  }
  return messages;
}

std::optional<std::vector<EntryAnswer>> parse_batch(std::string_view json, std::size_t entries) {
  const Document document(json);
  if (!document.whole) return std::nullopt;
  std::vector<EntryAnswer> answers(entries);
  each_entry(document.root, "Successful", entries, [&answers](std::size_t number, element) {
    answers[number].answered = answers[number].done = true;
  });
  each_entry(document.root, "Failed", entries, [&answers](std::size_t number, element failed) {
    bool senders = false;
    if (failed["SenderFault"].get(senders) != SUCCESS) senders = false;
    answers[number] = {.answered = true,
                       .done = false,
                       .senders_fault = senders,
                       .code = std::string(text_at(failed, "Code").substr(0, 200)),
                       .message = std::string(text_at(failed, "Message").substr(0, 1000))};
  });
  return answers;
}

std::string parse_queue_url(std::string_view json) {
  const Document document(json);
  return document.whole ? std::string(text_at(document.root, "QueueUrl")) : std::string();
}

std::optional<QueueCounts> parse_counts(std::string_view json) {
  const Document document(json);
  element attributes;
  if (!document.whole || document.root["Attributes"].get(attributes) != SUCCESS ||
      !attributes.is_object())
    return std::nullopt;
  const auto visible = number_of(text_at(attributes, "ApproximateNumberOfMessages"));
  const auto in_flight = number_of(text_at(attributes, "ApproximateNumberOfMessagesNotVisible"));
  const auto delayed = number_of(text_at(attributes, "ApproximateNumberOfMessagesDelayed"));
  if (!visible || !in_flight || !delayed) return std::nullopt;
  return QueueCounts{*visible, *in_flight, *delayed};
}

}  // namespace tidemill::sqs
