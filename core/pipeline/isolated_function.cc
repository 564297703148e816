#include "core/pipeline/isolated_function.h"

#include <utility>

namespace tidemill {

Result<std::unique_ptr<IsolatedFunction>> IsolatedFunction::make(
    const FunctionPlan& plan, std::shared_ptr<const Plugin> plugin, NativeHost host,
    WorkerOptions options, Scheduler& scheduler, std::size_t threads) {
  auto function =
      WorkerFunction::make(std::move(plugin), plan.config, std::move(host), std::move(options));
  if (!function) return std::unexpected(function.error());
  if (auto made = (*function)->provision(plan.provisioned); !made)
    return std::unexpected(made.error());
  std::unique_ptr<Turnstile> reserved;
  if (plan.reserved > 0) reserved = std::make_unique<Turnstile>(scheduler, plan.reserved);
  return std::unique_ptr<IsolatedFunction>(
      new IsolatedFunction(std::move(*function), std::move(reserved), threads));
}

std::unique_ptr<Invoker> IsolatedFunction::invoker() {
  return std::make_unique<PoolInvoker>(*function_, pool_.get_executor(), reserved_.get());
}

}  // namespace tidemill
