// How long a record takes from one topic through whatever relays it into another.
#pragma once

#include <string>

namespace tidemill::bench {

struct Latency {
  double p50_ms = 0;
  double p99_ms = 0;
};

/// Puts ten thousand small records a second into `in` for as many seconds, once the first ones have
/// come out of `out`. Both ends are this process, so both moments are of one clock.
Latency time_relay(const std::string& broker, const std::string& in, const std::string& out,
                   const std::string& group, int seconds);

}  // namespace tidemill::bench
