#include "cloud_events.h"

#include <simdjson.h>

#include <algorithm>
#include <boost/url/pct_string_view.hpp>
#include <iterator>
#include <memory>
#include <utility>

#include "event_draft.h"
#include "json_event.h"

namespace tidemill::cloudevents {
namespace {

namespace ondemand = simdjson::ondemand;
namespace urls = boost::urls;

constexpr std::string_view structured_type = "application/cloudevents";
constexpr std::string_view batched_type = "application/cloudevents-batch";

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; }

bool starts_with(std::string_view text, std::string_view lower_prefix) {
  return text.size() >= lower_prefix.size() &&
         std::ranges::equal(text.substr(0, lower_prefix.size()), lower_prefix, {}, lower);
}

// "application/x" of "Application/X ; charset=utf-8".
std::string media_type(std::string_view content_type) {
  std::string type(content_type.substr(0, content_type.find(';')));
  while (type.ends_with(' ')) type.pop_back();
  std::ranges::transform(type, type.begin(), lower);
  return type;
}

std::unexpected<Error> no_cloud_event(const Error& error) {
  return fail(error.fault, "this is no CloudEvent: " + error.message);
}

// Appends a value of a header over HTTP: without its quotes, and percent-decoded once.
bool append_decoded(std::string& out, std::string_view value) {
  std::string unquoted;
  if (value.size() >= 2 && value.front() == '"' && value.back() == '"') {
    for (std::size_t i = 1; i + 1 < value.size(); ++i) {
      if (value[i] == '\\' && i + 2 < value.size()) ++i;
      unquoted += value[i];
    }
    value = unquoted;
  }
  if (value.find('%') == value.npos) {
    out += value;
    return true;
  }
  const auto encoded = urls::make_pct_string_view({value.data(), value.size()});
  if (!encoded) return false;
  encoded->decode({}, urls::string_token::append_to(out));
  return true;
}

Result<ReadEvent> read_binary(const Binding& binding, std::span<const HttpHeader> headers,
                              Kept& kept, const Limits& limits) {
  // One piece of memory for all of them, which may not move.
  std::size_t bytes = 0;
  for (const HttpHeader& header : headers) bytes += header.name.size() + header.value.size();
  std::string& text = kept.texts.emplace_back();
  text.reserve(bytes);
  const auto since = [&text](std::size_t start) { return std::string_view(text).substr(start); };

  EventDraft draft(kept, limits);
  for (const HttpHeader& header : headers) {
    const std::size_t start = text.size();
    if (!starts_with(header.name, binding.prefix)) continue;
    std::ranges::transform(header.name.substr(binding.prefix.size()), std::back_inserter(text),
                           lower);
    const std::string_view name = since(start);
    const std::size_t start_of_value = text.size();
    if (!binding.percent_encoded)
      text += header.value;
    else if (!append_decoded(text, header.value))
      return refuse("its attribute '" + shown(name) + "' has a '%' without two hex digits");
    const std::string_view value = since(start_of_value);
    if (!simdjson::validate_utf8(value.data(), value.size()))
      return refuse("its attribute '" + shown(name) + "' is not UTF-8");
    if (name == "datacontenttype")
      return refuse("its datacontenttype belongs into the header Content-Type");
    if (auto set = draft.set(name, value); !set) return std::unexpected(set.error());
  }
  auto event = draft.finish();
  if (!event) return std::unexpected(event.error());
  const std::size_t start = text.size();
  text += header_of(headers, "content-type");
  event->content_type = since(start);
  return ReadEvent{
      .event = std::move(*event), .data = kept.body, .extensions = draft.extension_count()};
}

// Calls `take` with the document of the body.
template <class Take>
auto with_json(Kept& kept, Take take) -> decltype(take(std::declval<ondemand::document&>())) {
  // One parser per thread: it keeps its buffers.
  thread_local ondemand::parser parser;
  kept.body.reserve(kept.body.size() + simdjson::SIMDJSON_PADDING);
  const simdjson::padded_string_view json(kept.body.data(), kept.body.size(), kept.body.capacity());
  ondemand::document document;
  if (parser.iterate(json).get(document) != simdjson::SUCCESS) return not_json();
  return take(document);
}

// Whether nothing follows what was read.
bool is_at_end(ondemand::document& document) {
  return document.current_location().error() == simdjson::OUT_OF_BOUNDS;
}

Result<ReadEvent> read_structured(Kept& kept, const Limits& limits) {
  return with_json(kept, [&](ondemand::document& document) -> Result<ReadEvent> {
    ondemand::object object;
    if (document.get_object().get(object) != simdjson::SUCCESS)
      return refuse("it is no JSON object");
    auto read = read_json_event(document, object, kept, limits);
    if (read && !is_at_end(document)) return not_json();
    return read;
  });
}

Result<std::vector<ReadEvent>> read_list(Kept& kept, const Limits& limits) {
  using Events = Result<std::vector<ReadEvent>>;
  return with_json(kept, [&](ondemand::document& document) -> Events {
    std::vector<ReadEvent> events;
    ondemand::array list;
    if (document.get_array().get(list) != simdjson::SUCCESS) return refuse("it is no JSON list");
    for (auto element : list) {
      const auto about = [&events] { return "event " + std::to_string(events.size() + 1) + ": "; };
      if (events.size() == limits.events_max)
        return refuse("it has more than " + std::to_string(limits.events_max) + " events");
      ondemand::value value;
      ondemand::object object;
      if (std::move(element).get(value) != simdjson::SUCCESS) return not_json();
      if (value.get_object().get(object) != simdjson::SUCCESS)
        return refuse(about() + "it is no JSON object");
      auto read = read_json_event(document, object, kept, limits);
      if (!read) return refuse(about() + read.error().message);
      events.push_back(std::move(*read));
    }
    if (!is_at_end(document)) return not_json();
    return events;
  });
}

}  // namespace

