#include "core/streams/queue_source.h"

#include <algorithm>
#include <utility>

namespace tidemill {

QueueSource::QueueSource(EmbeddedQueue& queue, Scheduler& scheduler, Options options)
    : queue_(queue),
      scheduler_(scheduler),
      options_(options),
      wake_(scheduler),
      consumer_{.wake = wake_, .keyed = options.keyed, .visibility = options.visibility} {}

QueueSource::~QueueSource() { queue_.leave_out(consumer_, scheduler_.wall()); }

Task<Result<>> QueueSource::open(const Progress&) {
  if (!std::exchange(joined_, true)) queue_.join(consumer_);
  co_return Result<>{};
}

Task<Result<PollEnd>> QueueSource::poll(Credit credit, std::vector<Event>& out) {
  while (!interrupted_) {
    const WallTime now = scheduler_.wall();
    const auto handed = queue_.hand_out(consumer_, credit, now, out);
    if (handed != EmbeddedQueue::Handed::none) co_return PollEnd::more;
    if (queue_.wants_read()) {
      const Result<> read = co_await queue_.read();
      if (!read) co_return std::unexpected(read.error());
      continue;
    }
    if (options_.until_idle && queue_.drained()) co_return PollEnd::exhausted;
    const auto due = queue_.next_due();
    if (due) {
      const Duration wait(static_cast<std::int64_t>(due->value - std::min(*due, now).value));
      co_await wake_.wait_until(scheduler_.now() + wait);
    } else {
      co_await wake_.wait();
    }
  }
  co_return fail(Fault::cancelled, "interrupted");
}

void QueueSource::interrupt() {
  interrupted_ = true;
  wake_.notify();
}

// They left in their commit.
Task<Result<>> QueueSource::settle(std::span<const Settled>) { co_return Result<>{}; }

Task<> QueueSource::close() {
  queue_.leave_out(consumer_, scheduler_.wall());
  joined_ = false;
  co_return;
}

void QueueSource::leave(std::span<const Settled> settled, CommitPart& part) {
  queue_.leave(settled, part, scheduler_.wall());
}

}  // namespace tidemill
