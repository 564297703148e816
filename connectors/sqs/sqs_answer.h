// What SQS answers, read out of its JSON. Pure functions over bytes from outside.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace tidemill::sqs {

using NamedText = std::pair<std::string, std::string>;

/// A message as a receive hands it out.
struct Message {
  std::string id;
  std::string receipt;  ///< What it is deleted by.
  std::string body;
  std::vector<NamedText> system;      ///< SentTimestamp, ApproximateReceiveCount and others.
  std::vector<NamedText> attributes;  ///< Of its sender; those of bytes are in base64.

  /// What is to be held of it.
  std::size_t bytes() const;
};

/// Of ReceiveMessage. Nothing: it is no such answer.
std::optional<std::vector<Message>> parse_messages(std::string_view json);

/// What became of one entry of a batch.
struct EntryAnswer {
  bool answered = false;  ///< The answer speaks of it.
  bool done = false;
  bool senders_fault = false;
  std::string code;
  std::string message;
};

/// Of a request with `entries` entries whose ids are their numbers: one for each, in their order.
/// Nothing: it is no answer to a batch.
std::optional<std::vector<EntryAnswer>> parse_batch(std::string_view json, std::size_t entries);

/// Of GetQueueUrl; empty when there is none.
std::string parse_queue_url(std::string_view json);

/// How many messages a queue has, more or less.
struct QueueCounts {
  std::uint64_t visible = 0;
  std::uint64_t in_flight = 0;
  std::uint64_t delayed = 0;

  bool none() const { return visible == 0 && in_flight == 0 && delayed == 0; }
};

/// Of GetQueueAttributes. Nothing: it is no such answer.
std::optional<QueueCounts> parse_counts(std::string_view json);

}  // namespace tidemill::sqs
