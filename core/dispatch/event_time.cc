// The part of PipelineRunner that concerns aggregates: what each event adds to which window, and
// which windows are over.
//
// Three steps, each at a place where its answer is always the same. Whether an event is late is
// decided when it is taken in, by what came before it in its partition. What it adds is read when
// it settles, from what reached the sink. And windows are over by what has settled in all
// partitions.
#include <algorithm>
#include <utility>

#include "core/base/mutation.h"
#include "core/dispatch/pipeline_runner.h"

namespace tidemill {

void PipelineRunner::add_clocks(Domain& domain, const std::vector<ClockProgress>& restored) {
  domain.clocks.clear();
  for (const Windowed& windowed : windowed_) {
    const SinkBinding& binding = windowed.target->binding;
    const Windowing& windowing = *binding.aggregation->windowing;
    const auto known = std::ranges::find(restored, binding.table, &ClockProgress::table);
    if (known == restored.end() || mutated(Mutation::forget_watermark)) {
      domain.clocks.emplace_back(binding.table, windowing);
    } else {
      domain.clocks.emplace_back(*known, windowing);
    }
  }
}

// What comes a second time has been seen; what had settled ahead comes again after a restart, and
// counts for those behind it.
void PipelineRunner::see(Domain& domain, const Event& event, bool pending) {
  if (event.offset < domain.seen_until) return;
  domain.seen_until = event.offset_next;
  for (std::size_t i = 0; i < windowed_.size(); ++i) {
    const auto time = time_of(*windowed_[i].target->binding.aggregation, event);
    domain.clocks[i].see(event.offset, time ? *time : EventTime(), pending);
  }
}

void PipelineRunner::add_shares(const Domain& domain, const SinkBinding& binding,
                                Settlement& settlement) {
  const auto& events = settlement.work.events;
  std::vector<Share> shares;
  for (const Effect& effect : effects_for(binding, settlement)) {
    const Event& event = events[effect.event];
    const auto sight = sight_of(domain, binding, event);
    auto contribution = contribution_of(*binding.aggregation, event, effect.data);
    if (sight && contribution) {
      shares.push_back({effect.event, *sight, std::move(*contribution)});
    } else {
      const Error& error = sight ? contribution.error() : sight.error();
      kill(settlement, effect.event, died_at(binding, error));
    }
  }
  settlement.shares.emplace_back(&binding, std::move(shares));
}

// Precondition: it folds into windows.
std::size_t PipelineRunner::clock_of(const SinkBinding& binding) const {
  std::size_t clock = 0;
  while (&windowed_[clock].target->binding != &binding) ++clock;
  return clock;
}

// Where no order lasts, in queues and buckets, nothing is late. Nor is what died in time and is
// played again: only to windows whose rows have been removed it comes too late.
Result<EventClock::Sight> PipelineRunner::sight_of(const Domain& domain, const SinkBinding& binding,
                                                   const Event& event) const {
  const bool windowed = binding.aggregation->windowing.has_value();
  if (windowed && domain.ledger) {
    const EventClock::Sight sight = domain.clocks[clock_of(binding)].sight(event.offset);
    if (sight.time.value != 0) return sight;
  }
  if (!windowed) return EventClock::Sight{event.time, {}};
  const auto time = time_of(*binding.aggregation, as_it_came(event));
  if (!time) return std::unexpected(time.error());
  EventTime latest_before;
  if (event.letter != 0 && binding.aggregation->retention)
    if (const auto latest = latest_of_all(clock_of(binding)))
      latest_before = Windowing::before(*latest, *binding.aggregation->retention);
  return EventClock::Sight{*time, latest_before};
}

// Once nobody can die any more: of an event that died at a sink nothing is counted.
void PipelineRunner::fold_shares(Settlement& settlement) {
  for (auto& [binding, shares] : settlement.shares) {
    AggregateFold& fold = settlement.folds.emplace_back(binding->table, *binding->aggregation);
    for (Share& share : shares) {
      if (settlement.fates[share.event] != Fate::settle) continue;
      fold.add(share.event, share.sight, share.contribution);
      if (settlement.work.events[share.event].letter != 0) count_late_replay(*binding, share.sight);
    }
    fold.append_rows(settlement.part.rows);
  }
  settlement.shares.clear();
}

// Of what comes from the source, its partition's clock counts these.
void PipelineRunner::count_late_replay(const SinkBinding& binding, const EventClock::Sight& sight) {
  const auto& windowing = binding.aggregation->windowing;
  if (!windowing || !windowing->dropped(sight.time, sight.latest_before)) return;
  ++stats_.late;
  ++stats_.late_dropped;
}

void PipelineRunner::move_clocks(Domain& domain) {
  for (EventClock& clock : domain.clocks) {
    const ClockProgress before = clock.progress();
    clock.move_to(domain.ledger->next());
    stats_.late += clock.progress().late - before.late;
    stats_.late_dropped += clock.progress().dropped - before.dropped;
  }
}

void PipelineRunner::add_clock_progress(const Domain& domain, CommitPart& part) {
  for (std::size_t i = 0; i < windowed_.size(); ++i) {
    part.logs.back().clocks.push_back(domain.clocks[i].progress());
    Windowed& windowed = windowed_[i];
    const Aggregation& aggregation = *windowed.target->binding.aggregation;
    if (!aggregation.on_close && !aggregation.retention) continue;
    const auto latest = latest_of_all(i);
    if (!latest) continue;
    // Windows only end at certain times; in between there is nothing to tell.
    const Windowing& windowing = *aggregation.windowing;
    const EventTime passed = windowing.watermark(*latest);
    const EventTime closed = windowing.last_end(passed);
    const EventTime removed =
        aggregation.retention
            ? windowing.last_end(Windowing::before(passed, *aggregation.retention))
            : EventTime();
    if (closed <= windowed.closed && removed <= windowed.removed) continue;
    windowed.closed = std::max(windowed.closed, closed);
    windowed.removed = std::max(windowed.removed, removed);
    part.windows_over.push_back(
        {windowed.target->binding.table, windowed.closed, windowed.removed});
  }
}

// That of the partition furthest behind, of those that have had events. Nothing: there is none.
std::optional<EventTime> PipelineRunner::latest_of_all(std::size_t windowed) const {
  const Aggregation& aggregation = *windowed_[windowed].target->binding.aggregation;
  EventTime furthest;
  for (const auto& [partition, domain] : domains_)
    furthest = std::max(furthest, domain.clocks[windowed].latest_settled());
  if (furthest.value == 0) return std::nullopt;
  EventTime behind = furthest;
  for (const auto& [partition, domain] : domains_) {
    const EventTime latest = domain.clocks[windowed].latest_settled();
    const bool idle = aggregation.idle && latest < Windowing::before(furthest, *aggregation.idle);
    if (latest.value != 0 && !idle) behind = std::min(behind, latest);
  }
  return behind;
}

}  // namespace tidemill
