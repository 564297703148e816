// NativeFunction: a function that runs in the engine's process, out of a plugin.
//
// The dispatcher calls invoke() from its worker threads (or from the event loop, for a function
// that declares itself non-blocking). Whatever the plugin answers is checked before the engine sees
// it; whatever it throws becomes an error of that batch. What it cannot be protected from in
// process is a handler that never returns or that writes where it must not.
//
// Thread safety: all of it. Responses may outlive the function; their instances live as long.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "core/invoke/instance_pool.h"
#include "core/invoke/native_call.h"
#include "core/invoke/plugin.h"
#include "tidemill/config_spec.h"
#include "tidemill/invocation.h"
#include "tidemill/result.h"

namespace tidemill {

class NativeFunction final : public Function {
 public:
  /// Makes the first instance, so that a configuration that the plugin refuses is known now.
  /// `config` was checked against the plugin's declaration. `concurrency` is the most invocations
  /// at once, 0: no limit; beyond it, invoke() answers `throttled`.
  ///
  /// Errors: bad_config or transient, as the plugin's create says.
  static Result<std::unique_ptr<NativeFunction>> make(std::shared_ptr<const Plugin> plugin,
                                                      const ResolvedOptions& config,
                                                      NativeHost host,
                                                      std::uint32_t concurrency = 0);

  const FunctionTraits& traits() const override { return traits_; }
  std::string_view version() const override { return version_; }
  Answer invoke(const Request& request) override { return run(request, nullptr); }

  /// The same with events that have the form of the ABI already; those of `request` are not asked
  /// for.
  Answer invoke(const Request& request, const RawEvents& events) { return run(request, &events); }

  /// Makes instances ahead of the first event, up to `count` in all. Errors: as make().
  Result<> provision(std::uint32_t count) { return pool_->provision(count); }

  /// Asks every running invocation to stop, at a shutdown that has waited long enough, or one whose
  /// deadline has passed: `expired` answers yes.
  void expire() { pool_->expire(); }
  void expire(const Request& request) { pool_->expire(request); }

  /// Calls the plugin's own cancel as well. Not from a thread that others wait for: it may never
  /// return.
  void cancel() { pool_->cancel(); }
  void cancel(const Request& request) { pool_->cancel(request); }

  std::size_t instances() const { return pool_->instances(); }

 private:
  NativeFunction(std::shared_ptr<const Plugin> plugin, std::shared_ptr<InstancePool> pool,
                 std::string version, std::uint64_t memory_bytes_max);

  Answer run(const Request& request, const RawEvents* raw);

  const std::shared_ptr<const Plugin> plugin_;
  const std::shared_ptr<InstancePool> pool_;
  const std::string version_;
  const std::uint64_t memory_bytes_max_;
  FunctionTraits traits_;
};

}  // namespace tidemill
