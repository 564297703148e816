#include "core/rehearsal/journal.h"

#include <fmt/format.h>

#include <boost/json.hpp>
#include <utility>

#include "core/rehearsal/payload.h"
#include "core/rehearsal/time_text.h"

namespace tidemill::rehearsal {

namespace json = boost::json;

// What came back out of an outbox has only its place in common with what went in.
std::string Journal::name_of(const Event& event) {
  const std::string place = event_id(event);
  if (const auto known = names_.find(place); known != names_.end()) return known->second;
  std::string name(event.id);
  if (name.empty() && !event.version.empty()) name = event.subject;
  if (name.empty()) name = fmt::format("{}@{}", event.partition.value, event.offset.value);
  if (!event.id.empty()) names_.emplace(event.id, name);
  return names_.emplace(place, std::move(name)).first->second;
}

std::string Journal::name_of(std::string_view event_id) const {
  if (const auto known = names_.find(event_id); known != names_.end()) return known->second;
  return std::string(event_id.substr(event_id.rfind('/') + 1));
}

Duration Journal::elapsed() const {
  return std::chrono::duration_cast<Duration>(scheduler_.now() - start_);
}

std::string Journal::now() const { return time_text(elapsed()); }

std::size_t Journal::invoked(PipelineId pipeline, std::string_view function,
                             const Request& request) {
  touch();
  json::object record{{"function", function}, {"at", now()}};
  if (request.attempt > 1) record["attempt"] = request.attempt;
  json::array& events = record["events"].emplace_array();
  for (const Event& event : request.events) events.emplace_back(name_of(event));
  invocations_.push_back({pipeline, std::move(record)});
  return invocations_.size() - 1;
}

void Journal::answered(std::size_t invocation, const Request& request, const Answer& answer) {
  touch();
  json::object& record = invocations_[invocation].record;
  if (answer.error) record["error"] = answer.error->message;
  if (answer.failures.empty()) return;
  json::object& failures = record["failed"].emplace_object();
  for (const EventFailure& failure : answer.failures)
    failures[name_of(request.events[failure.event])] = failure.reason;
}

void Journal::wrote(const std::string& sink, const SinkBatch& batch, const Effect& effect) {
  touch();
  json::object record{{"event", name_of(batch.events[effect.event])}};
  const bool object =
      effect.kind == EffectKind::put_object || effect.kind == EffectKind::delete_object;
  if (!effect.key.empty()) record[object ? "object" : "key"] = effect.key;
  if (effect.kind == EffectKind::delete_object) {
    record["deleted"] = true;
  } else {
    record["data"] = shown_payload(effect.data);
    record["bytes"] = effect.data.size();
  }
  if (!effect.content_type.empty()) record["content_type"] = effect.content_type;
  if (!effect.metadata.empty()) {
    json::object& headers = record["headers"].emplace_object();
    for (const Attribute& attribute : effect.metadata) headers[attribute.name] = attribute.value;
  }
  record["written_at"] = now();
  record["id"] = effect_id(batch, effect);
  written_[sink].push_back(std::move(record));
}

void Journal::archived(const std::string& sink, const std::string& object, json::array data) {
  touch();
  written_[sink].push_back(
      json::object{{"object", object}, {"data", std::move(data)}, {"written_at", now()}});
}

}  // namespace tidemill::rehearsal
