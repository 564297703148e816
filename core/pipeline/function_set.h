// FunctionSet: the functions of a plan, each once, whichever pipelines use it; and the threads that
// run those which block.
#pragma once

#include <boost/asio/thread_pool.hpp>
#include <cstddef>
#include <map>
#include <memory>
#include <string>

#include "core/config/plan.h"
#include "core/dispatch/invoker.h"
#include "core/dispatch/turnstile.h"
#include "core/invoke/catalog.h"
#include "core/invoke/native_function.h"
#include "tidemill/scheduler.h"

namespace tidemill {

class FunctionSet {
 public:
  FunctionSet(Scheduler& scheduler, Log& log, std::size_t threads);

  /// Loads and provisions every function of the plan. Errors: bad_config, transient.
  Result<> load(const Plan& plan, PluginCatalog& plugins, const TableReader& read_row);

  /// What the plugin behind a function of the plan declares. Precondition: loaded.
  const config::FunctionDecl& decl(const std::string& name) const;

  /// A way to invoke it for one pipeline; lives no longer than this set. Precondition: loaded.
  std::unique_ptr<Invoker> invoker(const std::string& name);

  /// Asks all running handlers to stop. From any thread.
  void cancel();

  /// Waits for the threads; nothing is invoked afterwards.
  void join() { pool_.join(); }

 private:
  struct Loaded {
    std::shared_ptr<const Plugin> plugin;
    std::unique_ptr<NativeFunction> function;
    std::unique_ptr<Turnstile> reserved;  // Null: no cap.
  };

  Scheduler& scheduler_;
  Log& log_;
  boost::asio::thread_pool pool_;
  std::map<std::string, Loaded> functions_;
};

}  // namespace tidemill
