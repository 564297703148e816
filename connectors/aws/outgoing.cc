#include "outgoing.h"

#include <simdjson.h>

#include <algorithm>

namespace tidemill::aws {
namespace {

constexpr std::string_view id_attribute = "tidemill-id";

// Of valid UTF-8: no control characters but the three of XML, no U+FFFE and U+FFFF.
bool is_xml_text(std::string_view text) {
  if (!simdjson::validate_utf8(text.data(), text.size())) return false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto byte = static_cast<unsigned char>(text[i]);
    if (byte < 0x20 && byte != '\t' && byte != '\n' && byte != '\r') return false;
    const std::string_view from = text.substr(i, 3);
    if (byte == 0xEF && (from == "\xEF\xBF\xBE" || from == "\xEF\xBF\xBF")) return false;
  }
  return true;
}

bool is_attribute_name(std::string_view name) {
  const auto allowed = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
           c == '-' || c == '.';
  };
  return !name.empty() && name.size() <= 256 && std::ranges::all_of(name, allowed) &&
         name.front() != '.' && name.back() != '.' && name.find("..") == name.npos &&
         !name.starts_with("AWS.") && !name.starts_with("Amazon.");
}

}  // namespace

Result<> check_message_text(std::string_view text) {
  if (text.empty()) return fail(Fault::bad_event, "a message cannot be empty");
  if (is_xml_text(text)) return {};
  return fail(Fault::bad_event,
              "a message has to be text, UTF-8 without control characters; send bytes as base64");
}

Result<std::vector<NamedText>> message_attributes(const SinkBatch& batch, const Effect& effect) {
  std::vector<NamedText> attributes;
  attributes.emplace_back(id_attribute, effect_id(batch, effect));
  if (!effect.content_type.empty()) attributes.emplace_back("content-type", effect.content_type);
  for (const Attribute& one : effect.metadata) {
    if (one.value.empty() || one.name == id_attribute) continue;
    if (!is_attribute_name(one.name))
      return fail(Fault::bad_event, "a message cannot have an attribute of this name: " +
                                        std::string(one.name.substr(0, 200)));
    if (!is_xml_text(one.value))
      return fail(Fault::bad_event, "the attribute " + std::string(one.name) +
                                        " has to be text, UTF-8 without control characters");
    const auto same = std::ranges::find(attributes, one.name, &NamedText::first);
    if (same == attributes.end()) attributes.emplace_back(one.name, one.value);
  }
  return attributes;
}

}  // namespace tidemill::aws
