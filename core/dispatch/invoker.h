// Invoker: how a batch reaches its function. The simulator has one with virtual delays.
#pragma once

#include <cstdint>

#include "core/dispatch/turnstile.h"
#include "tidemill/async.h"
#include "tidemill/invocation.h"

namespace tidemill {

class Invoker {
 public:
  virtual ~Invoker() = default;
  virtual const FunctionTraits& traits() const = 0;
  virtual std::string_view version() const = 0;

  /// `request` and all that it views outlive the call and the answer.
  virtual Task<Answer> invoke(const Request& request) = 0;
};

/// Runs a function whose invoke() comes back by itself, in time, on a pool, or on the event loop
/// itself when it declares that it never blocks and nothing it may call does.
class PoolInvoker final : public Invoker {
 public:
  /// `reserved` (may be null) caps how many invocations of the function run at once; the others
  /// wait there, without spending an attempt.
  PoolInvoker(Function& function, Executor pool, Turnstile* reserved)
      : function_(function), pool_(std::move(pool)), reserved_(reserved) {}

  const FunctionTraits& traits() const override { return function_.traits(); }
  std::string_view version() const override { return function_.version(); }

  Task<Answer> invoke(const Request& request) override {
    if (function_.traits().non_blocking) co_return function_.invoke(request);
    if (reserved_ != nullptr) co_await reserved_->enter();
    auto work = [this, &request] { return function_.invoke(request); };
    Answer answer = co_await run_on(pool_, std::move(work));
    if (reserved_ != nullptr) reserved_->leave();
    co_return answer;
  }

 private:
  Function& function_;
  Executor pool_;
  Turnstile* reserved_;
};

}  // namespace tidemill
