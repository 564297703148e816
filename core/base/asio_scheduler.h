// AsioScheduler: the Scheduler of production - an io_context, the system's clocks and pools.
//
// run() blocks its thread, which is the executor's one thread, until stop(). The only place of the
// tree, with its .cc, that reads a clock.
#pragma once

#include <boost/asio/io_context.hpp>
#include <cstddef>
#include <memory>
#include <random>
#include <unordered_map>

#include "core/base/blocking_pool.h"
#include "tidemill/scheduler.h"

namespace tidemill {

class AsioScheduler final : public Scheduler {
 public:
  /// So many blocking calls run at once, and more where those hang: see BlockingPool.
  explicit AsioScheduler(std::size_t blocking_threads);
  ~AsioScheduler() override;

  Executor executor() override;
  Executor blocking() override;
  Instant now() const override;
  WallTime wall() const override;
  std::uint64_t random() override;
  TimerId call_at(Instant when, Callback callback) override;
  void cancel(TimerId timer) override;

  /// Serves the executor until stop(). Handlers that are left are destroyed with this object.
  void run();
  void stop();

  boost::asio::io_context& context() { return context_; }

 private:
  struct Timer;

  // Outlives the context: frames that die with it may still cancel their timers.
  std::unordered_map<std::uint64_t, std::unique_ptr<Timer>> timers_;
  boost::asio::io_context context_;
  BlockingPool blocking_;
  std::uint64_t last_timer_ = 0;
  std::mt19937_64 random_;
};

/// The clock alone, for code on other threads that must know whether a deadline has passed.
Instant steady_now();

}  // namespace tidemill
