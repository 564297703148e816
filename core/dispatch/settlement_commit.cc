// The last part of PipelineRunner: what a settlement has come to, in one commit; then the source.
#include <algorithm>
#include <iterator>
#include <utility>

#include "core/base/mutation.h"
#include "core/dispatch/pipeline_runner.h"
#include "core/dispatch/row_key.h"
#include "core/observe/metrics.h"

namespace tidemill {
namespace {

// What a part holds that was copied for it.
std::uint64_t copied_bytes(const CommitPart& part) {
  std::uint64_t bytes = 0;
  for (const QueuedEffect& effect : part.queued) bytes += effect.bytes();
  for (const DeadLetter& letter : part.dead_letters) bytes += letter.data.size();
  return bytes;
}

// The wall clock may have been set back meanwhile.
Duration waited_since(IngestTime ingested, WallTime now) {
  return Duration(now.value > ingested.value ? now.value - ingested.value : 0);
}

}  // namespace

Task<> PipelineRunner::commit(Domain& domain, Settlement& settlement) {
  const bool replay = &domain == replay_domain_.get();
  const CommitPart& part = settlement.part;
  std::vector<Settled> settled;
  collect_told(settlement);
  const Instant asked = scheduler_.now();
  Result<std::uint64_t> committed = 0;
  if (config_.transactor != nullptr) {
    auto share = share_for_transaction(domain, settlement, settled);
    committed = co_await config_.transactor->commit(std::move(share));
    // What had to wait for longer than the pipeline runs comes again.
    if (!committed && committed.error().fault == Fault::cancelled) co_return;
  } else {
    before_commit(domain, settlement, settled);
    // Where nothing changes, there is nothing to write; but what it relies on - that an event has
    // settled before, a row that was read - has to be durable before anybody is told.
    if (part.empty()) {
      committed = sequencer_.visible();
    } else {
      committed = co_await sequencer_.commit(part, config_.durability);
    }
  }
  const std::uint64_t copied = copied_bytes(part);
  if (committed && config_.metrics != nullptr)
    config_.metrics->commit_took(std::chrono::duration_cast<Duration>(scheduler_.now() - asked));
  share_.give(copied);
  if (!committed) {
    fail_pipeline(committed.error());
    co_return;
  }
  for (const Target& target : targets_)
    if (target.binding.outlet != nullptr) target.binding.outlet->committed(part);
  if (!replay) acks_.push(*committed, std::move(settled));
  tell_pumps(part);
  if (tapped(TapPoint::sinks)) tap_sinks(settlement);
  release(settlement);
}

// Right before it is submitted.
const CommitPart& PipelineRunner::before_commit(Domain& domain, Settlement& settlement,
                                                std::vector<Settled>& settled) {
  const CommitPart& part = complete_part(domain, settlement);
  if (&domain != replay_domain_.get()) settled = settled_of(domain, settlement);
  if (mutated(Mutation::ack_before_commit)) acks_.push(0, settled);
  share_.take(copied_bytes(part));
  for (const Target& target : targets_)
    if (target.binding.outlet != nullptr) target.binding.outlet->submitted(part);
  return part;
}

// All that it refers to outlives the commit.
Transactor::Share PipelineRunner::share_for_transaction(Domain& domain, Settlement& settlement,
                                                        std::vector<Settled>& settled) {
  Transactor::Share share;
  for (const Target& target : targets_) {
    const SinkBinding& binding = target.binding;
    if (!binding.transactional) continue;
    share.batch = batch_for(binding, settlement);
    share.effects = effects_for(binding, settlement);
    std::erase_if(share.effects, [&](const Effect& effect) {
      return took_before(binding, settlement.work.events[effect.event]);
    });
    share.refuse = [this, &binding, &settlement](const Effect& effect, const Error& error) {
      Death death = died_at(binding, error);
      death.taken_by = settlement.written;
      kill(settlement, effect.event, std::move(death));
    };
  }
  share.given_up = [&settlement](const Effect& effect) {
    return settlement.fates[effect.event] != Fate::settle;
  };
  share.complete = [this, &domain, &settlement, &settled]() -> const CommitPart& {
    fold_shares(settlement);
    return before_commit(domain, settlement, settled);
  };
  return share;
}

void PipelineRunner::tell_pumps(const CommitPart& part) {
  for (auto& pump : pumps_) {
    std::uint64_t effects = 0, bytes = 0;
    for (const QueuedEffect& effect : part.queued) {
      if (effect.outbox != pump->outbox()) continue;
      ++effects;
      bytes += OutboxPump::bytes_of(effect);
    }
    if (effects > 0) pump->added(effects, bytes);
  }
}

CommitPart& PipelineRunner::complete_part(Domain& domain, Settlement& settlement) {
  settlement.filtered = std::exchange(domain.filtered, {});
  CommitPart& part = settlement.part;
  part.pipeline = config_.id;
  set_expiries(settlement);
  // Of an event that died at a sink nothing stays.
  if (!settlement.deaths.empty() && !mutated(Mutation::keep_rows_of_the_dead)) {
    const auto died = [&](const auto& change) {
      return settlement.fates[change.event] != Fate::settle;
    };
    std::erase_if(part.rows, died);
    std::erase_if(part.appended, died);
  }
  for (const Target& target : targets_)
    if (target.binding.is_stream && is_record(target.binding.takes))
      add_records(target.binding, settlement, part);
  set_delays(part);
  for (const Target& target : targets_)
    if (target.binding.delivery == Delivery::queue) add_queued(target.binding, settlement, part);
  for (const auto& [index, death] : settlement.deaths) {
    const Event& event = settlement.work.events[index];
    // A letter that was kept is not thrown away because its replay has failed.
    if (config_.dead_letter.enabled || settlement.unrecorded.contains(index) || event.letter != 0)
      part.dead_letters.push_back(dead_letter(settlement.work, event, death));
  }
  settle_letters(settlement, part);
  if (dedupe_ && !mutated(Mutation::lose_dedupe_mark)) add_marks(settlement, part);
  add_progress(domain, settlement, part);
  return part;
}

// Before any sink is written: an event whose row has no key, or whose entry of a queue has no
// group, has no effects at all.
void PipelineRunner::collect_rows(const Domain& domain, Settlement& settlement) {
  for (const Target& target : targets_) {
    const SinkBinding& binding = target.binding;
    if (binding.sink != nullptr || is_record(binding.takes)) continue;
    if (binding.is_stream) {
      add_records(binding, settlement, settlement.part);
    } else if (binding.aggregation) {
      add_shares(domain, binding, settlement);
    } else {
      add_rows(binding, settlement, settlement.part);
      settlement.kept.push_back({settlement.part.rows.size(), binding.expire});
    }
  }
}

// As late as can be: a sink that was down for long must not have used the time of a row up.
void PipelineRunner::set_expiries(Settlement& settlement) {
  const std::uint64_t now = scheduler_.wall().value;
  std::size_t row = 0;
  for (const auto& [end, expire] : settlement.kept)
    for (; row < end; ++row)
      if (expire)
        settlement.part.rows[row].expires =
            WallTime(now + static_cast<std::uint64_t>(expire->count()));
}

void PipelineRunner::add_rows(const SinkBinding& binding, Settlement& settlement,
                              CommitPart& part) {
  const auto& events = settlement.work.events;
  const auto add = [&](const Effect& effect, std::string_view key) {
    const bool row = effect.kind != EffectKind::message;
    part.rows.push_back({.table = binding.table,
                         .kind = row ? effect.kind : EffectKind::put_row,
                         .merge = effect.merge,
                         .event = effect.event,
                         .operand = effect.operand,
                         .time = events[effect.event].time,
                         .key = key,
                         .data = effect.data});
  };
  if (binding.takes == Takes::output) {
    part.rows.reserve(part.rows.size() + settlement.answer.effects.size());
    for (const Effect& effect : settlement.answer.effects)
      if (effect.output == binding.output && settlement.fates[effect.event] == Fate::settle)
        add(effect, effect.key);
    return;
  }
  for (const Effect& effect : effects_for(binding, settlement)) {
    auto key = row_key(binding.key, events[effect.event], effect.data);
    if (key) {
      add(effect, settlement.texts.emplace_back(std::move(*key)));
    } else {
      kill(settlement, effect.event, died_at(binding, key.error()));
    }
  }
}

void PipelineRunner::add_marks(const Settlement& settlement, CommitPart& part) const {
  for (std::size_t i = 0; i < settlement.fates.size(); ++i) {
    const Fate fate = settlement.fates[i];
    if (!is_final(fate) || fate == Fate::duplicate) continue;
    if (settlement.work.events[i].letter != 0) continue;  // Marked when it died.
    const auto id = dedupe_->id_of(settlement.work.events[i]);
    if (!id) continue;
    part.settled_ids.push_back(*id);
    keep_told(settlement, i, *id, part);
  }
  std::ranges::copy(settlement.filtered.ids, std::back_inserter(part.settled_ids));
}

void PipelineRunner::add_progress(Domain& domain, const Settlement& settlement, CommitPart& part) {
  // What is replayed has left its source long ago.
  if (&domain == replay_domain_.get()) return;
  if (config_.entries != nullptr) config_.entries->leave(settled_of(domain, settlement), part);
  if (traits_.progress == ProgressKind::queue) return;
  // Neighbours settle as one range.
  std::optional<OffsetRange> run;
  const auto settle_run = [&] {
    if (run) {
      domain.ledger->settle(run->begin, run->end);
      for (EventClock& clock : domain.clocks) clock.settle(*run);
    }
    run.reset();
  };
  for (std::size_t i = 0; i < settlement.fates.size(); ++i) {
    const Fate fate = settlement.fates[i];
    if (!is_final(fate)) continue;
    if (fate == Fate::dead_letter && mutated(Mutation::dead_without_progress)) continue;
    const Event& event = settlement.work.events[i];
    if (!domain.ledger) {
      part.objects.push_back({std::string(event.subject), std::string(event.version)});
    } else if (run && run->end == event.offset) {
      run->end = event.offset_next;
    } else {
      settle_run();
      run = OffsetRange{event.offset, event.offset_next};
    }
  }
  settle_run();
  for (const Settled& filtered : settlement.filtered.settled)
    part.objects.push_back({std::string(filtered.subject), std::string(filtered.version)});
  if (!domain.ledger) return;
  domain.ledger->settle_skipped();
  move_clocks(domain);
  part.logs.push_back(domain.ledger->progress());
  domain.moved = false;
  add_clock_progress(domain, part);
  review(domain);
}

std::vector<Settled> PipelineRunner::settled_of(const Domain& domain,
                                                const Settlement& settlement) const {
  if (domain.ledger) return {{domain.partition, domain.ledger->next(), {}, {}}};
  std::vector<Settled> settled = settlement.filtered.settled;
  for (std::size_t i = 0; i < settlement.fates.size(); ++i) {
    const Fate fate = settlement.fates[i];
    if (!is_final(fate)) continue;
    if (fate == Fate::duplicate && mutated(Mutation::duplicate_not_settled)) continue;
    const Event& event = settlement.work.events[i];
    settled.push_back({event.partition, event.offset, event.subject, event.version});
    if (settlement.told.empty()) continue;
    settled.back().failed = settlement.told[i].failed;
    settled.back().reply = settlement.told[i].reply;
  }
  return settled;
}

void PipelineRunner::release(const Settlement& settlement) {
  std::uint64_t events = 0, bytes = 0, held = 0;
  for (std::uint32_t i = 0; i < settlement.fates.size(); ++i) {
    const Fate fate = settlement.fates[i];
    if (!is_final(fate)) continue;
    const Event& event = settlement.work.events[i];
    if (event.letter != 0) {
      release_letter(event, fate);
      continue;
    }
    if (fate == Fate::dead_letter) {
      ++stats_.dead_lettered;
      const Death& death = settlement.deaths.at(i);
      report_death(event_id(event), death.sink, death.reason);
      if (mutated(Mutation::forget_credit)) continue;
    } else if (fate == Fate::duplicate) {
      ++stats_.duplicates;
    } else {
      ++stats_.committed;
    }
    ++events;
    bytes += event.bytes();
    held += charge_of(event);
    if (dedupe_ && fate != Fate::duplicate)
      repeat(dedupe_->forget(event), settlement.told.empty() ? Told() : settlement.told[i]);
  }
  release(settlement.filtered);
  // Of a batch the first event has waited longest, and stands for all: one look at the clock.
  if (events > 0)
    stats_.settled.add(waited_since(settlement.work.events.front().ingested, scheduler_.wall()),
                       events);
  stats_.events += events;
  stats_.in_flight_events -= events;
  stats_.in_flight_bytes -= bytes;
  share_.give(held);
  room_.notify();
}

}  // namespace tidemill
