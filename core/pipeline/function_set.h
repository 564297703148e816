// FunctionSet: the functions of a plan, each once, whichever pipelines use it.
#pragma once

#include <cstddef>
#include <map>
#include <memory>
#include <optional>
#include <string>

#include "core/config/plan.h"
#include "core/dispatch/memory_budget.h"
#include "core/invoke/crash_record.h"
#include "core/invoke/inline_watch.h"
#include "core/pipeline/function_host.h"
#include "core/pipeline/in_process.h"
#include "core/pipeline/isolated_function.h"
#include "core/pipeline/quarantine.h"
#include "tidemill/scheduler.h"

namespace tidemill {

class FunctionSet final : public FunctionHost {
 public:
  /// `threads`: calls of one blocking function at once. `record` and `budget` may be null.
  FunctionSet(Scheduler& scheduler, Log& log, CrashRecord* record, MemoryBudget* budget,
              std::size_t threads, WorkerOptions workers);

  Result<> load(const Plan& plan, PluginCatalog& plugins, const TableAccess& tables) override;
  const config::FunctionDecl& decl(const std::string& name) const override;
  std::string_view version(const std::string& name) const override;
  std::unique_ptr<Invoker> invoker(const std::string& name, BatchOrigin origin,
                                   const RecordedSuspects* suspects) override;
  void cancel() override;
  void abandon() override;
  std::string complaint(const std::string& name) const override;
  std::size_t lost_threads() const override;
  std::uint64_t lost_bytes() const override;
  void join() override { functions_.clear(); }

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
