#include "key_field.h"

#include <simdjson.h>

namespace tidemill::records {
namespace {

using simdjson::ondemand::json_type;

bool is_key(simdjson::ondemand::value value, json_type type) {
  if (type == json_type::string) return value.get_string().error() == simdjson::SUCCESS;
  if (type == json_type::number) return value.get_double().error() == simdjson::SUCCESS;
  return type == json_type::boolean && value.get_bool().error() == simdjson::SUCCESS;
}

}  // namespace

KeyField::KeyField(std::string_view path) {
  while (!path.empty()) {
    path.remove_prefix(1);
    fields_.emplace_back(path.substr(0, path.find('.')));
    path.remove_prefix(fields_.back().size());
  }
}

bool KeyField::is_path(std::string_view path) {
  return path.starts_with('.') && !path.ends_with('.') && !path.contains("..");
}

std::string_view KeyField::in(std::string_view line) const {
  if (fields_.empty()) return {};
  // The parser wants room behind the text.
  thread_local simdjson::ondemand::parser parser;
  thread_local std::string scratch;
  scratch.assign(line);
  scratch.reserve(line.size() + simdjson::SIMDJSON_PADDING);
  simdjson::ondemand::document document;
  simdjson::ondemand::value value;
  if (parser.iterate(scratch.data(), line.size(), scratch.capacity()).get(document) !=
          simdjson::SUCCESS ||
      document.get_value().get(value) != simdjson::SUCCESS)
    return {};
  for (const std::string& field : fields_)
    if (value.find_field_unordered(field).get(value) != simdjson::SUCCESS) return {};

  json_type type{};
  if (value.type().get(type) != simdjson::SUCCESS) return {};
  const std::string_view token = value.raw_json_token();
  if (!is_key(value, type)) return {};
  const auto begin = static_cast<std::size_t>(token.data() - scratch.data());
  std::string_view key = line.substr(begin, token.find_last_not_of(" \t\r\n") + 1);
  if (type == json_type::string) key = key.substr(1, key.size() - 2);
  return key;
}

}  // namespace tidemill::records
