#include "core/pipeline/late_sink.h"

namespace tidemill {

Task<Result<>> LateSink::open() {
  Result<> opened = co_await open_once();
  if (!opened && passes(opened.error().fault)) co_return Result<>();
  co_return opened;
}

Task<std::vector<Result<>>> LateSink::write(SinkBatch batch) {
  if (!open_) {
    const Result<> opened = co_await open_once();
    if (!opened) {
      const Error error{Fault::unavailable, opened.error().message, opened.error().retry_after};
      co_return std::vector<Result<>>(batch.effects.size(), std::unexpected(error));
    }
  }
  co_return co_await sink_->write(batch);
}

// Writes may come side by side.
Task<Result<>> LateSink::open_once() {
  if (open_) co_return Result<>();
  if (opening_) co_return fail(Fault::unavailable, place() + " is being opened");
  opening_ = true;
  Result<> opened = co_await sink_->open();
  opening_ = false;
  open_ = opened.has_value();
  co_return opened;
}

}  // namespace tidemill
