#include "core/pipeline/function_set.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>
#include <utility>

#include "core/base/asio_scheduler.h"
#include "core/base/last_words.h"
#include "core/invoke/crash_signals.h"
#include "core/invoke/function_threads.h"

namespace tidemill {

FunctionSet::FunctionSet(Scheduler& scheduler, Log& log, CrashRecord* record, MemoryBudget* budget,
                         std::size_t threads, WorkerOptions workers)
    : scheduler_(scheduler),
      log_(log),
      record_(record),
      budget_(budget),
      threads_(threads),
      workers_(std::move(workers)) {}

Result<> FunctionSet::load(const Plan& plan, PluginCatalog& plugins, const TableAccess& tables) {
  if (record_ != nullptr && std::ranges::any_of(record_->crashed(), &CrashedBatch::stray))
    quarantine_.emplace(scheduler_, *record_);
  bool watched = false;
  for (const FunctionPlan& wanted : plan.functions) {
    auto plugin = plugins.plugin(wanted.native, wanted.folder);
    if (!plugin) return std::unexpected(plugin.error());
    NativeHost host{.now = &steady_now,
                    .log = &log_,
                    .read_row = tables.read_row,
                    .scan_rows = tables.scan_rows,
                    .memory_bytes_max = wanted.memory.value,
                    .function = wanted.name};
    if (wanted.isolation == Isolation::worker) {
      auto isolated =
          IsolatedFunction::make(wanted, *plugin, std::move(host), workers_, scheduler_, threads_);
      if (!isolated)
        return fail(isolated.error().fault,
                    "function " + wanted.name + ": " + isolated.error().message);
      functions_[wanted.name] = {*plugin, nullptr, std::move(*isolated)};
      continue;
    }
    auto function = NativeFunction::make(*plugin, wanted.config, std::move(host));
    if (!function)
      return fail(function.error().fault,
                  "function " + wanted.name + ": " + function.error().message);
    if (wanted.provisioned > 0)
      if (auto made = (*function)->provision(wanted.provisioned); !made) return made;
    const bool blocks = !(*function)->traits().non_blocking;
    watched = true;
    functions_[wanted.name] = {
        *plugin,
        std::make_unique<InProcessFunction>(InProcessFunction::Parts{
            .scheduler = scheduler_,
            .log = log_,
            .name = wanted.name,
            .timeout = wanted.timeout,
            .function = std::move(*function),
            .threads = blocks ? std::make_unique<FunctionThreads>(threads_) : nullptr,
            .reserved = wanted.reserved,
            .record = record_,
            .watch = &watch_,
            .budget = budget_,
            .quarantine = quarantine_ ? &*quarantine_ : nullptr,
            .now = &steady_now}),
        nullptr};
  }
  if (watched) watch_.start([this](const InlineWatch::Hung& hung) { end_process(hung); });
  return {};
}

// Nothing else helps: the event loop is in foreign code and does not come back.
void FunctionSet::end_process(const InlineWatch::Hung& hung) {
  if (record_ != nullptr) record_->mark_lost(hung.slot);
  last_words([this, hung] {
    log_.write(LogLevel::error,
               fmt::format("function {}, {}, has held the event loop for {} s; the process aborts, "
                           "and its next start invokes these events alone",
                           hung.subject->function, hung.subject->does, hung.subject->seconds_max));
  });
  leave_no_crash_mark();
  std::abort();
}

const config::FunctionDecl& FunctionSet::decl(const std::string& name) const {
  return functions_.at(name).plugin->decl();
}

std::string_view FunctionSet::version(const std::string& name) const {
  const Loaded& loaded = functions_.at(name);
  return loaded.isolated ? loaded.isolated->version() : loaded.function->native().version();
}

std::unique_ptr<Invoker> FunctionSet::invoker(const std::string& name, BatchOrigin origin,
                                              const RecordedSuspects* suspects) {
  Loaded& loaded = functions_.at(name);
  if (loaded.isolated) return loaded.isolated->invoker();
  return std::make_unique<InProcessInvoker>(*loaded.function, origin, suspects);
}

void FunctionSet::cancel() {
  for (auto& [name, loaded] : functions_) {
    if (loaded.isolated != nullptr) loaded.isolated->cancel();
    if (loaded.function != nullptr) loaded.function->cancel();
  }
}

void FunctionSet::abandon() {
  for (auto& [name, loaded] : functions_) {
    if (loaded.function) loaded.function->abandon();
    if (loaded.isolated) loaded.isolated->cancel();
  }
}

std::string FunctionSet::complaint(const std::string& name) const {
  const Loaded& loaded = functions_.at(name);
  return loaded.function ? loaded.function->complaint() : std::string();
}

std::size_t FunctionSet::lost_threads() const {
  std::size_t lost = 0;
  for (const auto& [name, loaded] : functions_)
    if (loaded.function)
      lost += loaded.function->lost_threads() + (loaded.function->cancelling() ? 1 : 0);
  return lost;
}

std::uint64_t FunctionSet::lost_bytes() const {
  std::uint64_t bytes = 0;
  for (const auto& [name, loaded] : functions_)
    if (loaded.function) bytes += loaded.function->lost_bytes();
  return bytes;
}

}  // namespace tidemill
