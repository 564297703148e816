#include "core/invoke/instance_pool.h"

#include <fmt/format.h>

#include <algorithm>
#include <exception>
#include <limits>
#include <string>
#include <utility>

namespace tidemill {
namespace {

// Calls kept for reuse; beyond these a burst gives its buffers back.
constexpr std::size_t spare_calls_max = 16;

// A busy function is asked again this much later; its batches take about as long.
constexpr auto retry_after = std::chrono::milliseconds(10);

std::uint32_t limit_of(std::uint32_t instances_max) {
  return instances_max == 0 ? std::numeric_limits<std::uint32_t>::max() : instances_max;
}

bool contains(const std::vector<void*>& instances, const void* instance) {
  return std::ranges::find(instances, instance) != instances.end();
}

}  // namespace

InstancePool::InstancePool(std::shared_ptr<const Plugin> plugin, const ResolvedOptions& options,
                           NativeHost host, std::uint32_t instances_max)
    : plugin_(std::move(plugin)),
      host_(std::move(host)),
      instances_max_(limit_of(instances_max)),
      options_(options) {
  for (const auto& [name, value] : options_)
    raw_options_.push_back({{name.data(), name.size()}, {value.data(), value.size()}});
}

InstancePool::~InstancePool() {
  for (void* instance : all_) plugin_->table().destroy(instance);
}

Result<void*> InstancePool::create() {
  void* instance = nullptr;
  tidemill_slice error{};
  std::uint32_t status = TIDEMILL_BAD_CONFIG;
  std::string reason;
  try {
    status = plugin_->table().create(raw_options_.data(), raw_options_.size(), &instance, &error);
    if (error.data != nullptr) reason.assign(error.data, error.size);
  } catch (const std::exception& e) {
    reason = e.what();
  } catch (...) {
    reason = "it threw something that is not a std::exception";
  }
  if (status == TIDEMILL_OK && instance != nullptr) return instance;
  if (reason.empty()) reason = "it gives no reason";
  return fail(status == TIDEMILL_RETRY ? Fault::transient : Fault::bad_config,
              fmt::format("it cannot start: {}", reason));
}

Result<> InstancePool::provision(std::uint32_t count) {
  count = plugin_->has(TIDEMILL_THREAD_SAFE) ? 1 : std::min(count, instances_max_);
  while (instances() < count) {
    auto instance = create();
    if (!instance) return std::unexpected(instance.error());
    const std::lock_guard lock(mutex_);
    all_.push_back(*instance);
    if (!plugin_->has(TIDEMILL_THREAD_SAFE)) idle_.push_back(*instance);
  }
  return {};
}

Result<std::unique_ptr<NativeCall>> InstancePool::acquire(const Request& request) {
  std::unique_ptr<NativeCall> call;
  {
    const std::lock_guard lock(mutex_);
    if (running_.size() + creating_ >= instances_max_) {
      Error busy{
          Fault::throttled,
          fmt::format("all {} instances of function {} are busy", instances_max_, host_.function),
          retry_after};
      return std::unexpected(std::move(busy));
    }
    if (spare_calls_.empty()) {
      call = std::make_unique<NativeCall>(host_);
    } else {
      call = std::move(spare_calls_.back());
      spare_calls_.pop_back();
    }
    call->instance = nullptr;
    call->acquired_for = &request;
    if (plugin_->has(TIDEMILL_THREAD_SAFE) && !all_.empty()) {
      call->instance = all_.front();
    } else if (!idle_.empty()) {
      call->instance = idle_.back();
      idle_.pop_back();
    }
    if (call->instance != nullptr) {
      running_.push_back(call.get());
      return call;
    }
    ++creating_;
  }

  // A cold start takes as long as the plugin likes: never under the lock.
  auto instance = create();
  const std::lock_guard lock(mutex_);
  --creating_;
  if (!instance) {
    spare_calls_.push_back(std::move(call));
    return std::unexpected(instance.error());
  }
  all_.push_back(*instance);
  call->instance = *instance;
  running_.push_back(call.get());
  return call;
}

void InstancePool::idle(const NativeCall& call) {
  const std::lock_guard lock(mutex_);
  std::erase(running_, &call);
  if (plugin_->has(TIDEMILL_THREAD_SAFE) || contains(cancelled_, call.instance)) return;
  idle_.push_back(call.instance);
}

void InstancePool::free(std::unique_ptr<NativeCall> call) {
  const std::uint64_t leaked = call->recycle();
  bool report = false;
  {
    const std::lock_guard lock(mutex_);
    if (spare_calls_.size() < spare_calls_max) spare_calls_.push_back(std::move(call));
    report = leaked != 0 && !std::exchange(leak_reported_, true);
  }
  if (report)
    host_.log->write(LogLevel::warning,
                     fmt::format("function {} leaks: a freed response kept {} bytes of the "
                                 "engine's memory (reported once)",
                                 host_.function, leaked));
}

void InstancePool::expire() {
  const std::lock_guard lock(mutex_);
  for (NativeCall* call : running_) call->cancel();
}

void InstancePool::expire(const Request& request) {
  const std::lock_guard lock(mutex_);
  for (NativeCall* call : running_for(request)) call->cancel();
}

void InstancePool::cancel() {
  std::unique_lock lock(mutex_);
  const auto calls = running_;
  cancel(calls, std::move(lock));
}

void InstancePool::cancel(const Request& request) {
  std::unique_lock lock(mutex_);
  auto calls = running_for(request);
  for (NativeCall* call : calls) call->cancel();
  // An instance that serves others too would hurry them up as well.
  if (plugin_->has(TIDEMILL_THREAD_SAFE) && running_.size() > 1) return;
  cancel(calls, std::move(lock));
}

// With the lock held. At most one.
std::vector<NativeCall*> InstancePool::running_for(const Request& request) const {
  const auto found = std::ranges::find(running_, &request, &NativeCall::acquired_for);
  if (found == running_.end()) return {};
  return {*found};
}

void InstancePool::cancel(const std::vector<NativeCall*>& calls,
                          std::unique_lock<std::mutex> lock) {
  for (NativeCall* call : calls) call->cancel();
  if (plugin_->table().cancel == nullptr) return;
  std::vector<void*> instances;
  for (const NativeCall* call : calls)
    if (!contains(instances, call->instance) && !contains(cancelled_, call->instance))
      instances.push_back(call->instance);
  cancelled_.insert(cancelled_.end(), instances.begin(), instances.end());
  for (void* instance : instances) {
    lock.unlock();
    plugin_->table().cancel(instance);
    lock.lock();
    std::erase(cancelled_, instance);
    const bool runs =
        std::ranges::find(running_, instance, &NativeCall::instance) != running_.end();
    if (!runs && !plugin_->has(TIDEMILL_THREAD_SAFE)) idle_.push_back(instance);
  }
}

std::size_t InstancePool::instances() const {
  const std::lock_guard lock(mutex_);
  return all_.size();
}

}  // namespace tidemill
