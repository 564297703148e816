// ConnectorScheduler: the engine's scheduler as one source or sink sees it.
//
// Everything is the engine's own but blocking(): of one connector only so many calls are in the
// engine's pool at once, and its others wait here, without a thread. A connector whose calls hang
// therefore holds no more of the pool's threads than that, whatever it is asked to do.
#pragma once

#include <cstddef>
#include <memory>
#include <utility>

#include "core/base/call_executor.h"
#include "tidemill/scheduler.h"

namespace tidemill {

class ConnectorScheduler final : public Scheduler {
 public:
  /// Blocking calls of one connector at once.
  static constexpr std::size_t calls_max = 2;

  /// `engine` outlives it.
  explicit ConnectorScheduler(Scheduler& engine);

  Executor executor() override { return engine_.executor(); }
  Executor blocking() override { return CallExecutor{calls_}; }
  Instant now() const override { return engine_.now(); }
  WallTime wall() const override { return engine_.wall(); }
  std::uint64_t random() override { return engine_.random(); }
  TimerId call_at(Instant when, Callback callback) override {
    return engine_.call_at(when, std::move(callback));
  }
  void cancel(TimerId timer) override { engine_.cancel(timer); }

 private:
  Scheduler& engine_;
  std::shared_ptr<CallQueue> calls_;  // A call that hangs keeps it.
};

}  // namespace tidemill
