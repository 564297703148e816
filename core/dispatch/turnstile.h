// Turnstile: lets so many coroutines through at a time, in the order of arrival.
//
//     co_await turnstile.enter();  ...  turnstile.leave();
//
// Lives on one scheduler's executor. leave() is a plain call, not a destructor: a frame that is
// dropped in the middle belongs to an engine that is being torn down.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <utility>

#include "tidemill/async.h"

namespace tidemill {

class Turnstile {
 public:
  explicit Turnstile(Scheduler& scheduler, std::uint32_t places = 1)
      : scheduler_(scheduler), free_(places) {}
  Turnstile(const Turnstile&) = delete;
  Turnstile& operator=(const Turnstile&) = delete;

  Task<> enter() {
    if (free_ > 0) {
      --free_;
      co_return;
    }
    auto keep = [this](auto handler) {
      auto resume = [handler = std::move(handler)]() mutable { std::move(handler)(); };
      waiting_.emplace_back(std::move(resume));
    };
    co_await boost::asio::async_initiate<const boost::asio::use_awaitable_t<>&, void()>(
        keep, boost::asio::use_awaitable);
  }

  void leave() {
    if (waiting_.empty()) {
      ++free_;
      return;
    }
    boost::asio::post(scheduler_.executor(), std::move(waiting_.front()));
    waiting_.pop_front();
  }

 private:
  Scheduler& scheduler_;
  std::uint32_t free_;  // Invariant: 0 while somebody waits.
  std::deque<std::move_only_function<void()>> waiting_;
};

}  // namespace tidemill
