// The bare arm of bench_aggregate: the same counts from the same file in one loop, without an
// engine.
#pragma once

#include <cstdint>
#include <string>

namespace tidemill::bench {

struct Totals {
  std::uint64_t rows = 0;
  std::uint64_t events = 0;
  std::uint64_t millis = 0;
  friend bool operator==(const Totals&, const Totals&) = default;
};

/// Reads the file, finds the three fields of each line and folds them into a map of key and window.
Totals count_clicks(const std::string& path);

/// What the table `views` of a stopped engine adds up to.
Totals totals_of(const std::string& data);

}  // namespace tidemill::bench
