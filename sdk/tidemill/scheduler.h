// Scheduler: the only door to time, randomness and threads.
//
// The engine and every connector are written against it, so the same objects run in production (an
// io_context, real clocks) and in the simulator (one thread, virtual time, a seed).
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <cstdint>
#include <functional>

#include "tidemill/time.h"

namespace tidemill {

using Executor = boost::asio::any_io_executor;

class Scheduler {
 public:
  using Callback = std::move_only_function<void()>;
  enum class TimerId : std::uint64_t { none = 0 };

  virtual ~Scheduler() = default;

  /// Where the owner of this scheduler runs: one thread, no locks needed between its handlers.
  virtual Executor executor() = 0;

  /// Threads for calls that block: file reads, fsync. Of what a connector posts here, two run at
  /// once and the others wait their turn; those of other connectors wait for none of them. Never
  /// wait on the executor from it.
  virtual Executor blocking() = 0;

  virtual Instant now() const = 0;
  virtual WallTime wall() const = 0;

  /// Uniform over all 64 bits. For jitter and ids; not for secrets.
  virtual std::uint64_t random() = 0;

  /// Runs `callback` on executor() at `when` or soon after; at once if that has passed.
  /// Call from the executor's thread.
  virtual TimerId call_at(Instant when, Callback callback) = 0;

  /// Forgets a timer that has not fired; otherwise does nothing.
  virtual void cancel(TimerId timer) = 0;
};

}  // namespace tidemill
