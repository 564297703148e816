// StdoutSink: messages as lines on a descriptor, for people and for pipes.
//
// Writes block, on the pool; lines of two such sinks do not mix. A reader that goes away must not
// end the engine: open() has SIGPIPE ignored if nobody else has decided about it.
#pragma once

#include <string>
#include <vector>

#include "stdout.h"
#include "tidemill/async.h"
#include "tidemill/sink.h"

namespace tidemill::stdout {

class StdoutSink final : public Sink {
 public:
  /// Does not own `fd`.
  StdoutSink(const Config& config, int fd, Services services)
      : config_(config), fd_(fd), services_(std::move(services)) {}

  static constexpr Idempotence idempotence = Idempotence::at_least_once;

  SinkTraits traits() const override;
  std::string place() const override { return "stdout:"; }
  Task<Result<>> open() override;
  Task<std::vector<Result<>>> write(SinkBatch batch) override;
  Task<> close() override;

 private:
  Result<> write_out();

  Config config_;
  int fd_;
  Services services_;
  std::string lines_;  ///< Of this batch; reused.
};

}  // namespace tidemill::stdout
