// RehearsedFunctions: the functions of a rehearsal - the real plugins, in this process and in no
// virtual time, and mocked ones. Every invocation goes into the journal.
//
// Lives on the rehearsal's executor.
#pragma once

#include <map>
#include <memory>
#include <string>

#include "core/dispatch/turnstile.h"
#include "core/invoke/native_function.h"
#include "core/pipeline/function_host.h"
#include "core/rehearsal/case_file.h"
#include "core/rehearsal/journal.h"
#include "core/rehearsal/rule_book.h"

namespace tidemill::rehearsal {

/// Plugins, but for the functions whose outputs a case declares itself.
class StandInCatalog final : public config::FunctionCatalog {
 public:
  StandInCatalog(config::FunctionCatalog& real, const Case& rehearsed)
      : real_(real), case_(rehearsed) {}

  Result<const config::FunctionDecl*> find(std::string_view native,
                                           const std::string& folder) override {
    return real_.find(native, folder);
  }
  const config::FunctionDecl* stand_in(std::string_view name) const override {
    const StandIn* one = case_.stand_in(name);
    return one != nullptr && one->decl ? &*one->decl : nullptr;
  }
  std::vector<std::string> names() const override { return real_.names(); }

 private:
  config::FunctionCatalog& real_;
  const Case& case_;
};

class RehearsedFunctions final : public FunctionHost {
 public:
  /// All outlive it.
  RehearsedFunctions(const Case& rehearsed, Scheduler& scheduler, Log& log, Journal& journal)
      : case_(rehearsed), scheduler_(scheduler), log_(log), journal_(journal) {}

  Result<> load(const Plan& plan, PluginCatalog& plugins, const TableAccess& tables) override;
  const config::FunctionDecl& decl(const std::string& name) const override;
  std::string_view version(const std::string& name) const override;
  std::unique_ptr<Invoker> invoker(const std::string& name, BatchOrigin origin,
                                   const RecordedSuspects* suspects) override;

 private:
  struct Loaded {
    const config::FunctionDecl* decl = nullptr;
    std::shared_ptr<const Plugin> plugin;    // Owns the declaration, where it is the plugin's.
    std::unique_ptr<NativeFunction> native;  // Null: it is mocked.
    RuleBook rules;
    Isolation isolation = Isolation::in_process;
    FunctionTraits traits;                // Of a mocked one.
    std::unique_ptr<Turnstile> reserved;  // Null: no cap.
  };
  Result<> load_native(const FunctionPlan& wanted, const TableAccess& tables, Loaded& loaded);

  const Case& case_;
  Scheduler& scheduler_;
  Log& log_;
  Journal& journal_;
  std::map<std::string, Loaded> functions_;
};

}  // namespace tidemill::rehearsal
