// Nursery: where worker processes are born, heard and buried. One thread starts them (the kernel
// ends a worker with the thread that started it), passes on to the log what they print, and sees
// to it that those that are given up end: SIGTERM, then SIGKILL to the group.
//
// Owned by a WorkerFunction. The destructor ends what is left of the buried, and the thread.
// Thread safety: all of it.
#pragma once

#include <condition_variable>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "core/worker/output_lines.h"
#include "core/worker/worker_process.h"
#include "tidemill/log.h"
#include "tidemill/time.h"

namespace tidemill::worker {

class Nursery {
 public:
  struct Environment {
    std::function<Instant()> now;
    Log* log = nullptr;  ///< Outlives the nursery.
    std::string function;
    /// Called on the nursery's thread when a process has ended, and again until it is reaped.
    std::function<void()> on_end;
  };

  explicit Nursery(Environment environment);
  ~Nursery();
  Nursery(const Nursery&) = delete;
  Nursery& operator=(const Nursery&) = delete;

  /// Starts a process and waits until it exists. Errors: transient.
  Result<WorkerProcess> start(const ProcessSpec& spec);

  /// Waits up to `patience` for the process to end by itself, then ends it, and reaps it.
  void bury(WorkerProcess process, Duration patience);

 private:
  struct Birth {
    const ProcessSpec* spec;
    Result<WorkerProcess> result = fail(Fault::cancelled, "the engine is closing");
    bool done = false;
  };
  struct Child {
    Descriptor pipe;   ///< What it prints; none once all that it started have closed it.
    Descriptor pidfd;  ///< None once it is reaped.
    OutputLines lines;
    bool ended = false;
  };
  struct Burial {
    WorkerProcess process;
    Instant term_at;
    Instant kill_at;
    bool asked = false;
  };

  void run();
  void deliver();
  void listen();
  void hear(Child& child);
  void report_ends();
  void end_graves();
  int milliseconds_to_sleep() const;
  void wake() const;

  const Environment environment_;
  Descriptor wake_;

  std::mutex mutex_;
  std::condition_variable delivered_;
  std::deque<Birth*> births_;
  std::vector<Burial> arriving_;
  bool closing_ = false;

  // The thread's own.
  std::vector<std::unique_ptr<Child>> children_;
  std::vector<Burial> graves_;

  std::thread thread_;
};

}  // namespace tidemill::worker
