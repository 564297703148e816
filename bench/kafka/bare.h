// The arms of bench_kafka without an engine: the same work in one loop over librdkafka.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace tidemill::bench {

struct Job {
  std::string broker, topic, group;
  std::uint64_t count = 0;           ///< Records to read; 0: until killed.
  std::string out, second_out = {};  ///< Topics, or a folder for a store.
};

/// `way` is what main() was asked for: events, batches, relay, route or counts.
void run_bare(const std::string& way, const Job& job);

/// Adds up the table of counts that run_bare("counts") has left in `job.out`.
std::uint64_t counted_by_bare(const std::string& folder);
/// The same of the table `views` in an engine's data folder.
std::uint64_t counted_by_engine(const std::string& data);

/// Reads, counts per page and window of ten seconds, and writes what has changed, with where it has
/// read to, in one synced batch for each four thousand records.
void count_views(const Job& job);

}  // namespace tidemill::bench
