#include "core/dispatch/key_path.h"

#include <simdjson.h>

#include <algorithm>
#include <array>
#include <utility>

namespace tidemill {
namespace {

constexpr std::string_view expected =
    "expected a path such as .id or .user.id, or an attribute such as $event.subject";

// Far below the depth at which the JSON parser gives up (1024).
constexpr std::size_t fields_max = 256;

constexpr std::array attributes = {"id", "source", "type", "subject", "key", "time"};

std::string attribute(const Event& event, std::string_view name) {
  if (name == "id") return event.id.empty() ? event_id(event) : std::string(event.id);
  if (name == "source") return std::string(event.source);
  if (name == "type") return std::string(event.type);
  if (name == "subject") return std::string(event.subject);
  if (name == "key") return std::string(event.key);
  return std::to_string(event.time.value);
}

Result<std::string> scalar(simdjson::ondemand::value value, std::string_view path) {
  simdjson::ondemand::json_type type;
  if (value.type().get(type) != simdjson::SUCCESS)
    return fail(Fault::bad_event, "the data is not valid JSON");
  if (type == simdjson::ondemand::json_type::string) {
    std::string_view text;
    if (value.get_string().get(text) == simdjson::SUCCESS) return std::string(text);
  } else if (type == simdjson::ondemand::json_type::number) {
    // The text as written, once it is known to be a number and not something that begins like one.
    const std::string_view raw = value.raw_json_token();
    double number = 0;
    if (value.get_double().get(number) == simdjson::SUCCESS)
      return std::string(raw.substr(0, raw.find_last_not_of(" \t\r\n") + 1));
  } else if (type == simdjson::ondemand::json_type::boolean) {
    bool truth = false;
    if (value.get_bool().get(truth) == simdjson::SUCCESS) return truth ? "true" : "false";
  }
  return fail(Fault::bad_event, "the value at " + std::string(path) + " cannot be a key");
}

}  // namespace

Result<KeyPath> KeyPath::parse(std::string_view text) {
  constexpr std::string_view prefix = "$event.";
  KeyPath path;
  path.text_ = text;
  if (text.starts_with(prefix)) {
    path.root_ = Root::attribute;
    path.fields_ = {std::string(text.substr(prefix.size()))};
    if (std::ranges::find(attributes, path.fields_[0]) == attributes.end())
      return fail(Fault::bad_config, std::string(expected));
    return path;
  }
  if (!text.starts_with('.')) return fail(Fault::bad_config, std::string(expected));
  path.root_ = Root::data;
  while (!text.empty()) {
    text.remove_prefix(1);
    const std::string_view field = text.substr(0, text.find('.'));
    if (field.empty()) return fail(Fault::bad_config, std::string(expected));
    if (path.fields_.size() == fields_max)
      return fail(Fault::bad_config,
                  "a path may name " + std::to_string(fields_max) + " fields at most");
    path.fields_.emplace_back(field);
    text.remove_prefix(field.size());
  }
  return path;
}

Result<std::string> KeyPath::of(const Event& event, std::string_view data) const {
  if (root_ == Root::own_key)
    return event.key.empty() ? attribute(event, "id") : std::string(event.key);
  if (root_ == Root::attribute) return attribute(event, fields_[0]);

  // The parser wants room behind the text; copying a small event there costs next to nothing.
  thread_local simdjson::ondemand::parser parser;
  thread_local std::string scratch;
  scratch.assign(data);
  scratch.reserve(data.size() + simdjson::SIMDJSON_PADDING);
  simdjson::ondemand::document document;
  if (parser.iterate(scratch.data(), data.size(), scratch.capacity()).get(document) !=
      simdjson::SUCCESS)
    return fail(Fault::bad_event, "the data is not valid JSON");
  simdjson::ondemand::value value;
  auto error = document.get_value().get(value);
  for (const std::string& field : fields_) {
    if (error != simdjson::SUCCESS) break;
    error = value.find_field_unordered(field).get(value);
  }
  if (error == simdjson::SUCCESS) return scalar(value, text_);
  if (error == simdjson::NO_SUCH_FIELD || error == simdjson::INCORRECT_TYPE ||
      error == simdjson::SCALAR_DOCUMENT_AS_VALUE)
    return fail(Fault::bad_event, "the data has nothing at " + text_);
  return fail(Fault::bad_event, "the data is not valid JSON");
}

}  // namespace tidemill
