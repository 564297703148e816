// batch_item_failures(): reads the answer of a function that was written for AWS Lambda's
// ReportBatchItemFailures, where a handler lists the events of its batch that failed.
//
//     {"batchItemFailures": [{"itemIdentifier": "2"}, {"itemIdentifier": "5"}]}
//
// Pure. Lambda's own table of cases holds: what is empty in one way or another is success, and an
// answer that is wrong anywhere fails the whole batch, so that no failure is lost by a typing
// error.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "tidemill/result.h"

namespace tidemill {

/// What an answer calls one event of its batch.
struct ItemId {
  std::string_view
      id;  ///< A message's id, or a record's sequence number; not empty, but for Kafka.
  std::string_view topic_partition{};  ///< Kafka: "TOPIC-PARTITION", and the offset.
  std::uint64_t offset = 0;
};

/// The indexes in `batch` of the events that failed, ascending, each once; empty: all succeeded.
///
/// Errors: transient, with a sentence for the function's author: the whole batch failed.
Result<std::vector<std::uint32_t>> batch_item_failures(std::string_view body,
                                                       std::span<const ItemId> batch);

}  // namespace tidemill
