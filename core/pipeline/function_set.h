// FunctionSet: the functions of a plan, each once, whichever pipelines use it.
#pragma once

#include <cstddef>
#include <map>
#include <memory>
#include <optional>
#include <string>

#include "core/config/plan.h"
#include "core/dispatch/invoker.h"
#include "core/dispatch/memory_budget.h"
#include "core/invoke/catalog.h"
#include "core/invoke/crash_record.h"
#include "core/invoke/inline_watch.h"
#include "core/pipeline/in_process.h"
#include "core/pipeline/isolated_function.h"
#include "core/pipeline/quarantine.h"
#include "core/pipeline/recorded_suspects.h"
#include "tidemill/scheduler.h"

namespace tidemill {

class FunctionSet {
 public:
  /// `threads`: calls of one blocking function at once. `record` and `budget` may be null.
  FunctionSet(Scheduler& scheduler, Log& log, CrashRecord* record, MemoryBudget* budget,
              std::size_t threads, WorkerOptions workers);

  /// Loads and provisions every function of the plan. Errors: bad_config, transient.
  Result<> load(const Plan& plan, PluginCatalog& plugins, const TableReader& read_row);

  /// What the plugin behind a function of the plan declares. Precondition: loaded.
  const config::FunctionDecl& decl(const std::string& name) const;

  /// Hash of a function's binary and configuration. Precondition: loaded.
  std::string_view version(const std::string& name) const;

  /// A way to invoke it for one pipeline; lives no longer than this set, nor than `suspects`, which
  /// may be null. Precondition: loaded.
  std::unique_ptr<Invoker> invoker(const std::string& name, BatchOrigin origin,
                                   const RecordedSuspects* suspects);

  /// Asks all running handlers to stop. From any thread.
  void cancel();

  /// Gives up every call under way; the handlers run on until the process ends.
  void abandon();

  /// Why batches of a function wait, in a sentence; empty when they do not. Precondition: loaded.
  std::string complaint(const std::string& name) const;

  /// Threads whose handlers were given up and have not returned, or that are asked to cancel them.
  /// While there are any, this must not be destroyed: it would wait for them.
  std::size_t lost_threads() const;

  /// Bytes of events that lost threads hold.
  std::uint64_t lost_bytes() const;

  /// Waits for all threads; nothing is invoked afterwards.
  void join() { functions_.clear(); }

 private:
  struct Loaded {
    std::shared_ptr<const Plugin> plugin;
    std::unique_ptr<InProcessFunction> function;  // One of the two.
    std::unique_ptr<IsolatedFunction> isolated;   // With `isolation: worker`.
  };

  [[noreturn]] void end_process(const InlineWatch::Hung& hung);

  Scheduler& scheduler_;
  Log& log_;
  CrashRecord* record_;
  MemoryBudget* budget_;
  std::optional<Quarantine> quarantine_;  // After a crash that could not be placed.
  std::size_t threads_;
  WorkerOptions workers_;
  std::map<std::string, Loaded> functions_;
  InlineWatch watch_;  // Last: its thread looks at the functions.
};

}  // namespace tidemill
