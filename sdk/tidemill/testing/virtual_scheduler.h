// VirtualScheduler: one thread, virtual time, a seed. The engine and every connector run on it
// unchanged, in microseconds of real time, the same way at every run with the same seed.
//
// Ready handlers run in a seeded random order (Order::shuffled) or first come, first served. When
// nothing is ready, time jumps to the next timer. blocking() is the same queue, so "another thread"
// is one more interleaving. Descriptors of Asio work too, through context(). Everything is for its
// own thread, but posting to its executors: threads that a test really starts may do that.
#pragma once

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <cassert>
#include <cstdint>
#include <exception>
#include <map>
#include <mutex>
#include <optional>
#include <random>
#include <utility>
#include <vector>

#include "tidemill/async.h"
#include "tidemill/scheduler.h"

namespace tidemill::testing {

enum class Order { fifo, shuffled };

class VirtualScheduler final : public Scheduler {
 public:
  /// `start` is what the clock on the wall shows at first.
  explicit VirtualScheduler(std::uint64_t seed = 1, Order order = Order::fifo,
                            WallTime start = WallTime(1'700'000'000'000'000))  // November 2023.
      : start_(start), random_(seed), order_(order) {}
  VirtualScheduler(const VirtualScheduler&) = delete;
  VirtualScheduler& operator=(const VirtualScheduler&) = delete;

  ~VirtualScheduler() override { abandon(); }

  /// Drops everything that waits here, as a crash does. Call it before the objects that suspended
  /// coroutines refer to are destroyed. Dropping a frame may queue or drop further ones.
  void abandon() {
    for (bool some = true; some;) {
      const auto ready = take_ready();
      const auto timers = std::exchange(timers_, {});
      some = !ready.empty() || !timers.empty();
    }
  }

  Executor executor() override { return ReadyExecutor{this}; }
  Executor blocking() override { return ReadyExecutor{this}; }
  Instant now() const override { return now_; }
  WallTime wall() const override {
    const auto since = std::chrono::duration_cast<Duration>(now_.time_since_epoch());
    return WallTime(start_.value + static_cast<std::uint64_t>(since.count()));
  }
  std::uint64_t random() override { return random_(); }

  TimerId call_at(Instant when, Callback callback) override {
    const auto id = TimerId{++last_timer_};
    timers_.emplace(std::pair{std::max(when, now_), id}, std::move(callback));
    return id;
  }

  void cancel(TimerId timer) override {
    for (auto it = timers_.begin(); it != timers_.end(); ++it)
      if (it->first.second == timer) {
        timers_.erase(it);
        return;
      }
  }

  /// Runs one ready handler, or moves time to the next timer and fires it. False: nothing to do.
  bool step() {
    context_.restart();
    context_.poll();
    if (Callback handler = next_ready()) {
      ++steps_;
      handler();
      return true;
    }
    if (timers_.empty()) return false;
    auto first = timers_.extract(timers_.begin());
    now_ = first.key().first;
    ++steps_;
    first.mapped()();
    return true;
  }

  void run() {
    while (step()) {
    }
  }

  /// True once `done()` holds; false when nothing is left to do before that.
  template <class Done>
  bool run_until(Done done) {
    while (!done())
      if (!step()) return done();
    return true;
  }

  /// Runs a coroutine to its end and returns what it returned; asserts that it ends.
  template <class T>
  T run(Task<T> task) {
    std::optional<T> value;
    boost::asio::co_spawn(executor(), std::move(task), [&](std::exception_ptr error, T result) {
      if (error) std::rethrow_exception(error);
      value = std::move(result);
    });
    const bool ended = run_until([&] { return value.has_value(); });
    assert(ended);
    std::ignore = ended;
    return std::move(*value);
  }

  void run(Task<> task) {
    bool ended = false;
    boost::asio::co_spawn(executor(), std::move(task), [&](std::exception_ptr error) {
      if (error) std::rethrow_exception(error);
      ended = true;
    });
    run_until([&] { return ended; });
    assert(ended);
  }

  /// For Asio's own I/O objects in tests.
  boost::asio::io_context& context() { return context_; }
  std::uint64_t steps() const { return steps_; }

 private:
  // What any_io_executor asks of an executor, over our own ready list.
  struct ReadyExecutor {
    VirtualScheduler* scheduler;
    template <class Handler>
    void execute(Handler handler) const {
      const std::lock_guard lock(scheduler->mutex_);
      scheduler->ready_.emplace_back(std::move(handler));
    }
    boost::asio::execution_context& query(boost::asio::execution::context_t) const noexcept {
      return scheduler->context_;
    }
    static constexpr boost::asio::execution::blocking_t query(
        boost::asio::execution::blocking_t) noexcept {
      return boost::asio::execution::blocking.never;
    }
    ReadyExecutor require(boost::asio::execution::blocking_t::never_t) const { return *this; }
    friend bool operator==(const ReadyExecutor&, const ReadyExecutor&) = default;
  };

  /// Empty when nothing is ready.
  Callback next_ready() {
    const std::lock_guard lock(mutex_);
    if (ready_.empty()) return {};
    const auto index = order_ == Order::fifo ? 0 : random_() % ready_.size();
    const auto it = ready_.begin() + static_cast<std::ptrdiff_t>(index);
    auto handler = std::move(*it);
    ready_.erase(it);
    return handler;
  }

  std::vector<Callback> take_ready() {
    const std::lock_guard lock(mutex_);
    return std::exchange(ready_, {});
  }

  boost::asio::io_context context_;
  std::mutex mutex_;  // Of ready_.
  std::vector<Callback> ready_;
  std::map<std::pair<Instant, TimerId>, Callback> timers_;
  Instant now_{};
  const WallTime start_;
  std::mt19937_64 random_;
  Order order_;
  std::uint64_t last_timer_ = 0;
  std::uint64_t steps_ = 0;
};

}  // namespace tidemill::testing
