#include "core/worker/worker_function.h"

#include <fmt/format.h>

#include <algorithm>
#include <exception>
#include <limits>
#include <utility>

#include "core/invoke/fingerprint.h"

namespace tidemill {
namespace {

using worker::End;
using worker::Worker;

// So many may die young one after the other, as while the event to blame is looked for, before
// starts are held back; then the wait doubles from death to death.
constexpr std::uint32_t young_deaths_free = 3;
constexpr Duration hold_back_first = std::chrono::milliseconds(100);
constexpr Duration hold_back_max = std::chrono::seconds(30);

// What an idle worker gets to end by itself.
constexpr Duration quit_patience = std::chrono::milliseconds(500);

// A start that failed is tried again this much later.
constexpr auto start_retry_after = std::chrono::milliseconds(1000);

// A busy function is asked again this much later.
constexpr auto busy_retry_after = std::chrono::milliseconds(10);

}  // namespace

WorkerFunction::WorkerFunction(worker::WorkerSpec spec, std::string version, Duration young,
                               std::uint32_t concurrency)
    : spec_(std::move(spec)),
      version_(std::move(version)),
      young_(young),
      concurrency_(concurrency == 0 ? std::numeric_limits<std::uint32_t>::max() : concurrency),
      nursery_({.now = spec_.host.now,
                .log = spec_.host.log,
                .function = spec_.host.function,
                .on_end = [this] { bury_dead(); }}) {
  for (const auto& output : spec_.plugin->decl().outputs) traits_.outputs.push_back(output.name);
}

Result<std::unique_ptr<WorkerFunction>> WorkerFunction::make(std::shared_ptr<const Plugin> plugin,
                                                             const ResolvedOptions& config,
                                                             NativeHost host, WorkerOptions options,
                                                             std::uint32_t concurrency) {
  auto version = fingerprint_of(plugin->binary_hash(), config);
  worker::WorkerSpec spec{.program = std::move(options.program),
                          .plugin = std::move(plugin),
                          .config = config,
                          .host = std::move(host),
                          .start_timeout = options.start_timeout,
                          .stop = std::make_unique<worker::StopBell>()};
  if (!spec.stop->sound()) return fail_errno(Fault::transient, "cannot make what stops workers");
  std::unique_ptr<WorkerFunction> function(
      new WorkerFunction(std::move(spec), std::move(version), options.young, concurrency));
  if (auto ok = function->provision(1); !ok) return std::unexpected(ok.error());
  return function;
}

WorkerFunction::~WorkerFunction() {
  std::vector<std::unique_ptr<Worker>> idle;
  {
    const std::lock_guard lock(mutex_);
    idle.swap(idle_);
  }
  for (auto& each : idle) Worker::retire(std::move(each), nursery_, quit_patience);
}

Result<> WorkerFunction::provision(std::uint32_t count) {
  for (;;) {
    {
      const std::lock_guard lock(mutex_);
      if (idle_.size() >= std::min(count, concurrency_)) return {};
    }
    auto started = Worker::start(spec_, nursery_);
    if (!started) return std::unexpected(started.error());
    const std::lock_guard lock(mutex_);
    idle_.push_back(std::move(*started));
  }
}

Result<std::unique_ptr<Worker>> WorkerFunction::take() {
  if (spec_.stop->rung())
    return fail(Fault::cancelled,
                fmt::format("function {} was stopped with the engine", spec_.host.function));
  {
    const std::lock_guard lock(mutex_);
    if (running_ + starting_ >= concurrency_) {
      Error busy{
          Fault::throttled,
          fmt::format("all {} workers of function {} are busy", concurrency_, spec_.host.function),
          busy_retry_after};
      return std::unexpected(std::move(busy));
    }
    if (!idle_.empty()) {
      auto taken = std::move(idle_.back());
      idle_.pop_back();
      ++running_;
      return taken;
    }
    const auto wait = start_after_ - spec_.host.now();
    if (wait > wait.zero()) {
      Error held_back{Fault::throttled,
                      fmt::format("function {}: {} workers died right after their start; the next "
                                  "one waits",
                                  spec_.host.function, young_deaths_),
                      std::chrono::ceil<std::chrono::milliseconds>(wait)};
      return std::unexpected(std::move(held_back));
    }
    ++starting_;
  }

  // A cold start takes its time: never under the lock.
  const Instant begun = spec_.host.now();
  auto started = Worker::start(spec_, nursery_);
  if (!started) {
    note_death(begun);
    started = std::unexpected(put_off(std::move(started.error())));
  }
  const std::lock_guard lock(mutex_);
  --starting_;
  if (started) ++running_;
  return started;
}

// That no worker can be started is not the fault of any event: those wait.
Error WorkerFunction::put_off(Error error) const {
  error.message = fmt::format("function {}: {}", spec_.host.function, error.message);
  if (error.fault != Fault::transient) return error;
  error.fault = Fault::throttled;
  error.retry_after = start_retry_after;
  return error;
}

// The engine may have no memory for what a worker asks or answers: that batch fails, and its worker
// is in the middle of something.
End WorkerFunction::run(Worker& worker, const Request& request, Answer& answer) const {
  try {
    return worker.run(request, answer);
  } catch (const std::exception& e) {
    answer = Answer();
    answer.error = Error{Fault::transient,
                         fmt::format("function {}: the engine could not serve its worker: {}",
                                     spec_.host.function, e.what())};
    return End::stuck;
  }
}

Answer WorkerFunction::invoke(const Request& request) {
  for (;;) {
    Answer answer;
    auto taken = take();
    if (!taken) {
      answer.error = std::move(taken.error());
      return answer;
    }
    Worker& worker = **taken;
    const End end = run(worker, request, answer);
    if (end == End::reusable) {
      put_back(std::move(*taken));
      return answer;
    }
    forget_one();
    switch (end) {
      case End::never_began:
        note_death(worker.started());
        continue;
      case End::died:
        note_death(worker.started());
        break;
      case End::used_up:
        Worker::retire(std::move(*taken), nursery_, quit_patience);
        break;
      default:
        Worker::retire(std::move(*taken), nursery_, Duration(0));
    }
    return answer;
  }
}

void WorkerFunction::put_back(std::unique_ptr<Worker> worker) {
  const std::lock_guard lock(mutex_);
  --running_;
  idle_.push_back(std::move(worker));
  young_deaths_ = 0;
}

void WorkerFunction::forget_one() {
  const std::lock_guard lock(mutex_);
  --running_;
}

void WorkerFunction::note_death(Instant started) {
  const Instant now = spec_.host.now();
  const std::lock_guard lock(mutex_);
  if (now - started >= young_) return;
  if (++young_deaths_ <= young_deaths_free) return;
  const std::uint32_t doublings = std::min(young_deaths_ - young_deaths_free - 1, 20u);
  start_after_ = now + std::min(hold_back_first * (1u << doublings), hold_back_max);
}

// An idle worker may die too: killed by the kernel for its memory, or by a thread of its plugin.
void WorkerFunction::bury_dead() {
  std::vector<std::pair<Instant, std::string>> deaths;
  {
    const std::lock_guard lock(mutex_);
    std::erase_if(idle_, [&](auto& each) {
      auto how = each->ended();
      if (how) deaths.emplace_back(each->started(), std::move(*how));
      return how.has_value();
    });
  }
  for (const auto& [started, how] : deaths) {
    spec_.host.log->write(LogLevel::warning,
                          fmt::format("function {}: an idle worker {}", spec_.host.function, how));
    note_death(started);
  }
}

void WorkerFunction::cancel() { spec_.stop->ring(); }

}  // namespace tidemill
