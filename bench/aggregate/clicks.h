// The events of bench_aggregate: clicks on pages, 500 bytes of JSON each, nearly in the order of
// their times.
#pragma once

#include <cstdint>
#include <string>

namespace tidemill::bench {

struct Clicks {
  std::uint64_t events = 1'000'000;
  std::uint32_t pages = 1'000;
};

void write_clicks(const std::string& path, const Clicks& clicks);

}  // namespace tidemill::bench
