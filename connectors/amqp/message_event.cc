#include "message_event.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstring>
#include <limits>
#include <utility>

#include "aws/utc_time.h"
#include "records/record_event.h"

namespace tidemill::amqp {
namespace {

constexpr std::string_view header_prefix = "header:";
constexpr std::string_view event_type = "tidemill.amqp.message";
// With these the engine is told that a source could not read something; not for a producer to say.
constexpr std::string_view reserved_begin = "tidemill-";
constexpr std::string_view reserved_but_for = "tidemill-id";
// What the broker and the properties say is not for a header to say otherwise.
constexpr std::array<std::string_view, 10> own_names{
    "appid",    "contentencoding", "correlationid", "exchange", "expiration",
    "priority", "redelivered",     "replyto",       "userid",   "deliverymode"};
constexpr std::array<std::string_view, 2> cloud_event_prefixes{"cloudEvents:", "cloudEvents_"};

bool is_reserved(std::string_view name) {
  if (name.starts_with(reserved_begin)) return name != reserved_but_for;
  return std::ranges::find(own_names, name) != own_names.end();
}

}  // namespace

std::optional<KeyRule> parse_key_rule(std::string_view text) {
  using From = KeyRule::From;
  if (text.empty()) return KeyRule{};
  if (text == "routing_key") return KeyRule{.from = From::routing_key, .header = {}};
  if (text.starts_with(header_prefix) && text.size() > header_prefix.size())
    return KeyRule{.from = From::header, .header = std::string(text.substr(header_prefix.size()))};
  if (!text.starts_with('.') || !records::KeyField::is_path(text)) return std::nullopt;
  return KeyRule{.from = From::field, .header = {}, .field = records::KeyField(text)};
}

std::string_view MessageArena::keep(std::string_view text) {
  if (text.empty()) return {};
  used_ += text.size();
  void* const room = memory_.allocate(text.size(), 1);
  std::memcpy(room, text.data(), text.size());
  return {static_cast<const char*>(room), text.size()};
}

void MessageArena::add(std::string_view name, std::string_view value) {
  if (!value.empty()) attributes_.push_back({name, keep(value)});
}

Event MessageArena::event_of(Content& content, WallTime now) {
  attributes_.clear();
  Event event;
  event.source = rules_->source;
  event.type = event_type;
  event.content_type = rules_->content_type;
  event.subject = keep(content.routing_key);
  event.time = EventTime(now.value);
  event.ingested = IngestTime(now.value);

  const auto properties = parse_properties(content.properties);
  std::string refusal;
  if (!properties) {
    refusal = "its properties are broken";
  } else {
    const Properties& p = *properties;
    constexpr std::uint64_t seconds_max = std::numeric_limits<std::uint64_t>::max() / 1'000'000;
    if (p.timestamp && *p.timestamp <= seconds_max)
      event.time = EventTime(*p.timestamp * 1'000'000);
    add("exchange", content.exchange);
    if (content.redelivered) attributes_.push_back({"redelivered", "true"});
    add("contentencoding", p.content_encoding);
    add("correlationid", p.correlation_id);
    add("replyto", p.reply_to);
    add("expiration", p.expiration);
    add("userid", p.user_id);
    add("appid", p.app_id);
    if (p.priority) add("priority", std::to_string(*p.priority));
    if (!add_headers(p.headers, event)) refusal = "its headers are broken, or nested too deep";
    // What the message says of itself goes before what stands in its headers.
    if (!p.content_type.empty()) event.content_type = keep(p.content_type);
    if (!p.type.empty()) event.type = keep(p.type);
    if (!p.message_id.empty()) event.id = keep(p.message_id);
  }
  if (!refusal.empty()) attributes_.push_back({records::refused_attribute, keep(refusal)});
  if (content.body.size() < content.body_bytes)
    attributes_.push_back({records::oversized_attribute, keep(std::to_string(content.body_bytes))});

  if (content.body.size() > copied_max) {
    // Its other texts are held by the arena: so both are.
    auto both = std::make_shared<std::pair<std::string, std::shared_ptr<MessageArena>>>(
        std::move(content.body), shared_from_this());
    const std::string_view body = both->first;
    event.data = Bytes(body, std::move(both));
  } else {
    event.data = Bytes(keep(content.body), shared_from_this());
  }
  event.extensions = kept_attributes();
  if (rules_->key.from == KeyRule::From::field) {
    event.key = rules_->key.field.in(event.data.view());
  } else if (rules_->key.from == KeyRule::From::routing_key) {
    event.key = event.subject;
  } else if (rules_->key.from == KeyRule::From::header) {
    for (const Attribute& one : event.extensions)
      if (one.name == rules_->key.header) event.key = one.value;
  }
  return event;
}

bool MessageArena::add_headers(std::string_view table, Event& event) {
  std::string_view name;
  Field field;
  while (next_field(table, name, field)) {
    if (is_reserved(name) || take_cloud_event(name, field, event)) continue;
    text_.clear();
    if (!append_text(text_, field)) return false;
    attributes_.push_back({keep(name), keep(text_)});
  }
  return table.empty();
}

// The attributes of CloudEvents' binding for AMQP, written as headers.
bool MessageArena::take_cloud_event(std::string_view name, const Field& field, Event& event) {
  const auto prefix = std::ranges::find_if(
      cloud_event_prefixes, [name](std::string_view one) { return name.starts_with(one); });
  if (prefix == cloud_event_prefixes.end()) return false;
  name.remove_prefix(prefix->size());
  text_.clear();
  // It is a header like others, then.
  if (field.kind != 'S' && field.kind != 'T') return false;
  if (!append_text(text_, field)) return false;
  const std::string_view text = text_;
  if (name == "id") {
    event.id = keep(text);
  } else if (name == "source") {
    event.source = keep(text);
  } else if (name == "type") {
    event.type = keep(text);
  } else if (name == "subject") {
    event.subject = keep(text);
  } else if (name == "datacontenttype") {
    event.content_type = keep(text);
  } else if (name == "time") {
    if (field.kind == 'T') {
      auto seconds = std::uint64_t{0};
      std::from_chars(text.data(), text.data() + text.size(), seconds);
      event.time = EventTime(seconds * 1'000'000);
    } else if (const auto time = aws::parse_utc(text)) {
      event.time = EventTime(time->value);
    }
  } else if (name != "specversion" && !is_reserved(name)) {
    attributes_.push_back({keep(name), keep(text)});
  }
  return true;
}

std::span<const Attribute> MessageArena::kept_attributes() {
  if (attributes_.empty()) return {};
  const std::size_t bytes = attributes_.size() * sizeof(Attribute);
  used_ += bytes;
  auto* const kept = static_cast<Attribute*>(memory_.allocate(bytes, alignof(Attribute)));
  std::ranges::uninitialized_copy(attributes_, std::span(kept, attributes_.size()));
  return {kept, attributes_.size()};
}

}  // namespace tidemill::amqp
