// Invoker: how a batch reaches its function. The simulator has one with virtual delays.
#pragma once

#include <cstdint>

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

/// Runs a function on a pool, or on the event loop itself when it declares that it never blocks
/// and nothing it may call does.
class PoolInvoker final : public Invoker {
 public:
  PoolInvoker(Function& function, Executor pool) : function_(function), pool_(std::move(pool)) {}

  const FunctionTraits& traits() const override { return function_.traits(); }
  std::string_view version() const override { return function_.version(); }

  Task<Answer> invoke(const Request& request) override {
    if (function_.traits().non_blocking) co_return function_.invoke(request);
    auto work = [this, &request] { return function_.invoke(request); };
    co_return co_await run_on(pool_, std::move(work));
  }

 private:
  Function& function_;
  Executor pool_;
};

}  // namespace tidemill
