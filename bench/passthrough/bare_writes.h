// The other arm: the writes that a run of the pipeline ends in, and nothing else.
#pragma once

#include <cstdint>
#include <string>

namespace tidemill::bench {

/// Which events, and how many of them a batch.
struct Load {
  std::uint64_t events = 0;
  std::uint64_t bytes = 0;
  std::uint32_t keys = 0;
  std::uint32_t batch = 0;
};

/// What making the events cost, before they were written.
struct Preparation {
  double cpu_s = 0;
  double wall_s = 0;
};

/// Writes the rows of the load into the table `rows` of a new data folder: per batch one synced
/// RocksDB write of its rows and one progress key, with the options, keys and values of the store.
Preparation bare_writes(const std::string& folder, const Load& load);

/// Number and digest of the rows in `folder`, of either arm.
std::string rows_of(const std::string& folder);

}  // namespace tidemill::bench
