// The part of PipelineRunner that writes to external sinks, before settlement_commit.cc commits.
#include <algorithm>
#include <utility>

#include "core/base/mutation.h"
#include "core/dispatch/destination_record.h"
#include "core/dispatch/pipeline_runner.h"
#include "core/dispatch/sink_writer.h"

namespace tidemill {
namespace {

// The order in which sinks are written. Records come last, those of failures behind those of
// successes: by then everybody who can die at a sink has died.
constexpr Takes in_turn[] = {Takes::output, Takes::event, Takes::success, Takes::failure};

}  // namespace

Task<> PipelineRunner::carry_out(Lane& lane, Settlement& settlement) {
  if (mutated(Mutation::commit_before_sinks)) {
    collect_rows(lane.domain, settlement);
    fold_shares(settlement);
    leave_lane(lane);
    co_await commit(lane.domain, settlement);
    for (const Takes takes : in_turn) co_await write_sinks(settlement, takes);
    co_return;
  }
  // Nothing to write where every event is to be tried again: a commit costs an fsync.
  bool done = std::ranges::none_of(settlement.fates, is_final);
  if (!done) co_await shape(settlement);
  done = done || settlement.abandoned;
  if (!done) collect_rows(lane.domain, settlement);
  for (const Takes takes : in_turn) {
    if (done) break;
    // What is invoked again has not failed for good: no record may say so.
    if (takes == Takes::failure) done = overtaken(lane, settlement);
    if (!done) co_await write_sinks(settlement, takes);
    done = done || settlement.abandoned;
  }
  // In a transaction events may still be refused: then it is done when the rest is there.
  const bool transaction = config_.transactor != nullptr;
  if (!done && !transaction) fold_shares(settlement);
  if (!done && !transaction) co_await sequencer_.claims().pass(&settlement, settlement.part.rows);
  done = done || overtaken(lane, settlement);
  // The commit takes its place in the order before anything else runs, so the lane's next batch
  // may start now: its own commit comes behind this one.
  leave_lane(lane);
  if (!done) co_await commit(lane.domain, settlement);
}

// Before anything is written: an event that a sink cannot be given has no effects at all.
Task<> PipelineRunner::shape(Settlement& settlement) {
  const std::span<const Event> events(settlement.work.events);
  for (Target& target : targets_) {
    const SinkBinding& binding = target.binding;
    if (!binding.when && !binding.map) continue;
    Shaped shaped{.effects = effects_for(binding, settlement)};
    if (binding.when) choose(*binding.when, events, target.scratch, shaped);
    if (binding.map && !shaped.effects.empty()) {
      auto work = [&] { return map_effects(*binding.map, events, shaped); };
      Result<> mapped;
      if (runs_jq(*binding.map)) {
        mapped = co_await run_on(maps_on_, std::move(work));
      } else {
        mapped = work();
      }
      if (!mapped) {
        fail_pipeline(mapped.error());
        settlement.abandoned = true;
        co_return;
      }
    }
    for (auto& [event, reason] : shaped.refused)
      kill(settlement, event, died_at(binding, {Fault::bad_event, std::move(reason)}));
    share_.take(shaped.bytes);
    settlement.shaped_bytes += shaped.bytes;
    settlement.shaped.emplace(&binding, std::move(shaped));
  }
}

Task<> PipelineRunner::write_sinks(Settlement& settlement, Takes takes) {
  for (Target& target : targets_) {
    if (settlement.abandoned) co_return;
    const SinkBinding& binding = target.binding;
    const bool awaited = binding.sink != nullptr && binding.delivery == Delivery::wait;
    if (!awaited || binding.transactional || binding.takes != takes) continue;
    co_await write_sink(target, settlement);
    settlement.written.push_back(binding.name);
  }
}

// What makes up for offsets that begin anew.
std::string_view PipelineRunner::life() const {
  const bool numbers_last = traits_.progress != ProgressKind::queue || config_.entries != nullptr;
  return numbers_last ? std::string_view() : std::string_view(config_.life);
}

Task<> PipelineRunner::write_sink(Target& target, Settlement& settlement) {
  const bool failures = target.binding.takes == Takes::failure;
  SinkWrite write;
  write.pipeline = config_.name;
  write.events = settlement.work.events;
  write.effects = effects_for(target.binding, settlement);
  std::erase_if(write.effects, [&](const Effect& effect) {
    return took_before(target.binding, settlement.work.events[effect.event]);
  });
  write.ordering = ordering();
  write.life = life();
  write.give_up = [&, failures](const Effect& effect, const Error& error, std::uint32_t) {
    // Its event is dead already: it goes to the dead letters, if nowhere else.
    if (failures) {
      settlement.unrecorded.insert(effect.event);
      log_.write(LogLevel::warning, config_.name + ": on_failure did not take the record of " +
                                        event_id(settlement.work.events[effect.event]) + ": " +
                                        error.message);
    } else {
      Death death = died_at(target.binding, error);
      death.taken_by = settlement.written;
      kill(settlement, effect.event, std::move(death));
    }
  };
  write.given_up = [&, failures](const Effect& effect) {
    return !failures && settlement.fates[effect.event] != Fate::settle;
  };
  write.waits = [&](const Error& error) {
    log_.write(LogLevel::warning,
               config_.name + ": sink " + target.binding.name + " is waited for: " + error.message);
  };
  write.stop = [this] { return draining_; };
  const bool settled = co_await write_until_settled(scheduler_, target, std::move(write));
  if (!settled) settlement.abandoned = true;
}

std::string PipelineRunner::trouble() const {
  if (config_.transactor != nullptr && !config_.transactor->trouble().empty())
    return "the transactional sink is waited for: " + config_.transactor->trouble();
  for (const Target& target : targets_)
    if (!target.trouble.empty())
      return "sink " + target.binding.name + " is waited for: " + target.trouble;
  return {};
}

std::vector<Effect> PipelineRunner::effects_for(const SinkBinding& binding,
                                                Settlement& settlement) const {
  std::vector<Effect> effects;
  const auto& events = settlement.work.events;
  const auto& fates = settlement.fates;
  if (const auto found = settlement.shaped.find(&binding); found != settlement.shaped.end()) {
    for (const Effect& effect : found->second.effects)
      if (fates[effect.event] == Fate::settle) effects.push_back(effect);
    return effects;
  }
  switch (binding.takes) {
    case Takes::output:
      for (const Effect& effect : settlement.answer.effects) {
        const bool settles =
            fates[effect.event] == Fate::settle || mutated(Mutation::send_the_unsettled);
        if (effect.output == binding.output && settles) effects.push_back(effect);
      }
      break;
    case Takes::event:
      effects.reserve(events.size());
      for (std::uint32_t i = 0; i < events.size(); ++i)
        if (fates[i] == Fate::settle)
          effects.push_back({.kind = EffectKind::message,
                             .event = i,
                             .key = events[i].key,
                             .content_type = events[i].content_type,
                             .data = events[i].data.view(),
                             .metadata = {}});
      break;
    case Takes::success:
    case Takes::failure:
      for (std::uint32_t i = 0; i < events.size(); ++i) {
        const bool failed = binding.takes == Takes::failure;
        if (fates[i] != (failed ? Fate::dead_letter : Fate::settle)) continue;
        const auto death = settlement.deaths.find(i);
        const Event came = as_it_came(events[i]);
        const std::string& text = settlement.texts.emplace_back(destination_record(
            {.pipeline = config_.name,
             .function = config_.function,
             .function_version = invoker_ ? invoker_->version() : std::string_view(),
             .attempts = settlement.work.invocations(),
             .now = scheduler_.wall(),
             .condition = !failed                   ? Condition::success
                          : settlement.work.too_old ? Condition::event_age_exceeded
                                                    : Condition::retries_exhausted,
             .reason = failed ? std::string_view(death->second.reason) : std::string_view(),
             .life = life(),
             .event = came}));
        effects.push_back({.kind = EffectKind::message,
                           .event = i,
                           .key = events[i].key,
                           .content_type = "application/json",
                           .data = text,
                           .metadata = {}});
      }
      break;
  }
  return effects;
}

}  // namespace tidemill
