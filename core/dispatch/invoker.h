// Invoker: how a batch reaches its function. The simulator has one with virtual delays.
#pragma once

#include <string_view>

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

}  // namespace tidemill
