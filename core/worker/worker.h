// Worker: the engine's end of one worker process - it starts it, talks to it through its channel,
// and serves what the handler asks of the host while an invocation runs.
//
// Driven by WorkerFunction: started, then one run() at a time, until it says that the worker is of
// no more use; then retire(). Nothing that a worker says is believed.
//
// Thread safety: none.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "core/invoke/native_call.h"
#include "core/invoke/plugin.h"
#include "core/worker/channel.h"
#include "core/worker/host_calls.h"
#include "core/worker/nursery.h"
#include "core/worker/placement.h"
#include "core/worker/stop_bell.h"
#include "core/worker/worker_process.h"
#include "tidemill/invocation.h"

namespace tidemill::worker {

/// What all workers of one function have in common. Outlives them.
struct WorkerSpec {
  std::string program;  ///< Calls run_worker() when its first argument is `worker`.
  std::shared_ptr<const Plugin> plugin;
  ResolvedOptions config;
  NativeHost host;
  Duration start_timeout{0};
  std::unique_ptr<StopBell> stop;  ///< Once it has rung, waits end as if their deadline had come.
};

/// What became of the worker in a run().
enum class End {
  reusable,
  used_up,      ///< It answered, but was told to stop before: not to be used again.
  stuck,        ///< It has to be ended by force.
  died,         ///< It ended by itself, and is reaped.
  never_began,  ///< It had died before it took the batch, which may go to another; reaped.
};

class Worker {
 public:
  /// Starts a process and waits until its function is ready.
  ///
  /// Errors: bad_config or transient, as the plugin's create says; transient when the process
  /// cannot start, dies or takes too long; cancelled.
  static Result<std::unique_ptr<Worker>> start(const WorkerSpec& spec, Nursery& nursery);

  /// Runs one batch. Fills `answer` except with End::never_began.
  End run(const Request& request, Answer& answer);

  /// Lets the process end: an idle one by itself, within `patience`, any other one by force.
  static void retire(std::unique_ptr<Worker> worker, Nursery& nursery, Duration patience);

  /// Whether the process has ended by itself; then how, as in "was killed by SIGSEGV". Once.
  std::optional<std::string> ended();

  Instant started() const { return started_; }

 private:
  enum class Arrival { message, died, late };

  Worker(const WorkerSpec& spec, Channel channel, WakePipe wake_worker, Descriptor wake_engine,
         Descriptor cancel, Descriptor awaited, WorkerProcess process);

  bool listen();
  Result<> await_ready();
  Arrival next(Instant deadline, bool heed_stop, Message& message);
  Answer take_answer(const Request& request, const Message& message, bool& broken);
  Error timed_out(const Request& request) const;

  const WorkerSpec& spec_;
  Channel channel_;
  WakePipe wake_worker_;
  Descriptor wake_engine_;
  Descriptor cancel_;
  WorkerProcess process_;
  Descriptor awaited_;  ///< An epoll of what ends a wait.
  Placement placement_;
  Port port_;
  HostCalls host_calls_;
  Instant started_;
  std::uint64_t invocation_ = 0;
  std::uint64_t request_seen_at_ = 0;  ///< By the worker; only what it reads depends on it.
};

}  // namespace tidemill::worker
