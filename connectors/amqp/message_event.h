// MessageArena: makes events of messages, and is what they live in.
//
// Small messages are copied beside each other; the body of a large one is taken over. Filled by its
// source, read by anyone afterwards; its last event ends it, on any thread.
#pragma once

#include <cstddef>
#include <memory>
#include <memory_resource>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "connection.h"
#include "properties.h"
#include "records/key_field.h"
#include "tidemill/event.h"

namespace tidemill::amqp {

/// What the key of an event is.
struct KeyRule {
  enum class From { nothing, routing_key, header, field };
  From from = From::nothing;
  std::string header;
  records::KeyField field{""};
};

/// `routing_key`, `header:NAME`, or a path into JSON such as .user; empty: nothing. Nothing of
/// other text.
std::optional<KeyRule> parse_key_rule(std::string_view text);

/// What a source says of all its messages.
struct EventRules {
  std::string source;
  std::string content_type;  ///< Of those that do not say it.
  KeyRule key;
};

class MessageArena : public std::enable_shared_from_this<MessageArena> {
 public:
  explicit MessageArena(std::shared_ptr<const EventRules> rules) : rules_(std::move(rules)) {}

  /// The event that a message is, but for its place. May take its body over.
  Event event_of(Content& content, WallTime now);

  /// Holds as much as it should.
  bool full() const { return used_ >= bytes_max; }

  static constexpr std::size_t bytes_max = 64 * 1024;
  static constexpr std::size_t copied_max = 4096;  ///< Of bodies.

 private:
  std::string_view keep(std::string_view text);
  void add(std::string_view name, std::string_view value);
  bool add_headers(std::string_view table, Event& event);
  bool take_cloud_event(std::string_view name, const Field& field, Event& event);
  std::span<const Attribute> kept_attributes();

  const std::shared_ptr<const EventRules> rules_;
  std::pmr::monotonic_buffer_resource memory_{4096};
  std::size_t used_ = 0;
  std::vector<Attribute> attributes_;  // Of the event that is being made.
  std::string text_;
};

}  // namespace tidemill::amqp
