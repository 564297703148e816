// FunctionSet: the functions of a plan, each once, whichever pipelines use it.
#pragma once

#include <cstddef>
#include <map>
#include <memory>
#include <string>

#include "core/config/plan.h"
#include "core/dispatch/invoker.h"
#include "core/dispatch/suspects.h"
#include "core/invoke/catalog.h"
#include "core/invoke/native_function.h"
#include "core/pipeline/isolated_function.h"
#include "tidemill/scheduler.h"

namespace tidemill {

class FunctionSet {
 public:
  /// `threads`: calls of blocking functions at once in process, and of each isolated one.
  FunctionSet(Scheduler& scheduler, Log& log, std::size_t threads, WorkerOptions workers);

  /// Loads and provisions every function of the plan. Errors: bad_config, transient.
  Result<> load(const Plan& plan, PluginCatalog& plugins, const TableReader& read_row);

  /// What the plugin behind a function of the plan declares. Precondition: loaded.
  const config::FunctionDecl& decl(const std::string& name) const;

  /// Hash of a function's binary and configuration. Precondition: loaded.
  std::string_view version(const std::string& name) const;

  /// A way to invoke it for one pipeline; lives no longer than this set, nor than `suspects`, which
  /// may be null. Precondition: loaded.
  std::unique_ptr<Invoker> invoker(const std::string& name, BatchOrigin origin,
                                   const Suspects* suspects);

  /// Asks all running handlers to stop. From any thread.
  void cancel();

  /// Waits for the threads; nothing is invoked afterwards.
  void join();

 private:
  struct Loaded {
    std::shared_ptr<const Plugin> plugin;
    std::unique_ptr<NativeFunction> function;    // One of the two.
    std::unique_ptr<IsolatedFunction> isolated;  // With `isolation: worker`.
    std::unique_ptr<Turnstile> reserved;         // Null: no cap.
  };

  [[noreturn]] void end_process(const InlineWatch::Hung& hung);

  Scheduler& scheduler_;
  Log& log_;
  std::size_t threads_;
  WorkerOptions workers_;
  boost::asio::thread_pool pool_;
  std::map<std::string, Loaded> functions_;
  InlineWatch watch_;  // Last: its thread looks at the functions.
};

}  // namespace tidemill
