#include "core/dispatch/sink_writer.h"

#include <algorithm>
#include <bit>
#include <set>
#include <string>
#include <utility>

#include "core/base/mutation.h"

namespace tidemill {
namespace {

// A sink's back-off may be long; a drain must not wait for it.
constexpr auto look_for_stop_every = std::chrono::milliseconds(500);

Task<std::vector<Result<>>> write_once(Target& target, const SinkWrite& write) {
  const bool alone = !target.binding.sink->traits().concurrent_writes;
  const SinkBatch batch{.pipeline = write.pipeline,
                        .sink = target.binding.name,
                        .life = write.life,
                        .events = write.events,
                        .effects = write.effects};
  if (alone) co_await target.turnstile->enter();
  auto answers = co_await target.binding.sink->write(batch);
  if (alone) target.turnstile->leave();
  if (!answers.empty() && answers.size() != write.effects.size()) {
    // Nobody knows which of them it means.
    Error error{Fault::transient, "the sink answered " + std::to_string(answers.size()) +
                                      " results for " + std::to_string(write.effects.size()) +
                                      " effects"};
    answers.assign(write.effects.size(), std::unexpected(std::move(error)));
  }
  co_return answers;
}

// Since it last succeeded.
struct Tries {
  std::uint32_t failed = 0;
  std::uint32_t put_off = 0;  // Those cost no attempt.

  std::uint32_t all() const { return failed + put_off; }
};

// The pause before the next write. Counts the tries of what failed and gives up what may not be
// tried again.
Duration judge_answers(const std::vector<Result<>>& answers, const RetryPolicy& policy,
                       const SinkWrite& write, std::vector<Tries>& tries, std::uint64_t random) {
  Duration pause{0};
  std::uint32_t most = 0;
  for (std::size_t i = 0; i < answers.size(); ++i) {
    if (answers[i] || mutated(Mutation::ignore_sink_refusal)) {
      tries[i] = {};
      continue;
    }
    const Error& error = answers[i].error();
    const bool put_off = error.fault == Fault::cancelled || error.fault == Fault::fenced ||
                         error.fault == Fault::unavailable;
    ++(put_off ? tries[i].put_off : tries[i].failed);
    if (!put_off && (!passes(error.fault) || tries[i].failed >= policy.attempts)) {
      write.give_up(write.effects[i], error, tries[i].failed);
      tries[i] = {};
    } else {
      most = std::max(most, tries[i].all());
      pause = std::max<Duration>(pause, error.retry_after);
    }
  }
  return most == 0 ? pause : std::max(pause, backoff(policy.backoff, most, random));
}

// What people are told while a sink is unavailable: in its status always, in the log when it begins
// and ever less often.
void note_trouble(const std::vector<Result<>>& answers, Target& target, const SinkWrite& write,
                  const std::vector<Tries>& tries) {
  if (answers.empty() || std::ranges::any_of(answers, [](const auto& a) { return a.has_value(); }))
    target.trouble.clear();
  for (std::size_t i = 0; i < answers.size(); ++i) {
    if (answers[i] || answers[i].error().fault != Fault::unavailable) continue;
    target.trouble = answers[i].error().message;
    if (write.waits && std::has_single_bit(tries[i].put_off)) write.waits(answers[i].error());
    return;
  }
}

// Keeps what failed or stands behind something that did. Of an event that was given up nothing is
// to be written, and nobody waits for it.
void keep_unsettled(SinkWrite& write, std::vector<Tries>& tries) {
  std::set<std::string_view> keys;        // Of effects that are kept,
  std::set<std::string_view> event_keys;  // and of their events.
  std::size_t kept = 0;
  const bool more = mutated(Mutation::write_all_again) &&
                    std::ranges::any_of(tries, [](const Tries& t) { return t.all() > 0; });
  for (std::size_t i = 0; i < write.effects.size(); ++i) {
    const Effect effect = write.effects[i];
    const std::string_view event_key =
        write.ordering == Ordering::keyed ? write.events[effect.event].key : std::string_view();
    const bool follows = (write.ordering == Ordering::ordered && kept > 0) ||
                         keys.contains(effect.key) || event_keys.contains(event_key);
    const bool behind = (follows && !mutated(Mutation::write_alone_again)) || more;
    if ((tries[i].all() == 0 && !behind) || write.given_up(effect)) continue;
    if (!effect.key.empty()) keys.insert(effect.key);
    if (!event_key.empty()) event_keys.insert(event_key);
    write.effects[kept] = effect;
    tries[kept++] = tries[i];
  }
  write.effects.resize(kept);
  tries.resize(kept);
}

}  // namespace

Task<bool> write_until_settled(Scheduler& scheduler, Target& target, SinkWrite write) {
  std::vector<Tries> tries;
  while (!write.effects.empty()) {
    const auto answers = co_await write_once(target, write);
    tries.resize(write.effects.size());
    const Duration pause =
        judge_answers(answers, target.binding.retry, write, tries, scheduler.random());
    note_trouble(answers, target, write, tries);
    if (answers.empty()) break;
    keep_unsettled(write, tries);
    if (write.effects.empty()) break;
    if (write.stop()) co_return false;
    const Instant until = scheduler.now() + pause;
    while (!write.stop() && scheduler.now() < until) {
      const Instant look = std::min(until, scheduler.now() + look_for_stop_every);
      co_await sleep_until(scheduler, look);
    }
  }
  co_return true;
}

}  // namespace tidemill
