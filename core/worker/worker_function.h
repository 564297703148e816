// WorkerFunction: a function that runs in worker processes (`isolation: worker`) - the same plugin,
// through the same NativeFunction, behind a wall. A handler that never returns is killed at its
// deadline, one that crashes or takes too much memory fails its batch and nothing else.
//
// The dispatcher calls invoke() from its pool; it blocks until the worker has answered, died or
// been given up. Workers are started as they are needed and kept; one that died is replaced by the
// next invocation, with a back-off where they die young again and again. Answers hold nothing of a
// worker's: it may serve the next batch at once.
//
// Thread safety: all of it. No invoke() may run any more when it is destroyed; that takes about a
// second at most, however the workers behave.
#pragma once

#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "core/invoke/native_call.h"
#include "core/invoke/plugin.h"
#include "core/worker/nursery.h"
#include "core/worker/worker.h"
#include "tidemill/config_spec.h"
#include "tidemill/invocation.h"
#include "tidemill/result.h"

namespace tidemill {

struct WorkerOptions {
  /// The program with run_worker() in it, asked by `worker`: this very binary.
  std::string program = "/proc/self/exe";
  /// How long a start may take, with the loading of the plugin and its init phase.
  Duration start_timeout = std::chrono::seconds(30);
  /// A worker that dies sooner after its start died young.
  Duration young = std::chrono::seconds(1);
};

class WorkerFunction final : public Function {
 public:
  /// Starts the first worker, so that a configuration that the plugin refuses is known now.
  /// `config` and `concurrency` as in NativeFunction::make(). Of `host`, `memory_bytes_max` is what
  /// a worker may take in all, beyond what an empty one takes.
  ///
  /// Errors: bad_config or transient.
  static Result<std::unique_ptr<WorkerFunction>> make(std::shared_ptr<const Plugin> plugin,
                                                      const ResolvedOptions& config,
                                                      NativeHost host, WorkerOptions options = {},
                                                      std::uint32_t concurrency = 0);
  ~WorkerFunction() override;

  const FunctionTraits& traits() const override { return traits_; }
  std::string_view version() const override { return version_; }
  Answer invoke(const Request& request) override;

  /// Starts workers ahead of the first event, until `count` are idle. Errors: as make().
  Result<> provision(std::uint32_t count);

  /// At a shutdown that has waited long enough: asks every running invocation to stop, kills those
  /// that do not, and lets no other begin. For good; from any thread.
  void cancel();

 private:
  WorkerFunction(worker::WorkerSpec spec, std::string version, Duration young,
                 std::uint32_t concurrency);

  Result<std::unique_ptr<worker::Worker>> take();
  worker::End run(worker::Worker& worker, const Request& request, Answer& answer) const;
  Error put_off(Error error) const;
  void put_back(std::unique_ptr<worker::Worker> worker);
  void forget_one();
  void note_death(Instant started);
  void bury_dead();

  const worker::WorkerSpec spec_;
  const std::string version_;
  const Duration young_;
  const std::uint32_t concurrency_;
  FunctionTraits traits_;

  std::mutex mutex_;
  std::vector<std::unique_ptr<worker::Worker>> idle_;
  std::uint32_t running_ = 0;  ///< Workers that have a batch.
  std::uint32_t starting_ = 0;
  std::uint32_t young_deaths_ = 0;  ///< In a row; an answer in between begins anew.
  Instant start_after_;             ///< No worker is started before.

  worker::Nursery nursery_;  ///< Last: its thread uses the others.
};

}  // namespace tidemill
