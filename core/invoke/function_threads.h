// FunctionThreads: the threads of one function. They are its own, so that a function whose handler
// hangs takes none from the others; they are started when they are needed, and kept.
//
// A lost thread cannot be stopped. It stays, beside those that count; should its handler return
// after all, it ends. The destructor waits for every thread, the lost ones included: a process that
// has lost threads ends without it (see Engine::leave).
//
// Thread safety: all of it.
#pragma once

#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <mutex>
#include <set>
#include <thread>
#include <utility>
#include <vector>

#include "core/invoke/call_threads.h"

namespace tidemill {

class FunctionThreads final : public CallThreads {
 public:
  /// `threads`: at once, lost ones not counted; at least 1.
  explicit FunctionThreads(std::size_t threads) : threads_max_(threads) {}
  ~FunctionThreads() override;
  FunctionThreads(const FunctionThreads&) = delete;
  FunctionThreads& operator=(const FunctionThreads&) = delete;

  std::uint64_t start(Work work) override;
  void abandon(std::uint64_t number) override;
  std::size_t lost() const override;

 private:
  void add_thread();
  void serve();
  void reap();

  const std::size_t threads_max_;
  mutable std::mutex mutex_;
  std::condition_variable news_;
  std::deque<std::pair<std::uint64_t, Work>> waiting_;
  std::set<std::uint64_t> running_;  ///< Numbers of works on threads that count.
  std::set<std::uint64_t> lost_;     ///< Numbers of works on threads that do not.
  std::map<std::thread::id, std::thread> threads_;
  std::vector<std::thread::id> ended_;  ///< Of threads_; to be joined by reap().
  std::size_t serving_ = 0;             ///< Threads that count, idle or not.
  std::uint64_t last_number_ = 0;
  bool ending_ = false;
};

}  // namespace tidemill
