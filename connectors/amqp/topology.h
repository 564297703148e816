// What a source or a sink wants to be there: a queue, made where that is asked for, or an exchange.
//
// On the executor of the connection.
#pragma once

#include <cstdint>
#include <string>

#include "amqp.h"
#include "connection.h"

namespace tidemill::amqp {

/// How many messages of a queue wait for a consumer. Makes nothing. Errors: bad_config (there is no
/// such queue, or it is not ours to see), unavailable.
Task<Result<std::uint32_t>> count_ready(Connection& connection, const std::string& queue);

/// Makes a queue and its bindings where they are not there yet. Errors: bad_config (the queue is
/// there with other arguments, there is no such exchange), unavailable.
Task<Result<>> declare(Connection& connection, const std::string& queue,
                       const DeclareOptions& options);

/// Errors: bad_config (there is no such exchange), unavailable.
Task<Result<>> find_exchange(Connection& connection, const std::string& exchange);

}  // namespace tidemill::amqp
