#include "core/expression/jq_watch.h"

#include "core/expression/jq_guard.h"

namespace tidemill::expression {

std::shared_ptr<JqWatch> JqWatch::get() {
  static std::mutex mutex;
  static std::weak_ptr<JqWatch> known;
  const std::lock_guard lock(mutex);
  auto watch = known.lock();
  if (watch == nullptr) known = watch = std::make_shared<JqWatch>();
  return watch;
}

JqWatch::JqWatch() : thread_([this](const std::stop_token& stop) { watch(stop); }) {}

void JqWatch::add(JqGuard& guard) {
  const std::lock_guard lock(mutex_);
  guards_.insert(&guard);
}

void JqWatch::remove(JqGuard& guard) {
  const std::lock_guard lock(mutex_);
  guards_.erase(&guard);
}

void JqWatch::watch(const std::stop_token& stop) {
  std::unique_lock lock(mutex_);
  while (!stop.stop_requested()) {
    never_.wait_for(lock, stop, period, [] { return false; });
    for (JqGuard* guard : guards_) guard->look();
  }
}

}  // namespace tidemill::expression
