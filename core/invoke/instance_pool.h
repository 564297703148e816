// InstancePool: the instances of one native function (its warm and busy sandboxes, in serverless
// words), and the calls they serve. Instances are made on demand, up to a limit, and reused last
// in, first out, so that the warmest is taken first.
//
// Lifetime: shared by the function and by every response that is still held; the instances are
// destroyed when the last of these goes. Thread safety: all of it.
#pragma once

#include <cstdint>
#include <memory>
#include <mutex>
#include <vector>

#include "core/invoke/native_call.h"
#include "core/invoke/plugin.h"
#include "tidemill/config_spec.h"
#include "tidemill/result.h"

namespace tidemill {

class InstancePool {
 public:
  /// `instances_max` 0: no limit. A thread-safe plugin has one instance, whatever the limit; the
  /// limit is then one of concurrent calls.
  InstancePool(std::shared_ptr<const Plugin> plugin, const ResolvedOptions& options,
               NativeHost host, std::uint32_t instances_max);
  ~InstancePool();
  InstancePool(const InstancePool&) = delete;
  InstancePool& operator=(const InstancePool&) = delete;

  /// Makes instances ahead, until `count` exist or the limit is reached.
  ///
  /// Errors: what the plugin's create says; bad_config when it blames the configuration.
  Result<> provision(std::uint32_t count);

  /// A call with an idle instance, for one handle() of `request`. To be given back by idle(), then
  /// free().
  ///
  /// Errors: throttled when all instances are busy; as provision().
  Result<std::unique_ptr<NativeCall>> acquire(const Request& request);

  /// handle() of this call has returned: its instance may serve another.
  void idle(const NativeCall& call);

  /// The response of this call is freed. `leak` is what the plugin did not give back of its memory.
  void free(std::unique_ptr<NativeCall> call);

  /// Asks every running handle() to return soon, or that of one request: `expired` says yes.
  void expire();
  void expire(const Request& request);

  /// Asks through the plugin's own cancel as well. That is foreign code, which may take as long as
  /// it likes: it runs on the calling thread, and nothing waits for it but its instance.
  void cancel();
  void cancel(const Request& request);

  std::size_t instances() const;

 private:
  Result<void*> create();
  std::vector<NativeCall*> running_for(const Request& request) const;
  void cancel(const std::vector<NativeCall*>& calls, std::unique_lock<std::mutex> lock);

  const std::shared_ptr<const Plugin> plugin_;
  const NativeHost host_;
  const std::uint32_t instances_max_;
  std::vector<std::pair<std::string, std::string>> options_;
  std::vector<tidemill_pair> raw_options_;  ///< Views options_.

  mutable std::mutex mutex_;
  std::vector<void*> all_;
  std::vector<void*> idle_;           ///< Stays empty for a thread-safe plugin.
  std::vector<NativeCall*> running_;  ///< Between acquire() and idle().
  std::vector<void*> cancelled_;      ///< Their plugin's cancel runs: they serve nobody else.
  std::uint32_t creating_ = 0;        ///< Places taken by instances that are being made.
  std::vector<std::unique_ptr<NativeCall>> spare_calls_;
  bool leak_reported_ = false;
};

}  // namespace tidemill
