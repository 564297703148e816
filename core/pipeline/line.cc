#include "core/pipeline/line.h"

#include <algorithm>
#include <utility>

namespace tidemill {
namespace {

// Patient with what is down, but soon back once it is up.
constexpr Backoff open_backoff{.initial = std::chrono::milliseconds(500),
                               .max = std::chrono::seconds(15)};

}  // namespace

Line::Line(PipelineRunner::Shared shared, Parts parts)
    : shared_(shared),
      scheduler_(shared.scheduler),
      parts_(std::move(parts)),
      drained_(shared.scheduler) {}

Task<> Line::run() {
  for (std::uint32_t attempt = 1; !draining_; ++attempt) {
    const Result<> opened = co_await open_all();
    if (opened) break;
    if (!passes(opened.error().fault)) {
      fail_with(opened.error());
      co_await close_all();
      end_outlets();
      co_return;
    }
    error_ = opened.error().message;
    shared_.log.write(LogLevel::warning, name() + ": cannot open yet: " + error_);
    const Duration wait = backoff(open_backoff, attempt, scheduler_.random());
    co_await drained_.wait_until(scheduler_.now() + wait);
  }
  if (!draining_) {
    auto restored = shared_.store.log_progress(parts_.config.id);
    if (restored) {
      error_.clear();
      state_ = LineState::running;
      runner_.emplace(shared_, *parts_.source, parts_.invoker.get(), parts_.bindings, parts_.config,
                      std::move(*restored));
      const Result<> ran = co_await run_all();
      // A failed write is the engine's affair, not this pipeline's.
      if (!ran && !shared_.sequencer.failure()) fail_with(ran.error());
    } else {
      shared_.sequencer.look_at(restored.error());
      if (!shared_.sequencer.failure()) fail_with(restored.error());
    }
  }
  co_await close_all();
  if (state_ != LineState::failed) state_ = LineState::ended;
  end_outlets();
}

// A pipeline that comes to its end leaves nothing staged; one that is stopped does.
Task<Result<>> Line::run_all() {
  rolling_ = parts_.rollers.size();
  for (auto& roller : parts_.rollers) spawn(scheduler_, run_roller(*roller));
  Result<> ran = co_await runner_->run();
  for (auto& roller : parts_.rollers) {
    if (ran && !draining_) {
      roller->finish();
    } else {
      roller->stop();
    }
  }
  while (rolling_ > 0) co_await drained_.wait();
  co_return ran ? rolled_ : ran;
}

Task<> Line::run_roller(ArchiveRoller& roller) {
  Result<> ended = co_await roller.run();
  if (!ended && rolled_) rolled_ = std::move(ended);
  --rolling_;
  drained_.notify();
}

std::vector<ArchiveStatus> Line::archives() const {
  std::vector<ArchiveStatus> all;
  for (const auto& roller : parts_.rollers) all.push_back(roller->status());
  return all;
}

void Line::end_outlets() {
  for (auto& outlet : parts_.outlets) outlet->end();
}

void Line::drain() {
  if (std::exchange(draining_, true)) return;
  drained_.notify();
  if (runner_) runner_->drain();
  for (auto& roller : parts_.rollers) roller->stop();
}

std::optional<std::uint64_t> Line::behind() const {
  if (state_ != LineState::running) return std::nullopt;
  return parts_.backlog != nullptr ? parts_.backlog->behind() : parts_.source->lag();
}

std::string Line::trouble() const {
  if (!runner_) return {};
  std::string of_a_sink = runner_->trouble();
  if (!of_a_sink.empty()) return of_a_sink;
  const std::string of_the_source = parts_.source->trouble();
  return of_the_source.empty() ? of_the_source : "the source is waited for: " + of_the_source;
}

Task<Result<>> Line::open_all() {
  for (auto& sink : parts_.sinks) {
    Result<> opened = co_await sink->open();
    if (!opened) co_return opened;
  }
  Result<> decided = co_await decide_transaction();
  if (!decided) co_return decided;
  auto progress = shared_.store.progress(parts_.config.id, parts_.source->identity());
  if (!progress) {
    shared_.sequencer.look_at(progress.error());
    co_return std::unexpected(progress.error());
  }
  Result<> opened = co_await parts_.source->open(**progress);
  // What could not be read counts as never settled: with that, rows would change twice.
  if (opened) opened = (*progress)->outcome();
  if (!opened) shared_.sequencer.look_at(opened.error());
  co_return opened;
}

// Before the progress is read, which it may change.
Task<Result<>> Line::decide_transaction() {
  if (parts_.transactor) {
    std::vector<StreamOutlet*> outlets;
    for (const SinkBinding& binding : parts_.bindings)
      if (binding.outlet != nullptr) outlets.push_back(binding.outlet);
    Result<> decided = co_await parts_.transactor->open(outlets);
    co_return decided;
  }
  const auto intent = shared_.store.intent(parts_.config.id);
  if (!intent) {
    shared_.sequencer.look_at(intent.error());
    co_return std::unexpected(intent.error());
  }
  if (*intent)
    co_return fail(Fault::bad_config, "nobody knows yet whether the last transaction of sink " +
                                          (*intent)->sink +
                                          " took place; run the pipeline with that sink once more");
  co_return Result<>();
}

Task<> Line::close_all() {
  co_await parts_.source->close();
  for (auto& sink : parts_.sinks) co_await sink->close();
}

void Line::fail_with(const Error& error) {
  state_ = LineState::failed;
  error_ = error.message;
  shared_.log.write(LogLevel::error, name() + ": stopped: " + error_);
}

}  // namespace tidemill
