// Oracle: what the engine promises, checked against what is left when one of its lives has ended
// and against what is there when everything is done.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "tests/sim/world.h"

namespace tidemill::sim {

class Oracle {
 public:
  explicit Oracle(World& world) : world_(world) {}

  /// May be asked whenever no engine is alive, and right after a power cut.
  void check_always();

  /// All pipelines say that they are done.
  void check_end(const std::vector<PipelineStats>& last_life);

 private:
  struct Fates;

  void check_event(const Flow& flow, const Fates& fates, std::uint32_t partition,
                   std::uint64_t index);
  void check_acks(const Flow& flow, const Fates& fates);
  void check_order(const Flow& flow, const std::string& kind);
  void check_relay(const Flow& flow, const Fates& fates, bool at_end);
  void check_lake(const Flow& flow, const Fates& fates, bool at_end);
  void check_dead(const Flow& flow, const Fates& fates);
  void check_event_at_end(const Flow& flow, const Fates& fates, std::uint32_t partition,
                          std::uint64_t index);
  void check_counts(const Flow& flow, const Fates& fates);
  void check_kinds(const Flow& flow, const Fates& fates);
  void check_read_counts(const Flow& flow, std::map<std::string, std::int64_t> counts);
  void check_replays(const Fates& fates);
  void check_progress(const Flow& flow);
  void check_windows(const Flow& flow, const Fates& fates);
  void check_clocks(const Flow& flow);

  World& world_;
};

}  // namespace tidemill::sim
