#include "core/base/asio_scheduler.h"

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/steady_timer.hpp>
#include <utility>

namespace tidemill {

struct AsioScheduler::Timer {
  boost::asio::steady_timer timer;
  Callback callback;
};

AsioScheduler::AsioScheduler(std::size_t blocking_threads)
    : context_(1), blocking_(blocking_threads), random_(std::random_device{}()) {}

// Blocking calls hold references into frames that the context owns: they end first.
AsioScheduler::~AsioScheduler() {
  blocking_.join();
  timers_.clear();
}

Executor AsioScheduler::executor() { return context_.get_executor(); }
Executor AsioScheduler::blocking() { return blocking_.executor(); }
Instant AsioScheduler::now() const { return steady_now(); }

WallTime AsioScheduler::wall() const {
  const auto since = std::chrono::system_clock::now().time_since_epoch();
  return WallTime(static_cast<std::uint64_t>(std::chrono::duration_cast<Duration>(since).count()));
}

std::uint64_t AsioScheduler::random() { return random_(); }

Scheduler::TimerId AsioScheduler::call_at(Instant when, Callback callback) {
  const std::uint64_t id = ++last_timer_;
  auto timer = std::make_unique<Timer>(
      Timer{boost::asio::steady_timer(context_, when), std::move(callback)});
  timer->timer.async_wait([this, id](const boost::system::error_code&) {
    auto fired = timers_.extract(id);
    if (!fired.empty()) fired.mapped()->callback();
  });
  timers_.emplace(id, std::move(timer));
  return TimerId{id};
}

void AsioScheduler::cancel(TimerId timer) { timers_.erase(static_cast<std::uint64_t>(timer)); }

void AsioScheduler::run() {
  const auto work = boost::asio::make_work_guard(context_);
  context_.run();
}

void AsioScheduler::stop() { context_.stop(); }

Instant steady_now() { return std::chrono::steady_clock::now(); }

}  // namespace tidemill
