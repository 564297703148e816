// PatientInvoker: an invoker for which a server that is away is nobody's fault.
//
// Where a handler fails events because the objects that they are about could not be read
// (Fault::unavailable), its batch is put off as a whole: invoked again after a back-off, at no cost
// in attempts, for as long as it takes. A handler that made do without the object is believed.
#pragma once

#include <memory>
#include <string_view>
#include <utility>

#include "core/dispatch/invoker.h"

namespace tidemill {

class PatientInvoker final : public Invoker {
 public:
  explicit PatientInvoker(std::unique_ptr<Invoker> invoker) : invoker_(std::move(invoker)) {}

  const FunctionTraits& traits() const override { return invoker_->traits(); }
  std::string_view version() const override { return invoker_->version(); }
  Task<Answer> invoke(const Request& request) override;

 private:
  const std::unique_ptr<Invoker> invoker_;
};

}  // namespace tidemill
