// StopBell: tells everybody who waits for a worker of one function that the engine ends. Once rung
// it stays so: what has yet to begin does not begin, and what waits for its worker is woken,
// however far its start has come.
//
// Thread safety: all of it.
#pragma once

#include <sys/eventfd.h>
#include <unistd.h>

#include <atomic>
#include <cstdint>
#include <tuple>

#include "tidemill/posix.h"

namespace tidemill::worker {

class StopBell {
 public:
  StopBell() : bell_(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {}

  /// False: there was no descriptor left, and nobody would hear it.
  bool sound() const { return static_cast<bool>(bell_); }

  void ring() {
    rung_.store(true, std::memory_order_release);
    const std::uint64_t one = 1;
    std::ignore = write(bell_.get(), &one, sizeof one);
  }

  bool rung() const { return rung_.load(std::memory_order_acquire); }

  /// Readable from the first ring on.
  int descriptor() const { return bell_.get(); }

 private:
  const Descriptor bell_;
  std::atomic<bool> rung_ = false;
};

}  // namespace tidemill::worker
