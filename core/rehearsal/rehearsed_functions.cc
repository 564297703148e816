#include "core/rehearsal/rehearsed_functions.h"

#include <utility>

#include "core/rehearsal/stand_in_invoker.h"

namespace tidemill::rehearsal {
namespace {

class JournalingInvoker final : public Invoker {
 public:
  JournalingInvoker(std::unique_ptr<Invoker> inner, std::string function, PipelineId pipeline,
                    Journal& journal)
      : inner_(std::move(inner)),
        function_(std::move(function)),
        pipeline_(pipeline),
        journal_(journal) {}

  const FunctionTraits& traits() const override { return inner_->traits(); }
  std::string_view version() const override { return inner_->version(); }

  Task<Answer> invoke(const Request& request) override {
    const std::size_t number = journal_.invoked(pipeline_, function_, request);
    Answer answer = co_await inner_->invoke(request);
    journal_.answered(number, request, answer);
    co_return answer;
  }

 private:
  std::unique_ptr<Invoker> inner_;
  const std::string function_;
  const PipelineId pipeline_;
  Journal& journal_;
};

}  // namespace

Result<> RehearsedFunctions::load(const Plan& plan, PluginCatalog& plugins,
                                  const TableAccess& tables) {
  for (const FunctionPlan& wanted : plan.functions) {
    Loaded& loaded = functions_[wanted.name];
    loaded.isolation = wanted.isolation;
    if (wanted.reserved > 0)
      loaded.reserved = std::make_unique<Turnstile>(scheduler_, wanted.reserved);
    const StandIn* stand_in = case_.stand_in(wanted.name);
    if (stand_in != nullptr) loaded.rules = RuleBook(stand_in->rules);
    if (stand_in != nullptr && stand_in->decl) {
      loaded.decl = &*stand_in->decl;
    } else {
      auto plugin = plugins.plugin(wanted.native, wanted.folder);
      if (!plugin) return std::unexpected(plugin.error());
      loaded.plugin = std::move(*plugin);
      loaded.decl = &loaded.plugin->decl();
    }
    for (const auto& output : loaded.decl->outputs) loaded.traits.outputs.push_back(output.name);
    if (stand_in != nullptr) continue;
    if (auto made = load_native(wanted, tables, loaded); !made) return made;
  }
  return {};
}

Result<> RehearsedFunctions::load_native(const FunctionPlan& wanted, const TableAccess& tables,
                                         Loaded& loaded) {
  NativeHost host{.now = [this] { return scheduler_.now(); },
                  .log = &log_,
                  .read_row = tables.read_row,
                  .scan_rows = tables.scan_rows,
                  .memory_bytes_max = wanted.memory.value,
                  .function = wanted.name};
  auto made = NativeFunction::make(loaded.plugin, wanted.config, std::move(host));
  if (!made)
    return fail(made.error().fault, "function " + wanted.name + ": " + made.error().message);
  loaded.native = std::move(*made);
  return {};
}

const config::FunctionDecl& RehearsedFunctions::decl(const std::string& name) const {
  return *functions_.at(name).decl;
}

std::string_view RehearsedFunctions::version(const std::string& name) const {
  const Loaded& loaded = functions_.at(name);
  return loaded.native ? loaded.native->version() : StandInInvoker::version_of_mocks;
}

std::unique_ptr<Invoker> RehearsedFunctions::invoker(const std::string& name, BatchOrigin origin,
                                                     const RecordedSuspects*) {
  Loaded& loaded = functions_.at(name);
  std::unique_ptr<Invoker> inner;
  if (loaded.native) {
    inner =
        std::make_unique<PoolInvoker>(*loaded.native, scheduler_.blocking(), loaded.reserved.get());
  } else {
    inner = std::make_unique<StandInInvoker>(
        StandInInvoker::Role{name, *loaded.decl, loaded.rules, loaded.traits,
                             loaded.isolation == Isolation::worker, loaded.reserved.get()},
        scheduler_, journal_);
  }
  return std::make_unique<JournalingInvoker>(std::move(inner), name, origin.pipeline, journal_);
}

}  // namespace tidemill::rehearsal
