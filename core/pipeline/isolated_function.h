// IsolatedFunction: one function in worker processes, and the threads that wait for its workers.
// Its pipelines reach it through invoker().
//
// Driven from the scheduler's executor; cancel() from any thread.
#pragma once

#include <boost/asio/thread_pool.hpp>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "core/config/plan.h"
#include "core/dispatch/invoker.h"
#include "core/dispatch/turnstile.h"
#include "core/invoke/plugin.h"
#include "core/worker/worker_function.h"
#include "tidemill/async.h"
#include "tidemill/scheduler.h"

namespace tidemill {

class IsolatedFunction {
 public:
  /// Starts and provisions workers. `threads`: most calls at once. Errors: bad_config, transient.
  static Result<std::unique_ptr<IsolatedFunction>> make(const FunctionPlan& plan,
                                                        std::shared_ptr<const Plugin> plugin,
                                                        NativeHost host, WorkerOptions options,
                                                        Scheduler& scheduler, std::size_t threads);

  /// Waits for the calls under way.
  ~IsolatedFunction() { pool_.join(); }
  IsolatedFunction(const IsolatedFunction&) = delete;
  IsolatedFunction& operator=(const IsolatedFunction&) = delete;

  /// Lives no longer than this.
  std::unique_ptr<Invoker> invoker();

  /// On the threads of the function; waits for its turn where the concurrency is reserved.
  Task<Answer> invoke(const Request& request);

  const FunctionTraits& traits() const { return function_->traits(); }

  std::string_view version() const { return function_->version(); }

  /// Asks all running handlers to stop, and kills those that do not; nothing else begins.
  void cancel() { function_->cancel(); }

 private:
  IsolatedFunction(std::unique_ptr<WorkerFunction> function, std::unique_ptr<Turnstile> reserved,
                   std::size_t threads)
      : function_(std::move(function)), reserved_(std::move(reserved)), pool_(threads) {}

  std::unique_ptr<WorkerFunction> function_;
  std::unique_ptr<Turnstile> reserved_;  // Null: no cap.
  boost::asio::thread_pool pool_;
};

}  // namespace tidemill
