// The arm of bench_amqp without an engine: messages are received and acknowledged, one by one.
#pragma once

#include <cstdint>

#include "bench/amqp/broker.h"

namespace tidemill::bench {

/// Prints the seconds from the first message to the last.
void run_bare(const Login& login, std::uint64_t count);

}  // namespace tidemill::bench
