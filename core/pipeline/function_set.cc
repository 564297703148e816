#include "core/pipeline/function_set.h"

#include <utility>

#include "core/base/asio_scheduler.h"

namespace tidemill {

FunctionSet::FunctionSet(Scheduler& scheduler, Log& log, std::size_t threads)
    : scheduler_(scheduler), log_(log), pool_(threads) {}

Result<> FunctionSet::load(const Plan& plan, PluginCatalog& plugins, const TableReader& read_row) {
  for (const FunctionPlan& wanted : plan.functions) {
    auto plugin = plugins.plugin(wanted.native, wanted.folder);
    if (!plugin) return std::unexpected(plugin.error());
    NativeHost host{.now = &steady_now,
                    .log = &log_,
                    .read_row = read_row,
                    .memory_bytes_max = wanted.memory.value,
                    .function = wanted.name};
    auto function = NativeFunction::make(*plugin, wanted.config, std::move(host));
    if (!function)
      return fail(function.error().fault,
                  "function " + wanted.name + ": " + function.error().message);
    if (wanted.provisioned > 0)
      if (auto made = (*function)->provision(wanted.provisioned); !made) return made;
    std::unique_ptr<Turnstile> reserved;
    if (wanted.reserved > 0) reserved = std::make_unique<Turnstile>(scheduler_, wanted.reserved);
    functions_[wanted.name] = {*plugin, std::move(*function), std::move(reserved)};
  }
  return {};
}

const config::FunctionDecl& FunctionSet::decl(const std::string& name) const {
  return functions_.at(name).plugin->decl();
}

std::unique_ptr<Invoker> FunctionSet::invoker(const std::string& name) {
  Loaded& loaded = functions_.at(name);
  return std::make_unique<PoolInvoker>(*loaded.function, pool_.get_executor(),
                                       loaded.reserved.get());
}

void FunctionSet::cancel() {
  for (auto& [name, loaded] : functions_) loaded.function->cancel();
}

}  // namespace tidemill
