#include "core/base/blocking_pool.h"

#include <algorithm>
#include <utility>

namespace tidemill {

BlockingPool::BlockingPool(std::size_t threads, std::chrono::milliseconds patience)
    : usual_(std::max<std::size_t>(1, threads)), patience_(patience) {}

BlockingPool::~BlockingPool() { join(); }

Executor BlockingPool::executor() {
  // The pool is not the executor's to keep alive.
  return CallExecutor{std::shared_ptr<CallQueue>(std::shared_ptr<void>(), this)};
}

std::size_t BlockingPool::threads() const {
  const std::lock_guard lock(mutex_);
  return threads_.size();
}

void BlockingPool::add(Call call) {
  const std::lock_guard lock(mutex_);
  waiting_.push_back(std::move(call));
  more_.notify_one();
  if (waiting_.size() <= idle_) return;
  if (threads_.size() < usual_) {
    start_thread();
  } else if (!watcher_.joinable() && !stopping_) {
    watcher_ = std::thread([this] { watch(); });
  } else {
    too_few_.notify_one();
  }
}

// Precondition: the mutex is held, so that the thread finds itself in the list.
void BlockingPool::start_thread() {
  for (std::thread& ended : ended_)
    if (ended.joinable()) ended.join();
  ended_.clear();
  const auto self = threads_.emplace(threads_.end());
  *self = std::thread([this, self] { work(self); });
}

void BlockingPool::work(std::list<std::thread>::iterator self) {
  std::unique_lock lock(mutex_);
  while (true) {
    if (!waiting_.empty()) {
      Call call = std::move(waiting_.front());
      waiting_.pop_front();
      ++begun_;
      lock.unlock();
      call();
      call = nullptr;
      lock.lock();
    } else if (stopping_ || idle_ >= usual_) {
      break;
    } else {
      ++idle_;
      more_.wait(lock);
      --idle_;
    }
  }
  ended_.splice(ended_.end(), threads_, self);
}

void BlockingPool::watch() {
  std::unique_lock lock(mutex_);
  while (!stopping_) {
    if (waiting_.size() <= idle_) {
      too_few_.wait(lock);
      continue;
    }
    const std::uint64_t begun = begun_;
    too_few_.wait_for(lock, patience_, [this] { return stopping_; });
    if (stopping_ || begun_ != begun) continue;
    // Twice as many: however many hang, what waits behind them does not wait for long.
    for (auto more = std::min(threads_.size(), waiting_.size()); more > 0; --more) start_thread();
  }
}

void BlockingPool::join() {
  std::unique_lock lock(mutex_);
  stopping_ = true;
  more_.notify_all();
  too_few_.notify_all();
  std::thread watcher = std::exchange(watcher_, {});
  lock.unlock();
  if (watcher.joinable()) watcher.join();
  lock.lock();
  while (!threads_.empty() || !ended_.empty()) {
    // Whoever is first; it moves itself to the other list, which its place in the list survives.
    auto& list = ended_.empty() ? threads_ : ended_;
    std::thread thread = std::move(list.front());
    if (&list == &ended_) ended_.pop_front();
    lock.unlock();
    if (thread.joinable()) thread.join();
    lock.lock();
  }
}

}  // namespace tidemill
