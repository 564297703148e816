// Signal, sleep and run_blocking: the three ways a coroutine of this tree waits.
//
// House rule (g++-12 miscompiles otherwise, see docs/internals/coroutines.md): in an expression
// with co_await there is no capturing lambda, no aggregate temporary and no ?: - each is named on
// the line before. Coroutines are named functions, never capturing lambdas.
#pragma once

#include <boost/asio/associated_executor.hpp>
#include <boost/asio/async_result.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <exception>
#include <functional>
#include <optional>
#include <type_traits>
#include <utility>

#include "tidemill/scheduler.h"

namespace tidemill {

template <class T = void>
using Task = boost::asio::awaitable<T>;

/// Wakes one waiting coroutine. A notify() with nobody waiting is remembered, so a wake-up is never
/// lost; several are one. Lives on, and is used from, one scheduler's executor. Make it a member of
/// the object that waits, not a local of the coroutine: a Signal owns the frame that waits on it,
/// so that dropping the object drops the waiting coroutine.
///
/// The waiter re-checks its condition after every wake-up:
///
///     while (!ready()) co_await signal.wait();
class Signal {
 public:
  explicit Signal(Scheduler& scheduler) : scheduler_(scheduler) {}
  ~Signal() { scheduler_.cancel(timer_); }
  Signal(const Signal&) = delete;
  Signal& operator=(const Signal&) = delete;

  void notify() {
    notified_ = true;
    resume();
  }

  /// Returns after a notify() since the last wait. Precondition: nobody else waits.
  Task<> wait() {
    if (!notified_) co_await suspend();
    notified_ = false;
  }

  /// As wait(), but returns at `deadline` at the latest. True if notified.
  Task<bool> wait_until(Instant deadline) {
    if (!notified_) {
      timer_ = scheduler_.call_at(deadline, [this] { resume(); });
      co_await suspend();
      scheduler_.cancel(std::exchange(timer_, Scheduler::TimerId::none));
    }
    co_return std::exchange(notified_, false);
  }

 private:
  Task<> suspend() {
    auto keep = [this](auto handler) {
      waiter_ = [handler = std::move(handler)]() mutable { std::move(handler)(); };
    };
    co_await boost::asio::async_initiate<const boost::asio::use_awaitable_t<>&, void()>(
        keep, boost::asio::use_awaitable);
  }

  // The waiter is posted, never called from here: notify() must not run foreign code under its
  // caller's feet.
  void resume() {
    if (waiter_) boost::asio::post(scheduler_.executor(), std::exchange(waiter_, nullptr));
  }

  Scheduler& scheduler_;
  std::move_only_function<void()> waiter_;
  bool notified_ = false;
  Scheduler::TimerId timer_ = Scheduler::TimerId::none;  // Of a wait_until(); it refers to this.
};

/// Starts `task` on the scheduler's executor, on its own. An exception that leaves it is a fault of
/// the program: it ends the process, rather than leave others waiting for what never comes.
inline void spawn(Scheduler& scheduler, Task<> task) {
  boost::asio::co_spawn(scheduler.executor(), std::move(task), [](std::exception_ptr error) {
    if (error) std::rethrow_exception(error);
  });
}

/// Suspends until `deadline`. To be able to end it early, wait on a Signal instead.
inline Task<> sleep_until(Scheduler& scheduler, Instant deadline) {
  auto start = [&](auto handler) {
    auto resume = [handler = std::move(handler)]() mutable { std::move(handler)(); };
    scheduler.call_at(deadline, std::move(resume));
  };
  co_await boost::asio::async_initiate<const boost::asio::use_awaitable_t<>&, void()>(
      start, boost::asio::use_awaitable);
}

/// Runs `work()` on `pool` and resumes the caller on its own executor with what it returned.
/// `work` must not throw. The caller must not be destroyed meanwhile: frames own what work uses.
template <class Work>
Task<std::invoke_result_t<Work&>> run_on(Executor pool, Work work) {
  using Value = std::invoke_result_t<Work&>;
  std::optional<Value> value;
  auto start = [&](auto handler) {
    auto run = [&value, &work, handler = std::move(handler)]() mutable {
      value.emplace(work());
      auto home = boost::asio::get_associated_executor(handler);
      boost::asio::post(home, std::move(handler));
    };
    boost::asio::post(pool, std::move(run));
  };
  co_await boost::asio::async_initiate<const boost::asio::use_awaitable_t<>&, void()>(
      start, boost::asio::use_awaitable);
  co_return std::move(*value);
}

/// run_on() the scheduler's pool for blocking calls.
template <class Work>
Task<std::invoke_result_t<Work&>> run_blocking(Scheduler& scheduler, Work work) {
  return run_on(scheduler.blocking(), std::move(work));
}

}  // namespace tidemill
