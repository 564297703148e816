// What librdkafka is told: our options in its words, and further properties as the user wrote them.
//
// Pure, but for looking at the files of certificates. Names are checked by the library; what the
// engine decides by itself is refused with the reason.
#pragma once

#include "handles.h"
#include "kafka.h"

namespace tidemill::kafka {

/// The first library with `fetch.queue.backoff.ms`. Older ones need ask_leaders().
inline constexpr int knows_queue_backoff_since = 0x020200ff;

/// What one consumer may fetch ahead.
std::uint64_t buffer_bytes(const SourceConfig& config, const Services& services);

/// Of member `index` of `config.consumers`. Errors: bad_config.
Result<Properties> consumer_properties(const SourceConfig& config, const Services& services,
                                       std::uint32_t index);

/// `transactional_id` is empty where there are no transactions. Errors: bad_config.
Result<Properties> producer_properties(const SinkConfig& config,
                                       const std::string& transactional_id = {});

}  // namespace tidemill::kafka
