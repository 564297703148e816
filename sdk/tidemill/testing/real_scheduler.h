// RealScheduler: an event loop and a real clock, for tests of connectors whose libraries have
// threads of their own. What can run on virtual time should: see virtual_scheduler.h.
//
// run() turns the loop until a coroutine has ended; nothing runs in between. Calls that block have
// two threads. For the thread that made it.
#pragma once

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/thread_pool.hpp>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <map>
#include <optional>
#include <utility>

#include "tidemill/async.h"
#include "tidemill/scheduler.h"

namespace tidemill::testing {

class RealScheduler final : public Scheduler {
 public:
  /// A test that takes longer than this has hung.
  static constexpr auto patience = std::chrono::seconds(60);

  RealScheduler() = default;
  RealScheduler(const RealScheduler&) = delete;
  RealScheduler& operator=(const RealScheduler&) = delete;
  ~RealScheduler() override { pool_.join(); }

  Executor executor() override { return context_.get_executor(); }
  Executor blocking() override { return pool_.get_executor(); }
  Instant now() const override { return std::chrono::steady_clock::now(); }
  WallTime wall() const override {
    const auto since = std::chrono::system_clock::now().time_since_epoch();
    return WallTime(
        static_cast<std::uint64_t>(std::chrono::duration_cast<Duration>(since).count()));
  }
  std::uint64_t random() override { return ++last_random_ * 0x9e3779b97f4a7c15; }

  TimerId call_at(Instant when, Callback callback) override {
    const auto id = TimerId{++last_timer_};
    auto& timer = timers_.try_emplace(id, context_, when).first->second;
    timer.async_wait(
        [this, id, call = std::move(callback)](boost::system::error_code error) mutable {
          if (error) return;
          timers_.erase(id);
          call();
        });
    return id;
  }
  void cancel(TimerId timer) override { timers_.erase(timer); }

  /// True once `done()` holds; ends the process when that takes too long.
  template <class Done>
  void run_until(Done done) {
    const Instant deadline = now() + patience;
    while (!done()) {
      context_.restart();
      context_.run_one_for(std::chrono::milliseconds(10));
      if (now() < deadline) continue;
      std::fputs("what a test waits for does not come\n", stderr);
      std::abort();
    }
  }

  template <class T>
  T run(Task<T> task) {
    std::optional<T> value;
    boost::asio::co_spawn(executor(), std::move(task), [&](std::exception_ptr error, T result) {
      if (error) std::rethrow_exception(error);
      value = std::move(result);
    });
    run_until([&] { return value.has_value(); });
    return std::move(*value);
  }

  void run(Task<> task) {
    bool ended = false;
    boost::asio::co_spawn(executor(), std::move(task), [&](std::exception_ptr error) {
      if (error) std::rethrow_exception(error);
      ended = true;
    });
    run_until([&] { return ended; });
  }

 private:
  boost::asio::io_context context_;
  boost::asio::thread_pool pool_{2};
  std::map<TimerId, boost::asio::steady_timer> timers_;
  std::uint64_t last_timer_ = 0;
  std::uint64_t last_random_ = 0;
};

}  // namespace tidemill::testing
