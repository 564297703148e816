#include "core/archive/archive_roller.h"

#include <algorithm>
#include <utility>

namespace tidemill {

ArchiveStatus& ArchiveStatus::operator+=(const ArchiveStatus& other) {
  objects += other.objects;
  object_bytes += other.object_bytes;
  failures += other.failures;
  return *this;
}

ArchiveRoller::ArchiveRoller(Scheduler& scheduler, Log& log, Store& store,
                             CommitSequencer& sequencer, ArchiveStage& stage, StagedSink& sink,
                             Config config)
    : scheduler_(scheduler),
      log_(log),
      sequencer_(sequencer),
      stage_(stage),
      config_(std::move(config)),
      policy_(sink.policy()),
      maker_(scheduler, store, sequencer, stage, sink, {config_.id, config_.object_name}) {}

ArchiveStatus ArchiveRoller::status() const {
  ArchiveStatus status = done_;
  status.sink = config_.sink;
  status.staged_events = stage_.events();
  status.staged_bytes = stage_.bytes();
  return status;
}

void ArchiveRoller::finish() {
  finishing_ = true;
  failed_ = 0;  // The last attempts count from here.
  stage_.news().notify();
}

void ArchiveRoller::stop() {
  stopping_ = true;
  maker_.stop();
  stage_.news().notify();
}

Task<Result<>> ArchiveRoller::run() {
  co_await load();
  while (!stopping_ && !sequencer_.failure()) {
    const bool idle = !maker_.has_note() && !next_due();
    if (idle && finishing_ && stage_.hours().empty()) break;
    if (idle) {
      co_await wait_for_due();
      continue;
    }
    const Result<> made = co_await next_object();
    if (made || stopping_ || sequencer_.failure()) continue;
    complain(made.error());
    if (finishing_ && config_.last_attempts > 0 && failed_ >= config_.last_attempts)
      co_return fail(Fault::transient, done_.trouble);
    co_await pause(failed_);
  }
  if (sequencer_.failure()) co_return std::unexpected(*sequencer_.failure());
  co_return Result<>{};
}

// However often it takes: the store has nothing else to say about it.
Task<> ArchiveRoller::load() {
  for (std::uint32_t attempt = 1; !stopping_ && !sequencer_.failure(); ++attempt) {
    const Result<> loaded = co_await maker_.load();
    if (loaded) {
      failed_ = 0;
      done_.trouble.clear();
      co_return;
    }
    complain(loaded.error());
    co_await pause(attempt);
  }
}

Task<Result<>> ArchiveRoller::next_object() {
  if (!maker_.has_note()) {
    const auto due = next_due();
    Result<> noted = co_await maker_.note(*due);
    if (!noted) co_return noted;
  }
  const auto made = co_await maker_.make();
  if (!made) co_return std::unexpected(made.error());
  failed_ = 0;
  done_.trouble.clear();
  ++done_.objects;
  done_.object_bytes += made->bytes;
  log_.write(LogLevel::debug,
             name() + ": " + std::to_string(made->events) + " events are in " + made->key);
  co_return Result<>{};
}

// Of those that are due, the one that has waited longest. A crowded stage gives its largest hour.
std::optional<Partition> ArchiveRoller::next_due() const {
  const std::uint64_t now = scheduler_.wall().value;
  const auto age = static_cast<std::uint64_t>(policy_.object_age.count());
  std::optional<Partition> oldest, largest;
  WallTime oldest_since;
  std::uint64_t largest_bytes = 0;
  for (const auto& [hour, staged] : stage_.hours()) {
    const bool old = staged.since.value + age <= now;
    const bool large = staged.bytes >= policy_.object_bytes;
    if ((old || large || finishing_) && (!oldest || staged.since < oldest_since)) {
      oldest = hour;
      oldest_since = staged.since;
    }
    if (!largest || staged.bytes > largest_bytes) {
      largest = hour;
      largest_bytes = staged.bytes;
    }
  }
  return oldest || !stage_.crowded() ? oldest : largest;
}

Task<> ArchiveRoller::wait_for_due() {
  std::optional<WallTime> oldest;
  for (const auto& [hour, staged] : stage_.hours())
    if (!oldest || staged.since < *oldest) oldest = staged.since;
  if (!oldest) {
    co_await stage_.news().wait();
    co_return;
  }
  const std::uint64_t now = scheduler_.wall().value;
  const std::uint64_t due = oldest->value + static_cast<std::uint64_t>(policy_.object_age.count());
  const Instant when = scheduler_.now() + Duration(due > now ? due - now : 0);
  co_await stage_.news().wait_until(when);
}

void ArchiveRoller::complain(const Error& error) {
  ++failed_;
  ++done_.failures;
  done_.trouble = error.message;
  log_.write(LogLevel::warning, name() + ": " + error.message + "; " +
                                    std::to_string(stage_.events()) + " events stay staged");
}

Task<> ArchiveRoller::pause(std::uint32_t attempt) {
  const Instant again = scheduler_.now() + backoff(config_.backoff, attempt, scheduler_.random());
  const bool finishing = finishing_;
  while (!stopping_ && finishing == finishing_ && scheduler_.now() < again)
    co_await stage_.news().wait_until(again);
}

}  // namespace tidemill
