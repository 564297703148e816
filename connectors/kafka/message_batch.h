// MessageBatch: what the events of one poll live in.
//
// Large payloads stay where the client received them; each pins its whole fetch. So small ones are
// copied beside each other, and their records go back to the client at once. Filled by its source,
// read by anyone afterwards; its last event ends it, on any thread.
#pragma once

#include <cstddef>
#include <memory>
#include <memory_resource>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "client.h"
#include "kafka.h"
#include "tidemill/event.h"

namespace tidemill::kafka {

/// What decoding has made of the value of a record.
struct Decoded {
  std::string_view json;
  std::string_view refusal;  ///< Why there is none; the event then holds the record's own bytes.
};

class MessageBatch : public std::enable_shared_from_this<MessageBatch> {
 public:
  /// Payloads up to here are copied.
  static constexpr std::size_t copied_max = 1024;

  MessageBatch(std::shared_ptr<Client> client, std::shared_ptr<const std::string> source)
      : client_(std::move(client)), source_(std::move(source)) {}

  /// The event that a record is. Takes the record over; what was `decoded`, if its value has to
  /// be, is copied.
  Event event_of(Fetched fetched, Decode decode, WallTime now,
                 const std::optional<Decoded>& decoded = {});

 private:
  std::string_view keep(std::string_view text);
  std::span<const Attribute> headers_of(const rd_kafka_message_t& message, bool keeps,
                                        std::string_view refusal);

  const std::shared_ptr<Client> client_;  // Outlives what it handed out.
  const std::shared_ptr<const std::string> source_;
  std::pmr::monotonic_buffer_resource memory_;
  std::vector<EventHandle> held_;
};

}  // namespace tidemill::kafka
