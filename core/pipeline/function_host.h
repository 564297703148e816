// FunctionHost: what an engine asks of whatever runs the functions of its plan. FunctionSet is the
// one that runs them for real; a rehearsal answers for them in virtual time.
//
// Driven from the scheduler's executor, but for cancel(), which any thread may call.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <tuple>

#include "core/config/plan.h"
#include "core/dispatch/invoker.h"
#include "core/invoke/catalog.h"
#include "core/invoke/crash_record.h"
#include "core/invoke/native_call.h"
#include "core/pipeline/recorded_suspects.h"

namespace tidemill {

class FunctionHost {
 public:
  virtual ~FunctionHost() = default;

  /// Loads and provisions every function of the plan. Errors: bad_config, transient.
  virtual Result<> load(const Plan& plan, PluginCatalog& plugins, const TableAccess& tables) = 0;

  /// What the function declares. Precondition: loaded.
  virtual const config::FunctionDecl& decl(const std::string& name) const = 0;

  /// Hash of a function's binary and configuration. Precondition: loaded.
  virtual std::string_view version(const std::string& name) const = 0;

  /// A way to invoke it for one pipeline; lives no longer than this host, nor than `suspects`,
  /// which may be null. Precondition: loaded.
  virtual std::unique_ptr<Invoker> invoker(const std::string& name, BatchOrigin origin,
                                           const RecordedSuspects* suspects) = 0;

  /// Asks all running handlers to stop.
  virtual void cancel() {}

  /// Gives up every call under way; the handlers run on until the process ends.
  virtual void abandon() {}

  /// Why batches of a function wait, in a sentence; empty when they do not. Precondition: loaded.
  virtual std::string complaint(const std::string& name) const {
    std::ignore = name;
    return {};
  }

  /// Threads whose handlers were given up and have not returned, or that are asked to cancel them.
  /// While there are any, this must not be destroyed: it would wait for them.
  virtual std::size_t lost_threads() const { return 0; }

  /// Bytes of events that lost threads hold.
  virtual std::uint64_t lost_bytes() const { return 0; }

  /// Waits for all threads; nothing is invoked afterwards.
  virtual void join() {}
};

}  // namespace tidemill
