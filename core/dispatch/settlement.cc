// The last part of PipelineRunner: external sinks, then one commit, then the source.
#include <algorithm>
#include <utility>

#include "core/base/mutation.h"
#include "core/dispatch/pipeline_runner.h"

namespace tidemill {
namespace {

// A poison stream must not flood the log; the dead letters hold every one.
constexpr std::uint64_t deaths_logged_max = 20;

// A sink's back-off may be long; a drain must not wait for it.
constexpr auto look_for_drain_every = std::chrono::milliseconds(500);

}  // namespace

Task<> PipelineRunner::carry_out(Lane& lane, Settlement& settlement) {
  if (mutated(Mutation::commit_before_sinks)) {
    co_await commit(lane, settlement);
    co_await write_sinks(settlement);
    co_return;
  }
  // Nothing to write where every event is to be tried again: a commit costs an fsync.
  const bool all_wait = std::ranges::all_of(
      settlement.fates, [](Fate fate) { return fate == Fate::retry || fate == Fate::rerun; });
  if (!all_wait) co_await write_sinks(settlement);
  if (all_wait || settlement.abandoned) {
    leave_lane(lane);
  } else {
    co_await commit(lane, settlement);
  }
}

Task<> PipelineRunner::write_sinks(Settlement& settlement) {
  for (Target& target : targets_) {
    if (settlement.abandoned) break;
    if (target.binding.sink != nullptr) co_await write_sink(target, settlement);
  }
}

// A failed effect is written again from the held response; the function is not asked again. What
// finally fails takes its event to the dead letters.
Task<> PipelineRunner::write_sink(Target& target, Settlement& settlement) {
  std::vector<Effect> effects = effects_for(target.binding, settlement);
  const RetryPolicy& policy = target.binding.retry;
  for (std::uint32_t attempt = 1; !effects.empty(); ++attempt) {
    const auto answers = co_await write_once(target, settlement, effects);
    std::vector<Effect> again;
    Duration pause{0};
    for (std::size_t i = 0; i < answers.size(); ++i) {
      if (answers[i]) continue;
      const Error& error = answers[i].error();
      const bool retryable = error.fault == Fault::transient || error.fault == Fault::throttled;
      if (retryable && attempt < policy.attempts) {
        again.push_back(effects[i]);
        pause = std::max<Duration>(pause, error.retry_after);
      } else {
        kill(settlement, effects[i].event, {Stage::sink, target.binding.name, error.message});
      }
    }
    // An event that died of one effect needs no other.
    std::erase_if(again, [&](const Effect& effect) {
      return settlement.fates[effect.event] != Fate::settle;
    });
    effects = std::move(again);
    if (effects.empty()) break;
    if (draining_) {
      settlement.abandoned = true;
      break;
    }
    pause = std::max(pause, backoff(policy.backoff, attempt, scheduler_.random()));
    const Instant until = scheduler_.now() + pause;
    while (!draining_ && scheduler_.now() < until) {
      const Instant look = std::min(until, scheduler_.now() + look_for_drain_every);
      co_await sleep_until(scheduler_, look);
    }
  }
}

Task<std::vector<Result<>>> PipelineRunner::write_once(Target& target, const Settlement& settlement,
                                                       std::vector<Effect>& effects) {
  const bool alone = !target.binding.sink->traits().concurrent_writes;
  const SinkBatch batch{config_.name, settlement.work.events, effects};
  if (alone) co_await target.turnstile->enter();
  auto answers = co_await target.binding.sink->write(batch);
  if (alone) target.turnstile->leave();
  co_return answers;
}

std::vector<Effect> PipelineRunner::effects_for(const SinkBinding& binding,
                                                const Settlement& settlement) const {
  std::vector<Effect> effects;
  const auto wanted = [&](std::uint32_t event) { return settlement.fates[event] == Fate::settle; };
  if (!binding.from_event) {
    for (const Effect& effect : settlement.answer.effects)
      if (effect.output == binding.output && wanted(effect.event)) effects.push_back(effect);
    return effects;
  }
  const auto& events = settlement.work.events;
  effects.reserve(events.size());
  for (std::uint32_t i = 0; i < events.size(); ++i)
    if (wanted(i))
      effects.push_back({.kind = EffectKind::message,
                         .event = i,
                         .key = events[i].key,
                         .content_type = events[i].content_type,
                         .data = events[i].data.view(),
                         .metadata = {}});
  return effects;
}

Task<> PipelineRunner::commit(Lane& lane, Settlement& settlement) {
  const CommitPart part = commit_part(lane, settlement);
  // The commit takes its place in the order before anything else runs, so the lane's next batch
  // may start now: its own commit comes behind this one.
  leave_lane(lane);
  const Result<> committed = co_await sequencer_.commit(part);
  if (!committed) {
    fail_pipeline(committed.error());
    co_return;
  }
  std::vector<Settled> settled;
  for (std::size_t i = 0; i < settlement.fates.size(); ++i) {
    const Event& event = settlement.work.events[i];
    if (settlement.fates[i] == Fate::settle || settlement.fates[i] == Fate::dead_letter)
      settled.push_back({event.partition, event.offset, event.subject, event.version});
  }
  // Source::settle does not overlap itself, and hears of commits in their order.
  co_await settling_.enter();
  const Result<> told = co_await source_.settle(settled);
  settling_.leave();
  if (!told && told.error().fault != Fault::cancelled)
    log_.write(LogLevel::warning,
               config_.name + ": the source did not take an ack: " + told.error().message);
  release(settlement);
}

CommitPart PipelineRunner::commit_part(Lane& lane, Settlement& settlement) {
  CommitPart part;
  part.pipeline = config_.id;
  for (const Target& target : targets_)
    if (target.binding.sink == nullptr) add_rows(target.binding, settlement, part);
  // A row whose event died while other tables were being filled must not stay.
  if (!settlement.deaths.empty())
    std::erase_if(part.rows, [&](const RowChange& row) {
      return settlement.fates[row.event] != Fate::settle;
    });
  if (config_.dead_letter.enabled)
    for (const auto& [index, death] : settlement.deaths)
      part.dead_letters.push_back(
          dead_letter(settlement.work, settlement.work.events[index], death));
  add_progress(lane, settlement, part);
  return part;
}

void PipelineRunner::add_rows(const SinkBinding& binding, Settlement& settlement,
                              CommitPart& part) {
  const auto& events = settlement.work.events;
  const WallTime expires =
      binding.expire
          ? WallTime(scheduler_.wall().value + static_cast<std::uint64_t>(binding.expire->count()))
          : WallTime();
  const auto add = [&](const Effect& effect, std::string_view key) {
    const bool row = effect.kind != EffectKind::message;
    part.rows.push_back({.table = binding.table,
                         .kind = row ? effect.kind : EffectKind::put_row,
                         .merge = effect.merge,
                         .event = effect.event,
                         .operand = effect.operand,
                         .time = events[effect.event].time,
                         .expires = expires,
                         .key = key,
                         .data = effect.data});
  };
  if (!binding.from_event) {
    part.rows.reserve(part.rows.size() + settlement.answer.effects.size());
    for (const Effect& effect : settlement.answer.effects)
      if (effect.output == binding.output && settlement.fates[effect.event] == Fate::settle)
        add(effect, effect.key);
    return;
  }
  for (const Effect& effect : effects_for(binding, settlement)) {
    auto key = binding.key.of(events[effect.event], effect.data);
    if (key) {
      add(effect, settlement.keys.emplace_back(std::move(*key)));
    } else {
      kill(settlement, effect.event, {Stage::sink, binding.name, key.error().message});
    }
  }
}

void PipelineRunner::add_progress(Lane& lane, const Settlement& settlement, CommitPart& part) {
  for (std::size_t i = 0; i < settlement.fates.size(); ++i) {
    const Fate fate = settlement.fates[i];
    if (fate != Fate::settle && fate != Fate::dead_letter) continue;
    const Event& event = settlement.work.events[i];
    if (lane.ledger) {
      lane.ledger->settle(event.offset);
    } else {
      part.objects.push_back({std::string(event.subject), std::string(event.version)});
    }
  }
  if (lane.ledger) part.logs.push_back(lane.ledger->progress());
}

DeadLetter PipelineRunner::dead_letter(const Work& work, const Event& event,
                                       const Death& death) const {
  const WallTime now = scheduler_.wall();
  const auto keep = static_cast<std::uint64_t>(config_.dead_letter.keep.count());
  return {.event_id = event.id.empty() ? event_id(event) : std::string(event.id),
          .stage = death.stage,
          .sink = death.sink,
          .reason = death.reason,
          .function = config_.function,
          .function_version = invoker_ ? std::string(invoker_->version()) : "",
          .attempts = work.attempt,
          .died = now,
          .expires = WallTime(now.value + keep),
          .partition = event.partition,
          .offset = event.offset,
          .source = std::string(event.source),
          .type = std::string(event.type),
          .subject = std::string(event.subject),
          .version = std::string(event.version),
          .content_type = std::string(event.content_type),
          .key = std::string(event.key),
          .data = std::string(event.data.view()),
          .time = event.time,
          .object_bytes = event.object_bytes};
}

void PipelineRunner::kill(Settlement& settlement, std::uint32_t event, Death death) {
  settlement.fates[event] = Fate::dead_letter;
  settlement.deaths.try_emplace(event, std::move(death));
}

void PipelineRunner::report_death(const Event& event, const Death& death) {
  if (++reported_deaths_ > deaths_logged_max) return;
  const std::string where = death.sink.empty() ? "" : " at sink " + death.sink;
  log_.write(LogLevel::warning,
             config_.name + ": dead letter " + event_id(event) + where + ": " + death.reason);
  if (reported_deaths_ == deaths_logged_max)
    log_.write(LogLevel::warning, config_.name +
                                      ": further dead letters are counted, not logged; see them "
                                      "with `tidemill dlq list`");
}

void PipelineRunner::release(const Settlement& settlement) {
  for (std::uint32_t i = 0; i < settlement.fates.size(); ++i) {
    const Fate fate = settlement.fates[i];
    if (fate != Fate::settle && fate != Fate::dead_letter) continue;
    const Event& event = settlement.work.events[i];
    ++stats_.events;
    --stats_.in_flight_events;
    stats_.in_flight_bytes -= event.bytes();
    if (fate == Fate::settle) {
      ++stats_.committed;
    } else {
      ++stats_.dead_lettered;
      report_death(event, settlement.deaths.at(i));
    }
  }
  room_.notify();
}

}  // namespace tidemill
