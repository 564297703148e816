#include "core/dispatch/ack_queue.h"

#include <utility>

#include "core/base/mutation.h"

namespace tidemill {
namespace {

// So many held acknowledgements are worth a sync of their own: their memory is not in any budget.
constexpr std::size_t held_max = 1u << 16;

}  // namespace

AckQueue::AckQueue(Scheduler& scheduler, Log& log, CommitSequencer& sequencer, Source& source,
                   std::string pipeline)
    : log_(log),
      sequencer_(sequencer),
      source_(source),
      pipeline_(std::move(pipeline)),
      wake_(scheduler) {
  sequencer_.subscribe(wake_);
}

AckQueue::~AckQueue() { sequencer_.unsubscribe(wake_); }

void AckQueue::push(std::uint64_t commit, std::vector<Settled> settled) {
  if (settled.empty()) return;
  std::size_t bytes = 0;
  for (const Settled& one : settled) bytes += one.subject.size() + one.version.size();
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
  }
  held_count_ += held.settled.size();
  if (held_count_ > held_max) sequencer_.hurry();
  if (may_tell()) wake_.notify();
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
    if (may_tell()) {
      co_await tell();
    } else if (sequencer_.failure()) {
      held_.clear();
      held_count_ = 0;
      if (!closed_) co_await wake_.wait();
    } else {
      co_await wake_.wait();
    }
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
  held_count_ -= settled.size();
  const Result<> told = co_await source_.settle(settled);
  if (!told && told.error().fault != Fault::cancelled)
    log_.write(LogLevel::warning,
               pipeline_ + ": the source did not take an ack: " + told.error().message);
}

}  // namespace tidemill
