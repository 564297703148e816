// JqWatch: the thread that looks whether evaluations take too long. There is one while there are
// guards, and it does nothing but look at each of them, every `period`.
#pragma once

#include <chrono>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <stop_token>
#include <thread>
#include <unordered_set>

namespace tidemill::expression {

class JqGuard;

class JqWatch {
 public:
  static constexpr std::chrono::milliseconds period{100};

  /// The one that there is.
  static std::shared_ptr<JqWatch> get();

  JqWatch();

  void add(JqGuard& guard);
  void remove(JqGuard& guard);

 private:
  void watch(const std::stop_token& stop);

  std::mutex mutex_;
  std::condition_variable_any never_;
  std::unordered_set<JqGuard*> guards_;
  std::jthread thread_;  // Last: it ends before what it looks at.
};

}  // namespace tidemill::expression
