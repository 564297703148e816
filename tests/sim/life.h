// Life: one life of a simulated engine - the objects of the product between fake edges, from a
// start with what the store holds to an end, whichever it is.
#pragma once

#include <memory>
#include <vector>

#include "core/dispatch/commit_sequencer.h"
#include "core/dispatch/pipeline_runner.h"
#include "core/streams/stream_hub.h"
#include "tests/sim/edges.h"
#include "tests/sim/relay.h"
#include "tidemill/testing/virtual_scheduler.h"

namespace tidemill::sim {

class Life {
 public:
  Life(World& world, std::uint64_t seed);
  ~Life();

  /// Runs one handler. False: nothing is left to do.
  bool step();
  void drain();
  /// Dead letters were marked for their replay.
  void replay();

  bool ended() const { return ended_; }
  std::uint64_t steps() const { return scheduler_.steps(); }
  Duration lived() const {
    return std::chrono::duration_cast<Duration>(scheduler_.now().time_since_epoch());
  }
  std::vector<PipelineStats> stats() const;

 private:
  struct Line;

  Task<> live();
  void start_lines();
  Task<> run_line(Line& line);
  Task<bool> decide(Line& line);
  Task<> run_relay(Relay& relay, Relay::Line& line);
  void line_has_ended();
  void stop_lines();
  template <class Visit>
  void each_runner(Visit visit) const;
  Task<> recover();
  void check_credits();
  void check_syncs();

  World& world_;
  testing::VirtualScheduler scheduler_;
  CommitSequencer sequencer_;
  MemoryBudget budget_;
  StreamHub hub_;
  std::vector<std::unique_ptr<Line>> lines_;
  std::size_t running_ = 0;
  bool draining_ = false;
  bool ended_ = false;
  Instant level_{};  // When everything visible was durable, or nothing could be.
  Signal line_ended_;
};

}  // namespace tidemill::sim