Mode mode_of(std::span<const HttpHeader> headers, const Binding& binding) {
  const std::string_view type = header_of(headers, "content-type");
  if (starts_with(type, batched_type)) return Mode::batched;
  if (starts_with(type, structured_type)) return Mode::structured;
  constexpr std::string_view version = "specversion";
  for (const HttpHeader& header : headers)
    if (header.name.size() == binding.prefix.size() + version.size() &&
        starts_with(header.name, binding.prefix) &&
        starts_with(header.name.substr(binding.prefix.size()), version))
      return Mode::binary;
  return Mode::none;
}

Result<std::vector<Event>> read_events(Mode mode, const Binding& binding,
                                       std::span<const HttpHeader> headers, std::string body,
                                       const Limits& limits) {
  const auto kept = std::make_shared<Kept>();
  kept->body = std::move(body);
  std::vector<ReadEvent> read;
  if (mode == Mode::binary) {
    auto one = read_binary(binding, headers, *kept, limits);
    if (!one) return no_cloud_event(one.error());
    read.push_back(std::move(*one));
  } else {
    const std::string type = media_type(header_of(headers, "content-type"));
    if (!type.ends_with("+json"))
      return no_cloud_event({Fault::bad_event, "its format '" + shown(type) +
                                                   "' is not known; application/cloudevents+json "
                                                   "and application/cloudevents-batch+json are"});
    if (mode == Mode::batched) {
      auto list = read_list(*kept, limits);
      if (!list)
        return fail(Fault::bad_event, "this is no batch of CloudEvents: " + list.error().message);
      read = std::move(*list);
    } else {
      auto one = read_structured(*kept, limits);
      if (!one) return no_cloud_event(one.error());
      read.push_back(std::move(*one));
    }
  }
  std::vector<Event> events;
  events.reserve(read.size());
  std::size_t next = 0;
  for (ReadEvent& one : read) {
    one.event.extensions = std::span(kept->extensions).subspan(next, one.extensions);
    next += one.extensions;
    one.event.data = Bytes(one.data, kept);
    events.push_back(std::move(one.event));
  }
  return events;
}

}  // namespace tidemill::cloudevents
