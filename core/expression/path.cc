#include "core/expression/path.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <ranges>
#include <utility>

#include "core/base/json_line.h"
#include "core/expression/json_text.h"
#include "core/expression/path_walk.h"

namespace tidemill::expression {
namespace {

using simdjson::ondemand::json_type;

constexpr std::size_t steps_max = json_depth_max;
constexpr std::array attributes = {"id", "source", "type", "subject", "key", "time"};

bool begins_name(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_'; }
bool continues_name(char c) { return begins_name(c) || (c >= '0' && c <= '9'); }

/// Takes what fulfils `is` from the front of `text`.
std::string_view take_while(std::string_view& text, bool (*is)(char)) {
  const auto end = std::ranges::find_if_not(text, is);
  const std::string_view taken(text.begin(), end);
  text.remove_prefix(taken.size());
  return taken;
}

bool take(std::string_view& text, std::string_view prefix) {
  if (!text.starts_with(prefix)) return false;
  text.remove_prefix(prefix.size());
  return true;
}

// What stands in quotes without any escape. Names are compared with the JSON text as it is written,
// so only those qualify that are written in one way alone: writers like to escape what is not
// ASCII, and some the slash. jq knows better with the others.
std::optional<std::string_view> take_quoted(std::string_view& text) {
  std::string_view rest = text;
  if (!take(rest, "\"")) return std::nullopt;
  const std::string_view name = take_while(
      rest, [](char c) { return c >= 0x20 && c < 0x7f && c != '"' && c != '\\' && c != '/'; });
  if (!take(rest, "\"")) return std::nullopt;
  text = rest;
  return name;
}

std::string_view trimmed(std::string_view text) {
  constexpr std::string_view white = " \t\r\n";
  const auto begin = text.find_first_not_of(white);
  if (begin == std::string_view::npos) return {};
  return text.substr(begin, text.find_last_not_of(white) - begin + 1);
}

// `place` is a document or a value in one.
Result<Value> value_at(auto& place, Strings strings) {
  Value value;
  json_type type{};
  if (const auto error = place.type().get(type)) return json_fault(error);
  value.kind = kind_of(type);
  if (value.kind == Value::Kind::string && strings == Strings::bare) {
    std::string_view text;
    if (const auto error = place.get_string().get(text)) return json_fault(error);
    value.text = text;
    return value;
  }
  if (const auto error = append_compact(place, value.text)) return json_fault(error);
  return value;
}

}  // namespace

Result<std::optional<Path>> Path::parse(std::string_view text) {
  text = trimmed(text);
  Path path;
  if (take(text, "$event")) {
    const bool headers = text.starts_with(".headers.") || text.starts_with(".headers[");
    path.root_ = headers ? Root::header : Root::attribute;
    if (headers) take(text, ".headers");
  } else if (text == ".") {
    return path;
  }
  for (bool first = true; !text.empty(); first = false) {
    const bool dot = take(text, ".");
    Step step;
    if (dot && !text.empty() && begins_name(text.front())) {
      step.name = take_while(text, continues_name);
    } else if (const auto name = dot ? take_quoted(text) : std::nullopt) {
      step.name = *name;
    } else if (dot == (first && path.root_ == Root::data) && take(text, "[")) {
      // jq wants a dot before the first bracket, and none before the others.
      if (const auto key = take_quoted(text)) {
        step.name = *key;
      } else {
        const auto digits = take_while(text, [](char c) { return c >= '0' && c <= '9'; });
        if (digits.empty() || digits.size() > 9) return std::nullopt;
        std::from_chars(digits.data(), digits.data() + digits.size(), step.index.emplace());
      }
      if (!take(text, "]")) return std::nullopt;
    } else {
      return std::nullopt;
    }
    path.steps_.push_back(std::move(step));
  }
  if (path.steps_.empty() || path.steps_.size() > steps_max) return std::nullopt;
  if (path.root_ == Root::data) return path;

  if (path.steps_.size() != 1 || path.steps_[0].index) return std::nullopt;
  const std::string& name = path.steps_[0].name;
  if (path.root_ == Root::attribute && std::ranges::find(attributes, name) == attributes.end())
    return fail(
        Fault::bad_config,
        "$event has no '" + name + "'; it has id, source, type, subject, key, time and headers");
  return path;
}

Result<Value> Path::of(std::string_view data, const EventView& event, Strings strings) const {
  return root_ == Root::data ? in_data(data, strings) : in_event(event, strings);
}

Result<Value> Path::in_data(std::string_view data, Strings strings) const {
  simdjson::ondemand::document document;
  if (const auto error = open_json(data, document)) return json_fault(error);
  if (steps_.empty()) {
    auto whole = value_at(document, strings);
    if (whole && !at_end(document)) return json_fault(simdjson::TRAILING_CONTENT);
    return whole;
  }
  auto place = walk(document, steps_);
  if (!place) return std::unexpected(std::move(place.error()));
  if (place->type == json_type::null) return Value{.text = "null"};
  return value_at(place->value, strings);
}

Result<Value> Path::in_event(const EventView& event, Strings strings) const {
  const std::string& name = steps_[0].name;
  std::string time;
  std::string_view text;
  if (root_ == Root::header) {
    // Of headers that are there twice the last counts, as in jq's object of them.
    const auto last =
        std::ranges::find(event.headers.rbegin(), event.headers.rend(), name, &Attribute::name);
    if (last == event.headers.rend()) return Value{.text = "null"};
    text = last->value;
  } else {
    if (name == "id") text = event.id;
    if (name == "source") text = event.source;
    if (name == "type") text = event.type;
    if (name == "subject") text = event.subject;
    if (name == "key") text = event.key;
    if (name == "time" && event.time.value != 0) text = time = rfc3339(event.time.value);
    if (text.empty()) return Value{.text = "null"};
  }
  Value value{.kind = Value::Kind::string};
  if (strings == Strings::bare) {
    value.text = text;
    return value;
  }
  if (!simdjson::validate_utf8(text))
    return fail(Fault::bad_event, "$event's " + name + " is not UTF-8");
  append_quoted(text, value.text);
  return value;
}

}  // namespace tidemill::expression
