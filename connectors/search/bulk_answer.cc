#include "bulk_answer.h"

#include <simdjson.h>

#include <utility>

namespace tidemill::search {
namespace {

using simdjson::dom::element;

constexpr std::size_t reason_bytes_max = 1000;

// One parser per thread: it keeps its buffers.
bool parse(std::string_view body, element& root) {
  thread_local simdjson::dom::parser parser;
  return parser.parse(body.data(), body.size()).get(root) == simdjson::SUCCESS;
}

std::string_view text_at(element parent, const char* name) {
  std::string_view text;
  if (parent[name].get(text) != simdjson::SUCCESS) return {};
  return text;
}

// "TYPE: REASON (CAUSE)", as far as there is any of it, and not without end.
std::string words_of(element error) {
  std::string words;
  if (std::string_view plain; error.get(plain) == simdjson::SUCCESS) {
    words = plain;
  } else {
    words = text_at(error, "type");
    const std::string_view reason = text_at(error, "reason");
    if (!words.empty() && !reason.empty()) words += ": ";
    words += reason;
    element cause;
    if (error["caused_by"].get(cause) == simdjson::SUCCESS)
      if (const std::string_view why = text_at(cause, "reason"); !why.empty() && why != reason)
        words.append(" (").append(why).append(")");
  }
  if (words.size() <= reason_bytes_max) return words;
  std::size_t end = reason_bytes_max;
  while (end > 0 && (static_cast<unsigned char>(words[end]) & 0xC0) == 0x80) --end;
  words.resize(end);
  return words += "...";
}

std::optional<ItemAnswer> item_of(element entry) {
  simdjson::dom::object verbs;
  if (entry.get(verbs) != simdjson::SUCCESS || verbs.size() != 1) return std::nullopt;
  const element item = (*verbs.begin()).value;
  std::uint64_t status = 0;
  if (item["status"].get(status) != simdjson::SUCCESS || status < 100 || status > 599)
    return std::nullopt;
  ItemAnswer answer{.status = static_cast<unsigned>(status), .type = {}, .reason = {}};
  element error;
  if (item["error"].get(error) == simdjson::SUCCESS) {
    answer.type = text_at(error, "type");
    answer.reason = words_of(error);
  }
  return answer;
}

}  // namespace

std::optional<std::vector<ItemAnswer>> parse_bulk_answer(std::string_view body) {
  element root;
  simdjson::dom::array items;
  if (!parse(body, root) || root["items"].get(items) != simdjson::SUCCESS) return std::nullopt;
  std::vector<ItemAnswer> answers;
  answers.reserve(items.size());
  for (const element entry : items) {
    auto answer = item_of(entry);
    if (!answer) return std::nullopt;
    answers.push_back(std::move(*answer));
  }
  return answers;
}

std::string parse_refusal(std::string_view body) {
  element root;
  element error;
  if (!parse(body, root) || root["error"].get(error) != simdjson::SUCCESS) return {};
  return words_of(error);
}

}  // namespace tidemill::search
