// What a transactional producer asks the brokers for, and how it finds out about its last
// transaction.
//
// The number of a transaction is an offset that it commits for a group of its own, called as the
// producer is: so the brokers keep it together with the records, or not at all.
//
// Blocking calls, for the pool. They hold no state.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "client.h"
#include "tidemill/result.h"

namespace tidemill::kafka {

/// Where the numbers of a producer's transactions are kept.
struct NumberPlace {
  std::string group;
  std::string topic;  ///< Its partition 0.
};

/// Ends what producers of the same name have left. Once for each client, before all else.
/// Errors: bad_config, unavailable; as of all that follow, also fenced.
Result<> begin_life(Client& client);

/// The number of the last transaction that took place; none that the brokers know (any more).
Result<std::optional<std::uint64_t>> last_transaction(Client& client, const NumberPlace& place);

Result<> begin_transaction(Client& client);
Result<> add_number(Client& client, const NumberPlace& place, std::uint64_t number);

/// After an error nobody knows whether it took place.
Result<> commit_transaction(Client& client);

/// Tries once. What goes wrong here, begin_life() of the next client sets right.
Result<> abort_transaction(Client& client);

}  // namespace tidemill::kafka
