#include "message_event.h"

#include <simdjson.h>

#include <charconv>
#include <optional>
#include <utility>

#include "aws/utc_time.h"

namespace tidemill::sqs {
namespace {

constexpr std::string_view event_type = "tidemill.sqs.message";
constexpr std::string_view content_type_attribute = "content-type";
// With these the engine is told that a source could not read something; not for a sender to say.
constexpr std::string_view reserved_begin = "tidemill-";
constexpr std::string_view reserved_but_for = "tidemill-id";

/// What an event views.
struct Parts {
  Message message;
  std::shared_ptr<const std::string> source;
  std::string subject;
  std::vector<Attribute> extensions;
};

std::string_view find(const std::vector<NamedText>& list, std::string_view name) {
  for (const auto& [one, value] : list)
    if (one == name) return value;
  return {};
}

std::string text_at(simdjson::dom::element parent, const char* name) {
  std::string_view text;
  if (parent[name].get(text) != simdjson::SUCCESS) return {};
  return std::string(text);
}

struct Published {
  std::string id, subject, topic, text;
  std::optional<WallTime> time;
  std::vector<NamedText> attributes;
};

// Nothing of what is no envelope of SNS.
std::optional<Published> open_envelope(std::string_view body) {
  simdjson::dom::parser parser;
  simdjson::dom::element root;
  if (parser.parse(body.data(), body.size()).get(root) != simdjson::SUCCESS || !root.is_object() ||
      text_at(root, "Type") != "Notification" || text_at(root, "TopicArn").empty() ||
      root["Message"].error() != simdjson::SUCCESS)
    return std::nullopt;
  Published published{.id = text_at(root, "MessageId"),
                      .subject = text_at(root, "Subject"),
                      .topic = text_at(root, "TopicArn"),
                      .text = text_at(root, "Message"),
                      .time = aws::parse_utc(text_at(root, "Timestamp")),
                      .attributes = {}};
  simdjson::dom::object attributes;
  if (root["MessageAttributes"].get(attributes) != simdjson::SUCCESS) return published;
  for (const auto& [name, value] : attributes)
    published.attributes.emplace_back(name, text_at(value, "Value"));
  return published;
}

EventTime sent_at(const Message& message, WallTime now) {
  const std::string_view text = find(message.system, "SentTimestamp");
  std::uint64_t millis = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), millis);
  const bool whole = error == std::errc() && end == text.data() + text.size() && !text.empty();
  constexpr std::uint64_t millis_max = 253'402'300'800'000;  // The year 10000.
  return EventTime(whole && millis < millis_max ? millis * 1000 : now.value);
}

void take_attributes(Parts& parts) {
  const auto take = [&parts](const std::vector<NamedText>& list) {
    for (const auto& [name, value] : list)
      if (!name.starts_with(reserved_begin) || name == reserved_but_for)
        parts.extensions.push_back({name, value});
  };
  parts.extensions.reserve(parts.message.system.size() + parts.message.attributes.size());
  take(parts.message.system);
  take(parts.message.attributes);
}

}  // namespace

Event event_of(Message message, std::shared_ptr<const std::string> source, const Reading& reading,
               WallTime now) {
  const auto parts = std::make_shared<Parts>();
  Event event;
  event.time = sent_at(message, now);
  if (reading.unwrap == Unwrap::sns) {
    if (auto published = open_envelope(message.body)) {
      if (published->time) event.time = EventTime(published->time->value);
      // The same for every subscription, and for a repeat that SNS makes.
      if (!published->id.empty()) message.id = std::move(published->id);
      message.body = std::move(published->text);
      message.attributes = std::move(published->attributes);
      message.system.emplace_back("TopicArn", std::move(published->topic));
      parts->subject = std::move(published->subject);
    }
  }
  parts->message = std::move(message);
  parts->source = std::move(source);
  take_attributes(*parts);
  const Message& kept = parts->message;
  event.id = kept.id;
  event.source = *parts->source;
  event.type = event_type;
  event.subject = parts->subject;
  event.content_type = find(kept.attributes, content_type_attribute);
  if (event.content_type.empty())
    event.content_type = reading.decode == Decode::json ? "application/json" : "text/plain";
  event.ingested = IngestTime(now.value);
  event.extensions = parts->extensions;
  event.key = reading.key.in(kept.body);
  if (event.key.empty()) event.key = find(kept.system, "MessageGroupId");
  event.data = Bytes(kept.body, parts);
  return event;
}

}  // namespace tidemill::sqs
