// LateSink: a sink behind a durable queue, which its pipeline need not wait for.
//
// Where its system is away when the pipeline starts, the pipeline starts all the same: what is for
// the sink waits in its queue, and each try to write is a try to open it first. On the pipeline's
// executor.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "tidemill/sink.h"

namespace tidemill {

class LateSink final : public Sink {
 public:
  explicit LateSink(std::unique_ptr<Sink> sink) : sink_(std::move(sink)) {}

  SinkTraits traits() const override { return sink_->traits(); }
  std::string place() const override { return sink_->place(); }
  Task<Result<std::string>> reach() override { return sink_->reach(); }

  /// Errors: bad_config.
  Task<Result<>> open() override;

  /// Answers `unavailable` as long as it cannot be opened.
  Task<std::vector<Result<>>> write(SinkBatch batch) override;

  Task<> close() override { return sink_->close(); }

 private:
  Task<Result<>> open_once();

  const std::unique_ptr<Sink> sink_;
  bool open_ = false;
  bool opening_ = false;
};

}  // namespace tidemill
