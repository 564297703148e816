#include "core/pipeline/function_set.h"

#include <fmt/format.h>

#include <cstdlib>
#include <utility>

#include "core/base/asio_scheduler.h"
#include "core/invoke/function_threads.h"

namespace tidemill {

FunctionSet::FunctionSet(Scheduler& scheduler, Log& log, std::size_t threads, WorkerOptions workers)
    : scheduler_(scheduler),
      log_(log),
      threads_(threads),
      workers_(std::move(workers)),
      pool_(threads) {}

Result<> FunctionSet::load(const Plan& plan, PluginCatalog& plugins, const TableReader& read_row) {
  bool watched = false;
  for (const FunctionPlan& wanted : plan.functions) {
    auto plugin = plugins.plugin(wanted.native, wanted.folder);
    if (!plugin) return std::unexpected(plugin.error());
    NativeHost host{.now = &steady_now,
                    .log = &log_,
                    .read_row = read_row,
                    .memory_bytes_max = wanted.memory.value,
                    .function = wanted.name};
    if (wanted.isolation == Isolation::worker) {
      auto isolated =
          IsolatedFunction::make(wanted, *plugin, std::move(host), workers_, scheduler_, threads_);
      if (!isolated)
        return fail(isolated.error().fault,
                    "function " + wanted.name + ": " + isolated.error().message);
      functions_[wanted.name] = {*plugin, nullptr, std::move(*isolated), nullptr};
      continue;
    }
    auto function = NativeFunction::make(*plugin, wanted.config, std::move(host));
    if (!function)
      return fail(function.error().fault,
                  "function " + wanted.name + ": " + function.error().message);
    if (wanted.provisioned > 0)
      if (auto made = (*function)->provision(wanted.provisioned); !made) return made;
    std::unique_ptr<Turnstile> reserved;
    if (wanted.reserved > 0) reserved = std::make_unique<Turnstile>(scheduler_, wanted.reserved);
    functions_[wanted.name] = {*plugin, std::move(*function), nullptr, std::move(reserved)};
  }
  if (watched) watch_.start([this](const InlineWatch::Hung& hung) { end_process(hung); });
  return {};
}

// Nothing else helps: the event loop is in foreign code and does not come back.
void FunctionSet::end_process(const InlineWatch::Hung& hung) {
  log_.write(LogLevel::error,
             fmt::format("function {}, which declares itself non-blocking, has held the event loop "
                         "for {} s; the process aborts, and its next start invokes these events "
                         "alone",
                         hung.subject->function, hung.subject->seconds_max));
  if (record_ != nullptr) record_->mark_lost(hung.slot);
  std::abort();
}

const config::FunctionDecl& FunctionSet::decl(const std::string& name) const {
  return functions_.at(name).plugin->decl();
}

std::unique_ptr<Invoker> FunctionSet::invoker(const std::string& name) {
  Loaded& loaded = functions_.at(name);
  if (loaded.isolated != nullptr) return loaded.isolated->invoker();
  return std::make_unique<PoolInvoker>(*loaded.function, pool_.get_executor(),
                                       loaded.reserved.get());
}

void FunctionSet::cancel() {
  for (auto& [name, loaded] : functions_) {
    if (loaded.isolated != nullptr) loaded.isolated->cancel();
    if (loaded.function != nullptr) loaded.function->cancel();
  }
}

void FunctionSet::join() {
  pool_.join();
  for (auto& [name, loaded] : functions_) loaded.isolated.reset();
}

void FunctionSet::abandon() {
  for (auto& [name, loaded] : functions_) loaded.function->abandon();
}

std::string FunctionSet::complaint(const std::string& name) const {
  return functions_.at(name).function->complaint();
}

std::size_t FunctionSet::lost_threads() const {
  std::size_t lost = 0;
  for (const auto& [name, loaded] : functions_) lost += loaded.function->lost_threads();
  return lost;
}

std::uint64_t FunctionSet::lost_bytes() const {
  std::uint64_t bytes = 0;
  for (const auto& [name, loaded] : functions_) bytes += loaded.function->lost_bytes();
  return bytes;
}

}  // namespace tidemill
