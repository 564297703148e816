#include "app/replay_stream.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "core/base/json_line.h"

namespace tidemill::app {
namespace {

// Often at first, since a replay may be short; each look reads all marks there are.
constexpr Duration first_pause = std::chrono::milliseconds(50);
constexpr Duration last_pause = std::chrono::seconds(1);

}  // namespace

ReplayStream::ReplayStream(Scheduler& scheduler, Engine& engine, letters::Choice choice,
                           letters::Form form, std::string head)
    : scheduler_(scheduler),
      engine_(engine),
      choice_(std::move(choice)),
      form_(form),
      head_(std::move(head)),
      pause_(first_pause),
      wake_(scheduler) {}

ReplayStream::~ReplayStream() {
  if (ended_ || engine_.stopping()) return;
  engine_.end_replay(std::move(choice_.letters), std::move(choice_.pipelines));
}

Task<std::optional<std::string>> ReplayStream::next() {
  if (!head_.empty()) co_return std::exchange(head_, {});
  if (ended_) co_return std::nullopt;
  co_await wake_.wait_until(scheduler_.now() + pause_);
  pause_ = std::min(last_pause, 2 * pause_);
  auto count = [this] { return letters::progress(engine_.store(), choice_, false); };
  auto progress = co_await run_blocking(scheduler_, std::move(count));
  const auto running = engine_.replaying();
  const bool runs = std::ranges::all_of(
      choice_.pipelines, [&](PipelineId pipeline) { return running.contains(pipeline); });
  if (progress && progress->waiting > 0 && runs && !engine_.stopping()) co_return line(*progress);
  ended_ = true;
  auto count_all = [this] { return letters::progress(engine_.store(), choice_, true); };
  if (progress) progress = co_await run_blocking(scheduler_, std::move(count_all));
  if (!progress) co_return progress.error().message + "\n";
  co_return last_line(*progress);
}

std::string ReplayStream::line(const letters::ReplayProgress& progress) const {
  if (form_ == letters::Form::text)
    return fmt::format("{} of {} still to replay\n", progress.waiting, choice_.letters.size());
  return JsonLine().number("waiting", progress.waiting).finish() + "\n";
}

std::string ReplayStream::last_line(const letters::ReplayProgress& progress) const {
  if (form_ == letters::Form::json)
    return JsonLine()
               .number("replayed", progress.replayed)
               .number("failed", progress.failed)
               .number("waiting", progress.waiting)
               .finish() +
           "\n";
  std::string text = fmt::format("{} replayed", progress.replayed);
  if (progress.failed > 0)
    text += fmt::format(", {} failed again: see `tidemill dlq list`", progress.failed);
  if (progress.waiting > 0)
    text += fmt::format("; the engine stops, {} are replayed when it runs next", progress.waiting);
  return text + "\n";
}

}  // namespace tidemill::app
