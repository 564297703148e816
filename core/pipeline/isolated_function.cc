#include "core/pipeline/isolated_function.h"

#include <utility>

namespace tidemill {
namespace {

class IsolatedInvoker final : public Invoker {
 public:
  explicit IsolatedInvoker(IsolatedFunction& function) : function_(function) {}

  const FunctionTraits& traits() const override { return function_.traits(); }
  std::string_view version() const override { return function_.version(); }
  Task<Answer> invoke(const Request& request) override { return function_.invoke(request); }

 private:
  IsolatedFunction& function_;
};

}  // namespace

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
  return std::make_unique<IsolatedInvoker>(*this);
}

Task<Answer> IsolatedFunction::invoke(const Request& request) {
  if (reserved_ != nullptr) co_await reserved_->enter();
  auto work = [this, &request] { return function_->invoke(request); };
  Answer answer = co_await run_on(pool_.get_executor(), std::move(work));
  if (reserved_ != nullptr) reserved_->leave();
  co_return answer;
}

}  // namespace tidemill
