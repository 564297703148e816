// Placement: on which processor a worker runs. One whose batches take microseconds follows the
// thread that waits for it onto its processor, where the two take turns for a few microseconds and
// share their caches. Left to itself, the kernel wakes it on an idle processor: waking that up
// takes longer than such a batch (57 us a round trip on a virtual machine, instead of 6).
//
// A worker that takes longer runs wherever the kernel likes, and so do its threads.
//
// Thread safety: none; the engine's side of one worker.
#pragma once

#include <sched.h>
#include <sys/types.h>

#include "tidemill/time.h"

namespace tidemill::worker {

class Placement {
 public:
  /// How long a wait for a worker that follows may last before it is to be set free. A timer that
  /// is due before the kernel's next tick (4 ms, mostly) has to be programmed into the clock and
  /// out again, which takes longer than a turn on a virtual machine; a later one costs nothing.
  static constexpr Duration patience = std::chrono::milliseconds(10);

  explicit Placement(pid_t pid);

  /// The calling thread is about to wait for a batch.
  void begin();

  /// It took so long, from the post to the answer. One that took more than 1 ms sets it free.
  void end(Duration took);

  bool follows() const { return processor_ >= 0; }

  /// Lets the process and the threads it has started run anywhere again.
  void release();

 private:
  const pid_t pid_;
  cpu_set_t anywhere_;
  int processor_ = -1;
  int quick_ = 0;  ///< Batches in a row that were.
};

}  // namespace tidemill::worker
