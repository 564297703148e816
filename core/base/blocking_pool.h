// BlockingPool: threads for calls that block, where a call that hangs keeps no other from running.
//
// A few threads do all the work while calls return. Where a call has waited and none has begun for
// a moment, all of them hang: then there are more, and never more than those few and one for each
// call that was added and has not returned. Who adds calls bounds that (see ConnectorScheduler).
// Threads are made when they are first needed, and end where the usual number is idle.
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <list>
#include <mutex>
#include <thread>

#include "core/base/call_executor.h"
#include "tidemill/scheduler.h"

namespace tidemill {

class BlockingPool final : private CallQueue {
 public:
  static constexpr std::chrono::milliseconds default_patience{20};

  /// `threads`, at least 1, work while none hangs.
  explicit BlockingPool(std::size_t threads, std::chrono::milliseconds patience = default_patience);
  ~BlockingPool() override;
  BlockingPool(const BlockingPool&) = delete;
  BlockingPool& operator=(const BlockingPool&) = delete;

  /// Thread-safe. The pool outlives it.
  Executor executor();

  /// Waits until all calls have returned. Nothing is added afterwards.
  void join();

  /// How many there are now.
  std::size_t threads() const;

 private:
  void add(Call call) override;
  boost::asio::execution_context& context() override { return context_; }
  void start_thread();
  void work(std::list<std::thread>::iterator self);
  void watch();

  const std::size_t usual_;
  const std::chrono::milliseconds patience_;
  boost::asio::execution_context context_;
  mutable std::mutex mutex_;
  std::condition_variable more_;     // Calls for the threads, or the end.
  std::condition_variable too_few_;  // More calls than idle threads, for the watcher.
  std::deque<Call> waiting_;
  std::list<std::thread> threads_;
  std::list<std::thread> ended_;  // Only to be joined.
  std::thread watcher_;
  std::uint64_t begun_ = 0;  // Calls.
  std::size_t idle_ = 0;
  bool stopping_ = false;
};

}  // namespace tidemill
