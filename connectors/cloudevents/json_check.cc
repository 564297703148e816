#include "json_check.h"

#include <algorithm>

namespace tidemill::cloudevents {
namespace {

namespace ondemand = simdjson::ondemand;
using simdjson::ondemand::json_type;

std::size_t digits_at(std::string_view text) {
  return std::min(text.find_first_not_of("0123456789"), text.size());
}

// -12.5e+3, with no zero before other digits.
bool is_number(std::string_view text) {
  if (text.starts_with('-')) text.remove_prefix(1);
  const std::size_t whole = digits_at(text);
  if (whole == 0 || (whole > 1 && text.front() == '0')) return false;
  text.remove_prefix(whole);
  if (text.starts_with('.')) {
    text.remove_prefix(1);
    const std::size_t fraction = digits_at(text);
    if (fraction == 0) return false;
    text.remove_prefix(fraction);
  }
  if (text.starts_with('e') || text.starts_with('E')) {
    text.remove_prefix(1);
    if (text.starts_with('+') || text.starts_with('-')) text.remove_prefix(1);
    const std::size_t exponent = digits_at(text);
    if (exponent == 0) return false;
    text.remove_prefix(exponent);
  }
  return text.empty();
}

JsonVerdict check_list(ondemand::value value, std::size_t depth_max) {
  ondemand::array list;
  if (value.get_array().get(list) != simdjson::SUCCESS) return JsonVerdict::broken;
  for (auto read : list) {
    ondemand::value element;
    if (std::move(read).get(element) != simdjson::SUCCESS) return JsonVerdict::broken;
    const JsonVerdict verdict = check_json(element, depth_max);
    if (verdict != JsonVerdict::fine) return verdict;
  }
  return JsonVerdict::fine;
}

JsonVerdict check_object(ondemand::value value, std::size_t depth_max) {
  ondemand::object object;
  if (value.get_object().get(object) != simdjson::SUCCESS) return JsonVerdict::broken;
  for (auto read : object) {
    ondemand::field field;
    std::string_view name;
    if (std::move(read).get(field) != simdjson::SUCCESS ||
        field.unescaped_key().get(name) != simdjson::SUCCESS)
      return JsonVerdict::broken;
    const JsonVerdict verdict = check_json(field.value(), depth_max);
    if (verdict != JsonVerdict::fine) return verdict;
  }
  return JsonVerdict::fine;
}

}  // namespace

std::string_view scalar_text(ondemand::value& value) {
  std::string_view token = value.raw_json_token();
  // It reaches up to the next token.
  token = token.substr(0, token.find_last_not_of(" \t\r\n") + 1);
  return token;
}

JsonVerdict check_json(ondemand::value value, std::size_t depth_max) {
  json_type type{};
  if (value.type().get(type) != simdjson::SUCCESS) return JsonVerdict::broken;
  switch (type) {
    case json_type::array:
      return depth_max == 0 ? JsonVerdict::too_deep : check_list(value, depth_max - 1);
    case json_type::object:
      return depth_max == 0 ? JsonVerdict::too_deep : check_object(value, depth_max - 1);
    case json_type::string: {
      std::string_view text;
      return value.get_string().get(text) == simdjson::SUCCESS ? JsonVerdict::fine
                                                               : JsonVerdict::broken;
    }
    default:
      break;
  }
  const std::string_view text = scalar_text(value);
  const bool fine = type == json_type::boolean ? text == "true" || text == "false"
                    : type == json_type::null  ? text == "null"
                                               : is_number(text);
  return fine ? JsonVerdict::fine : JsonVerdict::broken;
}

}  // namespace tidemill::cloudevents
