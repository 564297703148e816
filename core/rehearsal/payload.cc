#include "core/rehearsal/payload.h"

#include <boost/json.hpp>
#include <optional>

namespace tidemill::rehearsal {
namespace {

namespace json = boost::json;

std::optional<json::value> parsed(std::string_view text) {
  json::error_code error;
  json::value value = json::parse(text, error);
  if (error) return std::nullopt;
  return value;
}

// A number, true, false or null; other JSON cannot be a plain scalar.
json::value plain(const std::string& text) {
  const bool may_be = !text.empty() && text.front() != '"' && text.front() != '{' &&
                      text.front() != '[' && text.front() != ' ';
  if (auto value = may_be ? parsed(text) : std::nullopt) return std::move(*value);
  return json::string(text);
}

// As a string of JSON it is refused if it is not UTF-8.
bool is_text(std::string_view bytes) {
  std::string quoted = "\"";
  for (const char c : bytes) {
    const bool as_it_is = static_cast<unsigned char>(c) >= 0x80;
    if (c == '\0') return false;
    quoted += as_it_is ? c : '.';
  }
  return parsed(quoted + '"').has_value();
}

}  // namespace

json::value json_of(const config::Node& node) {
  switch (node.kind) {
    case config::NodeKind::null:
      return nullptr;
    case config::NodeKind::scalar:
      if (node.quoted) return json::string(node.text);
      return plain(node.text);
    case config::NodeKind::sequence: {
      json::array array;
      for (const auto& child : node.children) array.push_back(json_of(child));
      return array;
    }
    case config::NodeKind::mapping:
      break;
  }
  json::object object;
  for (const auto& child : node.children) object[child.key] = json_of(child);
  return object;
}

std::string bytes_of(const config::Node& node) {
  if (node.is_null()) return {};
  if (node.is_scalar()) return node.text;
  return json::serialize(json_of(node));
}

json::value shown_payload(std::string_view bytes) {
  if (auto value = parsed(bytes)) return std::move(*value);
  if (is_text(bytes)) return json::string(bytes);
  return json::object{{"bytes", bytes.size()}};
}

}  // namespace tidemill::rehearsal
