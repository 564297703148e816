#include "object_event.h"

#include <memory>
#include <utility>

#include "json_text/json_text.h"
#include "object_file.h"

namespace tidemill::bucket {
namespace {

void append_bucket(std::string& json, std::string_view bucket) {
  json += R"({"version":"0","bucket":{"name":)";
  append_json_string(json, bucket);
  json += R"(},"object":{"key":)";
}

// S3 compares sequencers as text: fixed width, so that text order is time order.
void append_sequencer(std::string& json, std::uint64_t nanoseconds) {
  json += R"(,"sequencer":")";
  json += version_text(nanoseconds);
  json += '"';
}

void append_metadata(std::string& json, const ObjectMetadata& metadata) {
  json += R"(,"content-type":)";
  append_json_string(json, metadata.content_type);
  if (metadata.named.empty()) return;
  json += R"(,"metadata":{)";
  bool first = true;
  for (const auto& [name, value] : metadata.named) {
    if (!std::exchange(first, false)) json += ',';
    append_json_string(json, name);
    json += ':';
    append_json_string(json, value);
  }
  json += '}';
}

// One allocation holds the payload, then the key, the version and the source.
Event event_over(std::string text, std::string_view key, std::string_view version,
                 std::string_view source) {
  const std::size_t payload = text.size();
  text.append(key).append(version).append(source);
  const auto owner = std::make_shared<const std::string>(std::move(text));
  const std::string_view all = *owner;
  Event event;
  event.data = Bytes(all.substr(0, payload), owner);
  event.subject = all.substr(payload, key.size());
  event.key = event.subject;
  event.version = all.substr(payload + key.size(), version.size());
  event.source = all.substr(payload + key.size() + version.size());
  event.content_type = "application/json";
  return event;
}

}  // namespace

Event created_event(std::string_view source, std::string_view bucket, const CreatedObject& object,
                    WallTime now) {
  const std::string version = version_text(object.version);
  std::string text;
  text.reserve(256 + 2 * object.key.size());
  append_bucket(text, bucket);
  append_json_string(text, object.key);
  text += R"(,"size":)" + std::to_string(object.size) + R"(,"etag":)";
  append_json_string(text, object.etag.empty() ? std::string_view(version) : object.etag);
  append_sequencer(text, object.modified_ns);
  append_metadata(text, object.metadata);
  text += R"(},"reason":"PutObject"})";
  Event event = event_over(std::move(text), object.key, version, source);
  event.type = created_type;
  event.time = EventTime(object.modified_ns / 1000);
  event.ingested = IngestTime(now.value);
  event.object_bytes = object.size;
  return event;
}

Event removed_event(std::string_view source, std::string_view bucket, std::string_view key,
                    std::uint64_t version, WallTime now) {
  const std::string gone = std::string(removed_prefix) + version_text(version);
  std::string text;
  append_bucket(text, bucket);
  append_json_string(text, key);
  append_sequencer(text, now.value * 1000);
  text += R"(},"reason":"DeleteObject","deletion-type":"Permanently Deleted"})";
  Event event = event_over(std::move(text), key, gone, source);
  event.type = removed_type;
  event.time = EventTime(now.value);
  event.ingested = IngestTime(now.value);
  return event;
}

}  // namespace tidemill::bucket
