#include "core/dispatch/ack_queue.h"

#include <algorithm>
#include <utility>

#include "core/base/mutation.h"
#include "core/dispatch/verdict.h"

namespace tidemill {
namespace {

constexpr Backoff tell_again{.initial = std::chrono::milliseconds(100)};

// Once closed, the end of the pipeline waits for this.
constexpr std::uint32_t last_tries_max = 3;
constexpr Duration last_pause_max = std::chrono::seconds(1);

}  // namespace

AckQueue::AckQueue(Scheduler& scheduler, Log& log, CommitSequencer& sequencer, Source& source,
                   std::string pipeline, std::function<void()> room_came)
    : scheduler_(scheduler),
      log_(log),
      sequencer_(sequencer),
      source_(source),
      pipeline_(std::move(pipeline)),
      room_came_(std::move(room_came)),
      wake_(scheduler) {}

AckQueue::~AckQueue() {
  if (ticket_) sequencer_.unsubscribe(*ticket_);
}

void AckQueue::push(std::uint64_t commit, std::vector<Settled> settled) {
  if (settled.empty()) return;
  std::size_t bytes = 0;
  for (const Settled& one : settled)
    bytes += one.subject.size() + one.version.size() + one.failed.size();
  Held& held = held_.emplace_back(Held{commit, std::move(settled), {}});
  held.texts.reserve(bytes);
  const auto keep = [&](std::string_view text) {
    const std::size_t start = held.texts.size();
    held.texts.insert(held.texts.end(), text.begin(), text.end());
    return std::string_view(held.texts.data() + start, text.size());
  };
  for (Settled& one : held.settled) {
    one.subject = keep(one.subject);
    one.version = keep(one.version);
    one.failed = keep(one.failed);
  }
  held_count_ += held.settled.size();
  if (held_count_ > held_max / 2) sequencer_.hurry();
  if (may_tell()) wake_.notify();
  listen_while_needed();
}

void AckQueue::close() {
  closed_ = true;
  if (!held_.empty()) sequencer_.hurry();
  wake_.notify();
}

bool AckQueue::may_tell() const {
  if (held_.empty()) return false;
  return held_.front().commit <= sequencer_.durable() || mutated(Mutation::ack_before_sync);
}

Task<> AckQueue::run() {
  while (!closed_ || !held_.empty()) {
    listen_while_needed();
    if (may_tell()) {
      co_await tell();
    } else if (sequencer_.failure()) {
      held_.clear();
      forget(held_count_);
      if (!closed_) co_await wake_.wait();
    } else {
      co_await wake_.wait();
    }
  }
}

// A thousand pipelines that hold nothing must not be woken by every sync of the one that works.
void AckQueue::listen_while_needed() {
  const bool needed = !held_.empty() && !may_tell() && !sequencer_.failure();
  if (needed && !ticket_) {
    ticket_ = sequencer_.subscribe(wake_);
  } else if (!needed && ticket_) {
    sequencer_.unsubscribe(*std::exchange(ticket_, {}));
  }
}

Task<> AckQueue::tell() {
  std::deque<Held> telling;  // Keeps the texts alive.
  std::vector<Settled> settled;
  while (may_tell()) {
    Held& held = telling.emplace_back(std::move(held_.front()));
    held_.pop_front();
    settled.insert(settled.end(), held.settled.begin(), held.settled.end());
  }
  co_await tell_until_taken(settled);
  forget(settled.size());
}

Task<> AckQueue::tell_until_taken(std::span<const Settled> settled) {
  std::uint32_t last_tries = 0;
  for (std::uint32_t attempt = 1;; ++attempt) {
    const Result<> told = co_await source_.settle(settled);
    if (told || told.error().fault == Fault::cancelled) co_return;
    const Error& error = told.error();
    log_.write(LogLevel::warning, pipeline_ + ": the source did not take an ack: " + error.message);
    if (!passes(error.fault) || mutated(Mutation::forget_failed_ack)) co_return;
    if (closed_ && ++last_tries == last_tries_max) co_return;
    Duration wait = backoff(tell_again, attempt, scheduler_.random());
    wait = std::max<Duration>(wait, error.retry_after);
    if (closed_) wait = std::min(wait, last_pause_max);
    co_await pause(wait);
  }
}

// close() ends it.
Task<> AckQueue::pause(Duration duration) {
  const Instant until = scheduler_.now() + duration;
  const bool was_closed = closed_;
  while (closed_ == was_closed && scheduler_.now() < until) co_await wake_.wait_until(until);
}

void AckQueue::forget(std::size_t count) {
  const bool was_full = full();
  held_count_ -= count;
  if (was_full && !full()) room_came_();
}

}  // namespace tidemill
