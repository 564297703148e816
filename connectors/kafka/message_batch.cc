#include "message_batch.h"

#include <cstring>
#include <new>
#include <utility>

#include "records/record_event.h"

namespace tidemill::kafka {
namespace {

constexpr std::string_view tombstone_attribute = "tombstone";
// With these the engine is told that a source could not read something; not for a producer to say.
constexpr std::string_view reserved_begin = "tidemill-";
constexpr std::string_view reserved_but_for = "tidemill-id";

std::string_view type_of(Decode decode) {
  switch (decode) {
    case Decode::json:
    case Decode::avro:
      return "application/json";
    case Decode::text:
      return "text/plain";
    case Decode::raw:
      return "application/octet-stream";
  }
  return {};
}

std::string_view text_of(const void* data, std::size_t size) {
  return data == nullptr ? std::string_view()
                         : std::string_view(static_cast<const char*>(data), size);
}

}  // namespace

std::string_view MessageBatch::keep(std::string_view text) {
  if (text.empty()) return {};
  void* const room = memory_.allocate(text.size(), 1);
  std::memcpy(room, text.data(), text.size());
  return {static_cast<const char*>(room), text.size()};
}

Event MessageBatch::event_of(Fetched fetched, Decode decode, WallTime now,
                             const std::optional<Decoded>& decoded) {
  const rd_kafka_message_t& message = *fetched.message;
  const std::string_view refusal = decoded ? decoded->refusal : std::string_view();
  const bool replaced = decoded && refusal.empty();
  const bool copies = replaced || message.len <= copied_max;
  const auto kept = [&](std::string_view text) { return copies ? keep(text) : text; };
  Event event;
  event.partition = Partition(static_cast<std::uint32_t>(message.partition));
  event.offset = Offset(static_cast<std::uint64_t>(message.offset));
  event.offset_next = Offset(event.offset.value + 1);
  event.source = *source_;
  event.type = "tidemill.kafka.record";
  event.content_type = type_of(refusal.empty() ? decode : Decode::raw);
  rd_kafka_timestamp_type_t known = RD_KAFKA_TIMESTAMP_NOT_AVAILABLE;
  const std::int64_t millis = rd_kafka_message_timestamp(&message, &known);
  const bool timed = known != RD_KAFKA_TIMESTAMP_NOT_AVAILABLE && millis >= 0;
  event.time = EventTime(timed ? static_cast<std::uint64_t>(millis) * 1000 : now.value);
  event.ingested = IngestTime(now.value);
  event.key = kept(text_of(message.key, message.key_len));
  event.extensions = headers_of(message, copies, refusal);
  std::string_view payload =
      replaced ? keep(decoded->json) : kept(text_of(message.payload, message.len));
  // Where JSON is promised, the absence of a value has to be JSON.
  if (message.payload == nullptr && decode == Decode::json) payload = "null";
  event.data = Bytes(payload, shared_from_this());
  if (!copies) held_.push_back(std::move(fetched.event));
  return event;
}

std::span<const Attribute> MessageBatch::headers_of(const rd_kafka_message_t& message, bool keeps,
                                                    std::string_view refusal) {
  rd_kafka_headers_t* headers = nullptr;
  const bool any = rd_kafka_message_headers(&message, &headers) == RD_KAFKA_RESP_ERR_NO_ERROR;
  const bool tombstone = message.payload == nullptr;
  if (!any && !tombstone && refusal.empty()) return {};
  const std::size_t most = (any ? rd_kafka_header_cnt(headers) : 0) + 2;
  auto* const attributes =
      static_cast<Attribute*>(memory_.allocate(most * sizeof(Attribute), alignof(Attribute)));
  std::size_t count = 0;
  const char* name = nullptr;
  const void* value = nullptr;
  std::size_t size = 0;
  for (std::size_t i = 0; any && rd_kafka_header_get_all(headers, i, &name, &value, &size) ==
                                     RD_KAFKA_RESP_ERR_NO_ERROR;
       ++i) {
    const std::string_view called(name);
    if (called == tombstone_attribute) continue;
    if (called.starts_with(reserved_begin) && called != reserved_but_for) continue;
    const std::string_view text = text_of(value, size);
    new (attributes + count++) Attribute{keeps ? keep(called) : called, keeps ? keep(text) : text};
  }
  if (tombstone) new (attributes + count++) Attribute{tombstone_attribute, "true"};
  if (!refusal.empty())
    new (attributes + count++) Attribute{records::refused_attribute, keep(refusal)};
  return {attributes, count};
}

}  // namespace tidemill::kafka
