#include "core/dispatch/commit_sequencer.h"

#include <utility>

namespace tidemill {

Task<Result<>> CommitSequencer::commit(const CommitPart& part) {
  if (!failure_) {
    auto enqueue = [this, &part](auto handler) {
      auto resume = [handler = std::move(handler)]() mutable { std::move(handler)(); };
      waiting_.push_back({&part, std::move(resume)});
      if (std::exchange(writing_, true)) return;
      spawn(scheduler_, write_groups());
    };
    co_await boost::asio::async_initiate<const boost::asio::use_awaitable_t<>&, void()>(
        enqueue, boost::asio::use_awaitable);
  }
  if (failure_) co_return std::unexpected(*failure_);
  co_return Result<>{};
}

Task<> CommitSequencer::write_groups() {
  while (!waiting_.empty()) {
    std::vector<const CommitPart*> parts;
    std::deque<Waiting> group = std::exchange(waiting_, {});
    parts.reserve(group.size());
    for (const Waiting& waiting : group) parts.push_back(waiting.part);
    if (!failure_) {
      const WallTime now = scheduler_.wall();
      auto write = [&] { return store_.commit(parts, now, Durability::sync); };
      Result<> written = co_await run_blocking(scheduler_, std::move(write));
      if (!written) {
        failure_ = written.error();
      } else {
        stats_.commits += group.size();
        ++stats_.groups;
      }
    }
    for (Waiting& waiting : group)
      boost::asio::post(scheduler_.executor(), std::move(waiting.resume));
  }
  writing_ = false;
}

}  // namespace tidemill
