// The part of PipelineRunner between the source and the lanes: steps, and what they leave out.
//
// A filtered event gives its credit back at once. Of its place in a log only the ledger knows; of
// other sources a list is kept, until a commit takes both along: the next one of its partition, or
// one of its own before long.
#include <algorithm>
#include <utility>

#include "core/base/mutation.h"
#include "core/dispatch/pipeline_runner.h"

namespace tidemill {
namespace {

// So long a commit may be in coming, where nothing but progress waits for it.
constexpr Duration settle_filtered_after = std::chrono::seconds(1);

}  // namespace

Task<> PipelineRunner::through_steps(std::vector<Event>& events) {
  std::vector<Steps::Passage> passages;
  std::span<Event> left(events);
  while (!left.empty()) {
    passages.clear();
    auto work = [this, left, &passages] {
      return steps_.run(left, config_.batch.bytes.value, stopping_, passages);
    };
    Result<> ran;
    if (steps_.slow()) {
      ran = co_await run_on(maps_on_, std::move(work));
    } else {
      ran = work();
    }
    if (!ran) fail_pipeline(ran.error());
    if (draining_) co_return;
    sort_out(left.first(passages.size()), passages);
    left = left.subspan(passages.size());
    work_.notify();
    if (!left.empty()) co_await room_for_mapped(left.size());
  }
}

// What maps make may need more room than there is: what is under way has to go first.
Task<> PipelineRunner::room_for_mapped(std::size_t waiting) {
  while (!draining_ && share_.room() < room_min() && stats_.in_flight_events > waiting) {
    cramped_ = true;
    work_.notify();
    share_.await_room(room_min());
    co_await room_.wait();
    cramped_ = false;
  }
}

void PipelineRunner::sort_out(std::span<Event> events, std::span<Steps::Passage> passages) {
  using Ended = Steps::Passage::End;
  std::vector<Event> passed;
  passed.reserve(events.size());
  std::optional<OffsetRange> run;  // Filtered neighbours, of the last domain.
  Domain* of_run = nullptr;
  const auto skip_run = [&] {
    if (run && !mutated(Mutation::never_settle_filtered)) {
      of_run->ledger->skip(run->begin, run->end);
      for (EventClock& clock : of_run->clocks) clock.skip(*run);
    }
    run.reset();
  };
  std::uint64_t made = 0, given = 0;
  for (std::size_t i = 0; i < events.size(); ++i) {
    Event& event = events[i];
    switch (passages[i].end) {
      case Ended::passed:
        if (event.before_map != nullptr) {
          made += event.data.size();
          stats_.in_flight_bytes += event.data.size();
          stats_.in_flight_bytes -= event.before_map->data.size();
        }
        passed.push_back(std::move(event));
        break;
      case Ended::filtered: {
        Domain& domain = domain_of(event.partition);
        if (domain.ledger && (!run || of_run != &domain || run->end != event.offset)) {
          skip_run();
          run = OffsetRange{event.offset, event.offset_next};
          of_run = &domain;
        } else if (domain.ledger) {
          run->end = event.offset_next;
        }
        given += charge_of(event);
        filter_out(domain, event);
        break;
      }
      case Ended::failed: {
        // In its place.
        into_lanes(passed);
        passed.clear();
        Lane& lane = lane_of(event);
        condemn(lane, std::move(event), Stage::step, std::move(passages[i].reason), 0);
        break;
      }
    }
  }
  skip_run();
  share_.take(made);
  share_.give(given);
  into_lanes(passed);
}

void PipelineRunner::filter_out(Domain& domain, const Event& event) {
  Filtered& filtered = domain.filtered;
  ++filtered.events;
  --stats_.in_flight_events;
  stats_.in_flight_bytes -= event.bytes();
  std::uint64_t held = 0;
  if (!domain.ledger && !mutated(Mutation::never_settle_filtered)) {
    Settled& settled =
        filtered.settled.emplace_back(Settled{event.partition, event.offset, {}, {}});
    if (traits_.progress == ProgressKind::objects) {
      settled.subject = filtered.texts.emplace_back(event.subject);
      settled.version = filtered.texts.emplace_back(event.version);
    }
    held += sizeof settled + settled.subject.size() + settled.version.size();
  }
  if (dedupe_) {
    if (const auto id = dedupe_->id_of(event)) filtered.ids.push_back(*id);
    held += sizeof(DedupeId);
  }
  if (held > 0) {
    ++filtered.kept;
    ++filtered_kept_;
    filtered.held += held;
    share_.take(held);
  }
  if (held == 0) return settle_before_long();
  if (!filtered_due_) filtered_due_ = scheduler_.now();
}

void PipelineRunner::settle_before_long() {
  if (!filtered_due_) filtered_due_ = scheduler_.now() + settle_filtered_after;
}

// For what no other commit has taken along.
void PipelineRunner::settle_filtered(Instant now) {
  const bool last = source_ended_ && stats_.in_flight_events == 0;
  if (draining_ || !filtered_due_ || (*filtered_due_ > now && !last)) return;
  filtered_due_.reset();
  work_.notify();  // This may have been all that was left to wait for.
  for (auto& [partition, domain] : domains_) {
    if (domain.filtered.events == 0 && !domain.moved) continue;
    ++unfinished_;
    spawn(scheduler_, commit_filtered(domain));
  }
}

Task<> PipelineRunner::commit_filtered(Domain& domain) {
  Settlement nothing_else;
  if (domain.filtered.events > 0 || domain.moved) co_await commit(domain, nothing_else);
  --unfinished_;
  work_.notify();
}

// They are settled: what repeated one of them has nothing to wait for.
void PipelineRunner::release(const Filtered& filtered) {
  stats_.filtered += filtered.events;
  stats_.events += filtered.events;
  filtered_kept_ -= filtered.kept;
  share_.give(filtered.held);
  if (mutated(Mutation::forget_mark_of_filtered)) return;
  for (const DedupeId& id : filtered.ids) repeat(dedupe_->forget(id));
}

}  // namespace tidemill
