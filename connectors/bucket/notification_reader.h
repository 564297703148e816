// NotificationReader: hears from another source - a topic, requests over HTTP - which objects of a
// bucket have changed. Drives that source as the engine drives one.
//
// A notification is settled as soon as it is understood: what it tells of is in the bucket, where
// the next listing finds it, also after a crash. What is no notification is refused, which a
// request's sender is told; it is logged, ever less often, and counted.
//
// Lives on one scheduler's executor.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "tidemill/async.h"
#include "tidemill/registry.h"
#include "tidemill/source.h"

namespace tidemill::bucket {

class NotificationReader {
 public:
  struct Ears {
    std::function<void(std::string key)> changed;  ///< Look at this object.
    std::function<void()> missed;  ///< Some may go by, or have gone by: look at all of them.
  };

  /// Of the bucket of that name. `ears` are called on the executor, until close() has returned.
  NotificationReader(std::unique_ptr<Source> source, std::string bucket, Services services,
                     Ears ears);

  bool sees(std::string_view place) const { return source_->sees(place); }

  /// See SourceTraits.
  std::uint64_t buffer_bytes() const { return source_->traits().buffer_bytes; }

  /// See Source::reach().
  Task<Result<std::string>> reach();

  /// Begins to listen; what may pass is tried again on its own. Once.
  ///
  /// Errors: bad_config.
  Task<Result<>> open();

  /// What it tries in vain; empty: nothing.
  const std::string& trouble() const { return trouble_; }

  /// Ends what waits.
  void interrupt();

  /// Idempotent.
  Task<> close();

 private:
  Task<> run();
  Task<Result<>> open_source();
  Task<bool> read();
  std::string take(const Event& event);
  void work_again();
  void complain(const std::string& doing, const Error& error);
  void count(std::string_view what);

  const std::unique_ptr<Source> source_;
  const std::string bucket_;
  Services services_;
  const Ears ears_;
  const ProgressKind kind_;
  std::shared_ptr<Meter> meter_;
  std::string trouble_;
  std::uint64_t refused_ = 0;
  std::uint64_t failed_ = 0;  // In a row.
  bool open_ = false;
  bool running_ = false;
  bool interrupted_ = false;
  Signal wake_;   // run() sleeps.
  Signal ended_;  // It has ended.
};

}  // namespace tidemill::bucket
