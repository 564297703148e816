// look_up: what a group and the brokers know of partitions, and commit: what a group is told.
//
// Blocking calls, for the pool. They hold no state.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "client.h"
#include "start_rule.h"
#include "tidemill/result.h"

namespace tidemill::kafka {

/// Of each of `partitions`, in their order, all but its own offset. Errors: transient.
Result<std::vector<Known>> look_up(const std::shared_ptr<Client>& client,
                                   const rd_kafka_topic_partition_list_t& partitions,
                                   const StartRule& start, const std::string& engine_id);

/// Asks the leaders of `partitions` anything, so that the client looks whether there is room again
/// for what it stopped fetching: older librdkafkas look only once a second, which holds a reader to
/// what they may queue, a second.
bool ask_leaders(const std::shared_ptr<Client>& client,
                 const rd_kafka_topic_partition_list_t& partitions);

/// Errors: transient.
Result<> commit(const std::shared_ptr<Client>& client,
                const rd_kafka_topic_partition_list_t& offsets);

}  // namespace tidemill::kafka
