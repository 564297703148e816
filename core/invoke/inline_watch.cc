#include "core/invoke/inline_watch.h"

#include <chrono>
#include <condition_variable>
#include <mutex>
#include <utility>

namespace tidemill {

std::optional<InlineWatch::Hung> InlineWatch::look() {
  const std::uint64_t count = count_.load(std::memory_order_acquire);
  const bool same = count % 2 == 1 && count == seen_;
  seen_ = count;
  seconds_ = same ? seconds_ + 1 : 0;
  if (!same) return std::nullopt;
  const Hung hung{subject_.load(std::memory_order_relaxed), slot_.load(std::memory_order_relaxed)};
  // Both belong to the call that hangs only if that is the one under way still.
  std::atomic_thread_fence(std::memory_order_acquire);
  if (count_.load(std::memory_order_relaxed) != count) return std::nullopt;
  if (seconds_ <= hung.subject->seconds_max) return std::nullopt;
  return hung;
}

void InlineWatch::start(std::function<void(const Hung&)> on_hung) {
  thread_ = std::jthread(
      [this, act = std::move(on_hung)](const std::stop_token& stop) { watch(stop, act); });
}

void InlineWatch::watch(const std::stop_token& stop,
                        const std::function<void(const Hung&)>& on_hung) {
  std::mutex mutex;
  std::condition_variable_any never;
  std::unique_lock lock(mutex);
  while (!stop.stop_requested()) {
    // A process that was suspended meanwhile counts one second, not all of them.
    never.wait_for(lock, stop, std::chrono::seconds(1), [] { return false; });
    if (const auto hung = look()) on_hung(*hung);
  }
}

}  // namespace tidemill
