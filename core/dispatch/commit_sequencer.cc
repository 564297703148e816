#include "core/dispatch/commit_sequencer.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "core/base/mutation.h"

namespace tidemill {

Task<Result<std::uint64_t>> CommitSequencer::commit(const CommitPart& part, Durability durability) {
  if (failure_) co_return std::unexpected(*failure_);
  const std::uint64_t number = ++submitted_;
  guard_.note(part.rows, number, visible());
  if (mutated(Mutation::visible_before_write)) visible_.store(number);
  auto enqueue = [this, &part, durability](auto handler) {
    auto resume = [handler = std::move(handler)]() mutable { std::move(handler)(); };
    waiting_.push_back({&part, durability, std::move(resume)});
    start();
  };
  co_await boost::asio::async_initiate<const boost::asio::use_awaitable_t<>&, void()>(
      enqueue, boost::asio::use_awaitable);
  if (failure_) co_return std::unexpected(*failure_);
  co_return number;
}

void CommitSequencer::start() {
  if (std::exchange(writing_, true)) {
    work_.notify();
  } else {
    spawn(scheduler_, write_groups());
  }
}

Task<> CommitSequencer::write_groups() {
  while (!waiting_.empty() || sync_at_) {
    const bool due = sync_at_ && (hurried_ || scheduler_.now() >= *sync_at_);
    if (!waiting_.empty()) {
      // Where commits never pause there is no better moment: what is due is synced with them.
      const bool synced = due && !mutated(Mutation::sync_when_idle);
      co_await write_group(synced);
    } else if (due) {
      co_await sync();
    } else {
      co_await work_.wait_until(*sync_at_);
    }
  }
  hurried_ = false;
  writing_ = false;
}

Task<> CommitSequencer::write_group(bool synced) {
  std::vector<Waiting> group = std::exchange(waiting_, {});
  std::vector<const CommitPart*> parts;
  parts.reserve(group.size());
  Durability durability = synced ? Durability::sync : Durability::periodic;
  for (const Waiting& waiting : group) {
    parts.push_back(waiting.part);
    durability = std::min(durability, waiting.durability);
  }
  if (durability == Durability::sync) hurried_ = false;
  // Parts that arrive from here on belong to the next group, and their numbers follow.
  const std::uint64_t last = submitted_;
  if (mutated(Mutation::lose_last_part)) parts.pop_back();
  if (!failure_) {
    const WallTime now = scheduler_.wall();
    auto write = [&] { return store_.commit(parts, now, durability); };
    Result<> outcome = co_await run_on(disk_, std::move(write));
    if (mutated(Mutation::go_on_after_failure)) outcome = {};
    if (outcome) {
      stats_.commits += group.size();
      ++stats_.groups;
    }
    written(std::move(outcome), last, durability == Durability::sync);
  }
  for (Waiting& waiting : group) answered_.push_back(std::move(waiting.resume));
  if (!std::exchange(answering_, true))
    boost::asio::post(scheduler_.executor(), [this] { answer(); });
}

// They hear of their commits in the order of the commits, whatever order the executor keeps.
void CommitSequencer::answer() {
  answering_ = false;
  for (auto& resume : std::exchange(answered_, {})) resume();
}

Task<> CommitSequencer::sync() {
  hurried_ = false;
  const std::uint64_t last = visible();
  auto flush = [this] { return store_.sync(); };
  Result<> outcome = co_await run_on(disk_, std::move(flush));
  ++stats_.syncs;
  written(std::move(outcome), last, true);
}

void CommitSequencer::written(Result<> outcome, std::uint64_t last, bool synced) {
  if (!outcome) {
    fail(std::move(outcome.error()));
  } else {
    visible_.store(last, std::memory_order_release);
    if (synced) durable_ = last;
    if (durable_ == last) {
      sync_at_.reset();
    } else if (!sync_at_) {
      sync_at_ = scheduler_.now() + sync_every;
    }
    if (!synced) return;
  }
  for (const auto& [ticket, listener] : listeners_) listener->notify();
}

CommitSequencer::Ticket CommitSequencer::subscribe(Signal& listener) {
  listeners_.emplace(++last_ticket_, &listener);
  return last_ticket_;
}

void CommitSequencer::look_at(const Error& error) {
  if (failure_ || !store_.failed()) return;
  fail(error);
  for (const auto& [ticket, listener] : listeners_) listener->notify();
}

void CommitSequencer::fail(Error error) {
  failure_ = std::move(error);
  sync_at_.reset();
  if (on_failure_) on_failure_();
}

Task<Result<>> CommitSequencer::recover() {
  auto open = [this]() -> Result<> {
    if (auto reopened = store_.reopen(); !reopened) return reopened;
    return store_.sync();
  };
  Result<> reopened = co_await run_on(disk_, std::move(open));
  if (!reopened) co_return reopened;
  // What the store shows now is what is on the disk.
  visible_.store(submitted_, std::memory_order_release);
  durable_ = submitted_;
  failure_.reset();
  co_return Result<>{};
}

}  // namespace tidemill
