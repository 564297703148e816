// What SNS answers to PublishBatch, read out of its XML. Pure, over bytes from outside.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace tidemill::sns {

/// What became of one entry.
struct EntryAnswer {
  bool answered = false;  ///< The answer speaks of it.
  bool done = false;
  bool senders_fault = false;
  std::string code;
  std::string message;
};

/// Of a request with `entries` entries whose ids are their numbers: one for each, in their order.
/// Nothing: it is no such answer.
std::optional<std::vector<EntryAnswer>> parse_publish_batch(std::string_view xml,
                                                            std::size_t entries);

}  // namespace tidemill::sns
