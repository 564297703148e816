#include "core/dispatch/sink_writer.h"

#include <algorithm>
#include <utility>

#include "core/base/mutation.h"
#include "core/dispatch/verdict.h"

namespace tidemill {
namespace {

// A sink's back-off may be long; a drain must not wait for it.
constexpr auto look_for_stop_every = std::chrono::milliseconds(500);

Task<std::vector<Result<>>> write_once(Target& target, const SinkWrite& write) {
  const bool alone = !target.binding.sink->traits().concurrent_writes;
  const SinkBatch batch{write.pipeline, write.events, write.effects};
  if (alone) co_await target.turnstile->enter();
  auto answers = co_await target.binding.sink->write(batch);
  if (alone) target.turnstile->leave();
  co_return answers;
}

}  // namespace

Task<bool> write_until_settled(Scheduler& scheduler, Target& target, SinkWrite write) {
  const RetryPolicy& policy = target.binding.retry;
  for (std::uint32_t attempt = 1; !write.effects.empty(); ++attempt) {
    const auto answers = co_await write_once(target, write);
    std::vector<Effect> again;
    Duration pause{0};
    for (std::size_t i = 0; i < answers.size(); ++i) {
      if (answers[i] || mutated(Mutation::ignore_sink_refusal)) continue;
      const Error& error = answers[i].error();
      const bool retryable = error.fault == Fault::transient || error.fault == Fault::throttled;
      if (retryable && attempt < policy.attempts) {
        again.push_back(write.effects[i]);
        pause = std::max<Duration>(pause, error.retry_after);
      } else {
        write.give_up(write.effects[i], error, attempt);
      }
    }
    // An event that died of one effect needs no other.
    std::erase_if(again, write.given_up);
    write.effects = std::move(again);
    if (write.effects.empty()) break;
    if (write.stop()) co_return false;
    pause = std::max(pause, backoff(policy.backoff, attempt, scheduler.random()));
    const Instant until = scheduler.now() + pause;
    while (!write.stop() && scheduler.now() < until) {
      const Instant look = std::min(until, scheduler.now() + look_for_stop_every);
      co_await sleep_until(scheduler, look);
    }
  }
  co_return true;
}

}  // namespace tidemill
