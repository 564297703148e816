// WakeUp: ends the wait of one coroutine, once. What a Signal does for those that wait again and
// again, but the wait itself is no coroutine: of each request that waits for its answer, that saves
// three.
//
//     while (!ready) co_await wake_up.wait();
//
// Lives on one scheduler's executor. Owns the frame that waits on it, as a Signal does.
#pragma once

#include <boost/asio/async_result.hpp>
#include <boost/asio/deferred.hpp>
#include <boost/asio/post.hpp>
#include <functional>
#include <utility>

#include "tidemill/scheduler.h"

namespace tidemill::http {

class WakeUp {
 public:
  explicit WakeUp(Scheduler& scheduler) : scheduler_(scheduler) {}
  WakeUp(const WakeUp&) = delete;
  WakeUp& operator=(const WakeUp&) = delete;

  /// To be awaited. What it waits for must not have come yet: a call() before it is not remembered.
  auto wait() {
    auto keep = [this](auto handler) {
      waiter_ = [handler = std::move(handler)]() mutable { std::move(handler)(); };
    };
    return boost::asio::async_initiate<const boost::asio::deferred_t&, void()>(
        std::move(keep), boost::asio::deferred);
  }

  /// Posted: the waiter does not run under its caller's feet.
  void call() {
    if (waiter_) boost::asio::post(scheduler_.executor(), std::exchange(waiter_, nullptr));
  }

 private:
  Scheduler& scheduler_;
  std::move_only_function<void()> waiter_;
};

}  // namespace tidemill::http
