// Quarantine: how a crash that hit a thread of nobody's is placed. The suspects of such a crash run
// with no other call of a function in process beside them, so that the next crash says whose it
// was. Everything else waits meanwhile, as long as one handler takes; there is a quarantine only in
// a process that began after such a crash.
//
// Lives on one scheduler's executor. leave() is a plain call, as that of a turnstile.
#pragma once

#include <cstddef>
#include <deque>
#include <functional>
#include <utility>

#include "core/invoke/crash_record.h"
#include "tidemill/async.h"

namespace tidemill {

class Quarantine {
 public:
  Quarantine(Scheduler& scheduler, const CrashRecord& record)
      : scheduler_(scheduler), record_(record), freed_(scheduler) {}
  Quarantine(const Quarantine&) = delete;
  Quarantine& operator=(const Quarantine&) = delete;

  /// In the order of arrival. `alone`: with nobody else inside.
  Task<> enter(bool alone) {
    if (waiting_.empty() && admits(alone)) {
      admit(alone);
    } else {
      auto keep = [this, alone](auto handler) {
        auto resume = [handler = std::move(handler)]() mutable { std::move(handler)(); };
        waiting_.push_back({alone, std::move(resume)});
      };
      co_await boost::asio::async_initiate<const boost::asio::use_awaitable_t<>&, void()>(
          keep, boost::asio::use_awaitable);
    }
    if (!alone) co_return;
    // Responses that live on could be to blame as well; their commits are on the way.
    const Instant patience = scheduler_.now() + patience_max;
    while (record_.batches() > 0 && scheduler_.now() < patience)
      co_await freed_.wait_until(scheduler_.now() + look_every);
  }

  void leave(bool alone) {
    if (alone) {
      closed_ = false;
    } else {
      --inside_;
    }
    while (!waiting_.empty() && admits(waiting_.front().alone)) {
      admit(waiting_.front().alone);
      boost::asio::post(scheduler_.executor(), std::move(waiting_.front().resume));
      waiting_.pop_front();
    }
  }

 private:
  static constexpr Duration patience_max = std::chrono::seconds(2);
  static constexpr Duration look_every = std::chrono::milliseconds(5);

  struct Waiting {
    bool alone;
    std::move_only_function<void()> resume;
  };

  bool admits(bool alone) const { return !closed_ && (!alone || inside_ == 0); }
  void admit(bool alone) {
    if (alone) {
      closed_ = true;
    } else {
      ++inside_;
    }
  }

  Scheduler& scheduler_;
  const CrashRecord& record_;
  Signal freed_;  // Nobody notifies it: whoever is alone in here looks by the clock.
  std::deque<Waiting> waiting_;
  std::size_t inside_ = 0;  // Of those that are not alone.
  bool closed_ = false;     // One is, or is about to be, alone.
};

}  // namespace tidemill
