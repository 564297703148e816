// ProgressLine: one line on a terminal that says how a run is going, redrawn twice a second.
//
// Lives on the scheduler's executor. Draws nothing unless stderr is a terminal.
#pragma once

#include <cstdint>

#include "core/pipeline/engine.h"
#include "tidemill/scheduler.h"

namespace tidemill::app {

class ProgressLine {
 public:
  ProgressLine(Scheduler& scheduler, const Engine& engine);
  ~ProgressLine() { stop(); }
  ProgressLine(const ProgressLine&) = delete;
  ProgressLine& operator=(const ProgressLine&) = delete;

  /// Draws until stop(); `wanted` false means never.
  void start(bool wanted);

  /// Clears the line.
  void stop();

 private:
  void schedule();
  void draw();

  Scheduler& scheduler_;
  const Engine& engine_;
  Scheduler::TimerId timer_ = Scheduler::TimerId::none;
  bool drawn_ = false;
  std::uint64_t events_before_ = 0;
  Instant drawn_before_;
};

}  // namespace tidemill::app
