#include "json_text/cloud_event.h"

#include <array>
#include <chrono>
#include <cstdio>
#include <string_view>

#include "json_text/json_text.h"

namespace tidemill {
namespace {

// CloudEvents wants both of every event.
constexpr std::string_view unknown_source = "tidemill";
constexpr std::string_view unknown_type = "tidemill.message";

void append_member(std::string& out, std::string_view name, std::string_view value) {
  out.append("\"").append(name).append("\": ");
  append_json_string(out, value);
  out += ", ";
}

// RFC 3339 in UTC.
std::string text_of(EventTime time) {
  using std::chrono::microseconds;
  const std::chrono::sys_time<microseconds> at{microseconds(time.value)};
  const auto day = std::chrono::floor<std::chrono::days>(at);
  const std::chrono::year_month_day date(day);
  const std::chrono::hh_mm_ss clock(at - day);
  std::array<char, 64> text{};
  const int size = std::snprintf(
      text.data(), text.size(), "%04d-%02u-%02uT%02d:%02d:%02d.%06dZ", int{date.year()},
      unsigned{date.month()}, unsigned{date.day()}, static_cast<int>(clock.hours().count()),
      static_cast<int>(clock.minutes().count()), static_cast<int>(clock.seconds().count()),
      static_cast<int>(clock.subseconds().count()));
  return {text.data(), static_cast<std::size_t>(size)};
}

}  // namespace

void append_cloud_event(std::string& out, const Event& event) {
  out += '{';
  append_member(out, "specversion", "1.0");
  append_member(out, "id", event.id);
  append_member(out, "source", event.source.empty() ? unknown_source : event.source);
  append_member(out, "type", event.type.empty() ? unknown_type : event.type);
  if (!event.subject.empty()) append_member(out, "subject", event.subject);
  if (event.time.value != 0) append_member(out, "time", text_of(event.time));
  if (!event.key.empty()) append_member(out, "partitionkey", event.key);
  if (!event.content_type.empty()) append_member(out, "datacontenttype", event.content_type);
  append_data_member(out, event.content_type, event.data.view());
  out += "}\n";
}

void append_cloud_event(std::string& out, const SinkBatch& batch, const Effect& effect) {
  const std::string id = effect_id(batch, effect);
  Event message = batch.events[effect.event];
  message.id = id;
  message.key = effect.key;
  message.content_type = effect.content_type;
  message.data = Bytes::forever(effect.data);  // As long as the effect, which outlives this.
  append_cloud_event(out, message);
}

std::vector<std::pair<std::string_view, std::string>> cloud_event_attributes(const SinkBatch& batch,
                                                                             const Effect& effect) {
  const Event& event = batch.events[effect.event];
  std::vector<std::pair<std::string_view, std::string>> all{
      {"specversion", "1.0"},
      {"id", effect_id(batch, effect)},
      {"source", std::string(event.source.empty() ? unknown_source : event.source)},
      {"type", std::string(event.type.empty() ? unknown_type : event.type)}};
  if (!event.subject.empty()) all.emplace_back("subject", event.subject);
  if (event.time.value != 0) all.emplace_back("time", text_of(event.time));
  if (!effect.key.empty()) all.emplace_back("partitionkey", effect.key);
  return all;
}

void append_message_line(std::string& out, Envelope envelope, const SinkBatch& batch,
                         const Effect& effect) {
  if (envelope == Envelope::cloudevents) {
    append_cloud_event(out, batch, effect);
  } else {
    append_json_line(out, effect.content_type, effect.data);
  }
}

}  // namespace tidemill
