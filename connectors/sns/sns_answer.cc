#include "sns_answer.h"

#include <charconv>
#include <pugixml.hpp>

namespace tidemill::sns {
namespace {

// Nothing of what names no entry of ours.
std::optional<std::size_t> number_of(const pugi::xml_node& member, std::size_t entries) {
  const std::string_view text = member.child_value("Id");
  std::size_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  const bool whole = error == std::errc() && end == text.data() + text.size() && !text.empty();
  return whole && number < entries ? std::optional(number) : std::nullopt;
}

}  // namespace

std::optional<std::vector<EntryAnswer>> parse_publish_batch(std::string_view xml,
                                                            std::size_t entries) {
  pugi::xml_document document;
  if (!document.load_buffer(xml.data(), xml.size(), pugi::parse_default, pugi::encoding_utf8))
    return std::nullopt;
  const auto result = document.child("PublishBatchResponse").child("PublishBatchResult");
  if (!result) return std::nullopt;
  std::vector<EntryAnswer> answers(entries);
  for (const auto& member : result.child("Successful").children("member"))
    if (const auto number = number_of(member, entries))
      answers[*number].answered = answers[*number].done = true;
  for (const auto& member : result.child("Failed").children("member")) {
    const auto number = number_of(member, entries);
    if (!number) continue;
    answers[*number] = {
        .answered = true,
        .done = false,
        .senders_fault = std::string_view(member.child_value("SenderFault")) == "true",
        .code = std::string(std::string_view(member.child_value("Code")).substr(0, 200)),
        .message = std::string(std::string_view(member.child_value("Message")).substr(0, 1000))};
  }
  return answers;
}

}  // namespace tidemill::sns
