// CallThreads: where the calls of one blocking function run, each on a thread that nothing else
// waits for. FunctionThreads are the real ones; tests of deadlines bring their own.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>

namespace tidemill {

class CallThreads {
 public:
  using Work = std::move_only_function<void()>;

  virtual ~CallThreads() = default;

  /// Runs `work` as soon as a thread is free. Returns its number, for abandon().
  virtual std::uint64_t start(Work work) = 0;

  /// The work does not return: its thread is lost, and another takes its place. Work that has not
  /// begun is dropped, one that has ended is left alone.
  virtual void abandon(std::uint64_t number) = 0;

  /// Threads that were abandoned and have not come back since.
  virtual std::size_t lost() const = 0;
};

}  // namespace tidemill
