// TapStream: what a tap takes, as server-sent events: each line of it as one unnamed event, now and
// then an event `dropped` with how many went by unseen, and a comment where nothing else was sent
// for a while, by which it is noticed that the reader has left.
//
//     data: {"at":"source",...}
//
//     event: dropped
//     data: {"dropped":1200}
//
//     : nothing new
#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <string>

#include "core/dispatch/tap.h"
#include "tidemill/http.h"
#include "tidemill/scheduler.h"

namespace tidemill::app {

class TapStream final : public BodyStream {
 public:
  static constexpr Duration silence_max = std::chrono::seconds(2);

  /// `open` counts those there are, and outlives them.
  TapStream(Scheduler& scheduler, std::unique_ptr<Tap> tap, std::size_t& open)
      : scheduler_(scheduler), tap_(std::move(tap)), open_(open) {
    ++open_;
  }
  ~TapStream() override { --open_; }
  TapStream(const TapStream&) = delete;
  TapStream& operator=(const TapStream&) = delete;

  Task<std::optional<std::string>> next() override;

 private:
  std::string piece();

  Scheduler& scheduler_;
  std::unique_ptr<Tap> tap_;
  std::size_t& open_;
};

/// What `at`, `where`, `sample`, `rate` and `limit_bytes` in a request ask for.
///
/// Errors: bad_config.
Result<TapOptions> tap_options(const HttpRequest& request);

}  // namespace tidemill::app
