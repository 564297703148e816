#include "core/invoke/function_threads.h"

#include <algorithm>

#include "core/invoke/crash_signals.h"

namespace tidemill {

FunctionThreads::~FunctionThreads() {
  {
    const std::lock_guard lock(mutex_);
    ending_ = true;
  }
  news_.notify_all();
  // Nobody calls start() any more, so the map stays as it is.
  for (auto& [id, thread] : threads_) thread.join();
}

std::uint64_t FunctionThreads::start(Work work) {
  std::uint64_t number = 0;
  {
    const std::lock_guard lock(mutex_);
    reap();
    number = ++last_number_;
    waiting_.emplace_back(number, std::move(work));
    const std::size_t idle = serving_ - running_.size();
    if (idle < waiting_.size() && serving_ < threads_max_) add_thread();
  }
  news_.notify_one();
  return number;
}

void FunctionThreads::abandon(std::uint64_t number) {
  Work dropped;  // Destroyed without the lock: it may own much.
  const std::lock_guard lock(mutex_);
  const auto waiting = std::ranges::find(waiting_, number, &std::pair<std::uint64_t, Work>::first);
  if (waiting != waiting_.end()) {
    dropped = std::move(waiting->second);
    waiting_.erase(waiting);
    return;
  }
  if (running_.erase(number) == 0) return;
  lost_.insert(number);
  --serving_;
  if (!waiting_.empty()) add_thread();
}

std::size_t FunctionThreads::lost() const {
  const std::lock_guard lock(mutex_);
  return lost_.size();
}

// With the lock held.
void FunctionThreads::add_thread() {
  ++serving_;
  std::thread thread([this] { serve(); });
  const auto id = thread.get_id();
  threads_.emplace(id, std::move(thread));
}

void FunctionThreads::serve() {
  const SignalStack stack;
  std::unique_lock lock(mutex_);
  for (;;) {
    news_.wait(lock, [this] { return ending_ || !waiting_.empty(); });
    if (waiting_.empty()) break;
    auto [number, work] = std::move(waiting_.front());
    waiting_.pop_front();
    running_.insert(number);
    lock.unlock();
    work();
    work = nullptr;
    lock.lock();
    if (lost_.erase(number) != 0) {
      ended_.push_back(std::this_thread::get_id());
      return;
    }
    running_.erase(number);
  }
  --serving_;
}

// With the lock held, which a thread that has said that it ends needs no more.
void FunctionThreads::reap() {
  for (const auto id : ended_) {
    const auto thread = threads_.find(id);
    thread->second.join();
    threads_.erase(thread);
  }
  ended_.clear();
}

}  // namespace tidemill
