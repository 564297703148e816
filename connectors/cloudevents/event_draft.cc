#include "event_draft.h"

#include <algorithm>
#include <cstdint>
#include <span>
#include <utility>

#include "rfc3339.h"

namespace tidemill::cloudevents {
namespace {

bool is_name(std::string_view name) {
  return !name.empty() && std::ranges::all_of(name, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
  });
}

// U+0000 to U+001F and U+007F to U+009F, which no text of CloudEvents has.
bool has_control_characters(std::string_view text) {
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto byte = static_cast<unsigned char>(text[i]);
    if (byte < 0x20 || byte == 0x7F) return true;
    if (byte == 0xC2 && i + 1 < text.size() && static_cast<unsigned char>(text[i + 1]) < 0xA0)
      return true;
  }
  return false;
}

std::unexpected<Error> twice(std::string_view name) {
  return refuse("its attribute '" + shown(name) + "' is there twice");
}

}  // namespace

std::unexpected<Error> refuse(std::string why) { return fail(Fault::bad_event, std::move(why)); }

std::string shown(std::string_view text) {
  constexpr std::size_t longest = 64;
  std::string copy(text.substr(0, longest));
  std::ranges::replace_if(copy, [](char c) { return c < ' ' || c > '~'; }, '?');
  if (text.size() > longest) copy += "...";
  return copy;
}

Result<> EventDraft::set(std::string_view name, std::string_view value) {
  if (!is_name(name))
    return refuse("'" + shown(name) +
                  "' is no name of an attribute; those have lower-case letters and digits");
  if (name == "data") return refuse("'data' is no name of an attribute");
  if (value.size() > limits_.attribute_bytes_max)
    return refuse("its attribute '" + shown(name) + "' has more than " +
                  std::to_string(limits_.attribute_bytes_max) + " bytes");
  if (has_control_characters(value))
    return refuse("its attribute '" + shown(name) + "' has control characters");
  if (name == "specversion") return set_version(value);
  if (name == "time") return set_time(value);
  std::string_view* const field = known(name);
  const bool is_extension = field == nullptr && name != "dataschema";
  if (value.empty() && !is_extension) return refuse("its " + std::string(name) + " is empty");
  if (field == nullptr) return add_extension(name, value);
  if (!field->empty()) return twice(name);
  *field = value;
  return {};
}

std::string_view* EventDraft::known(std::string_view name) {
  if (name == "id") return &event_.id;
  if (name == "source") return &event_.source;
  if (name == "type") return &event_.type;
  if (name == "subject") return &event_.subject;
  if (name == "datacontenttype") return &event_.content_type;
  return nullptr;
}

Result<> EventDraft::set_version(std::string_view value) {
  if (has_version_) return twice("specversion");
  if (value != "1.0") return refuse("its specversion is '" + shown(value) + "'; 1.0 is known");
  has_version_ = true;
  return {};
}

Result<> EventDraft::set_time(std::string_view value) {
  if (has_time_) return twice("time");
  const auto micros = parse_rfc3339(value);
  if (!micros)
    return refuse("its time '" + shown(value) +
                  "' is not RFC 3339, as 2026-01-31T08:15:00Z would be");
  if (*micros < 0) return refuse("its time '" + shown(value) + "' is before 1970");
  event_.time = EventTime(static_cast<std::uint64_t>(*micros));
  has_time_ = true;
  return {};
}

Result<> EventDraft::add_extension(std::string_view name, std::string_view value) {
  const auto own = std::span(kept_.extensions).subspan(first_extension_);
  if (std::ranges::any_of(own, [name](const Attribute& one) { return one.name == name; }))
    return twice(name);
  if (own.size() == limits_.extensions_max)
    return refuse("it has more than " + std::to_string(limits_.extensions_max) +
                  " extension attributes");
  kept_.extensions.push_back({name, value});
  if (name == "partitionkey") event_.key = value;
  return {};
}

Result<Event> EventDraft::finish() const {
  if (!has_version_) return refuse("it has no specversion");
  if (event_.id.empty()) return refuse("it has no id");
  if (event_.source.empty()) return refuse("it has no source");
  if (event_.type.empty()) return refuse("it has no type");
  return event_;
}

}  // namespace tidemill::cloudevents
