// The part of PipelineRunner that plays dead letters again, beside what comes from its source.
//
// An event enters where it failed. One that its source could not read, or that a step or its
// function failed, goes through both again. So is one that a sink refused, since what its function
// had read of tables is no longer true; sinks that had taken its effects before do not get them
// twice, as long as the function is the same. An effect that had left its event behind goes back
// into its outbox.
#include <algorithm>
#include <utility>

#include "core/base/mutation.h"
#include "core/dispatch/pipeline_runner.h"

namespace tidemill {
namespace {

// Room may also come where nobody tells of it.
constexpr auto look_for_room_every = std::chrono::milliseconds(100);

}  // namespace

Task<> PipelineRunner::replay_loop() {
  while (!draining_ && !sequencer_.failure()) {
    co_await replays_.look();
    if (replays_.idle()) {
      if (source_ended_) break;
      co_await replays_.wait();
      continue;
    }
    const std::size_t room = replay_room();
    if (room == 0) {
      co_await replays_.wait_until(scheduler_.now() + look_for_room_every);
      continue;
    }
    std::vector<DeadLetter> letters = co_await replays_.take(room, config_.batch.bytes.value);
    std::vector<DeadLetter> events, effects;
    for (DeadLetter& letter : letters)
      (behind_an_outbox(letter) ? effects : events).push_back(std::move(letter));
    if (!events.empty()) co_await replay_events(std::move(events));
    if (!effects.empty()) co_await replay_effects(std::move(effects));
  }
  --unfinished_;
  work_.notify();
}

// Two batches, one being filled while the other is invoked, beside all credits of the source: a
// source that always has more would leave nothing. The memory is that of all.
std::size_t PipelineRunner::replay_room() const {
  const std::uint64_t events_max = 2 * std::uint64_t{config_.batch.events};
  if (replaying_ >= events_max || outlets_full()) return 0;
  if (std::ranges::any_of(pumps_, [](const auto& pump) { return pump->full(); })) return 0;
  if (replaying_ > 0 && share_.room() < room_min()) return 0;
  return static_cast<std::size_t>(events_max - replaying_);
}

// Letters hold events as they came from their source: they go through all steps.
Task<> PipelineRunner::replay_events(std::vector<DeadLetter> letters) {
  std::vector<Event> events;
  for (DeadLetter& letter : letters) {
    Event& event = events.emplace_back(event_of(std::move(letter)));
    event.ingested = IngestTime(scheduler_.wall().value);
    ++replaying_;
    share_.take(charge_of(event));
  }
  std::vector<Steps::Passage> passages(replay_steps_.empty() ? events.size() : 0);
  std::span<Event> left(events);
  while (!left.empty() && !draining_) {
    if (!replay_steps_.empty()) {
      passages.clear();
      auto work = [this, left, &passages] {
        return replay_steps_.run(left, config_.batch.bytes.value, stopping_, passages);
      };
      Result<> ran;
      if (replay_steps_.slow()) {
        ran = co_await run_on(maps_on_, std::move(work));
      } else {
        ran = work();
      }
      if (!ran) fail_pipeline(ran.error());
      if (draining_) co_return;
    }
    enter_again(left.first(passages.size()), passages);
    left = left.subspan(passages.size());
  }
}

void PipelineRunner::enter_again(std::span<Event> events, std::span<Steps::Passage> passages) {
  using Ended = Steps::Passage::End;
  const Instant now = scheduler_.now();
  Lane& lane = replay_lane();
  for (std::size_t i = 0; i < events.size(); ++i) {
    Event& event = events[i];
    switch (passages[i].end) {
      case Ended::passed:
        if (event.before_map != nullptr) share_.take(event.data.size());
        into_lane(std::move(event), now);
        break;
      case Ended::filtered:  // Settles, and nothing comes of it.
        travel_alone(lane, std::move(event), {.end = End::duplicate});
        break;
      case Ended::failed:
        condemn(lane, std::move(event), Stage::step, std::move(passages[i].reason), 0);
        break;
    }
  }
  work_.notify();
}

// One lane, whatever its events came from. It waits for no company: who replays is waiting.
PipelineRunner::Lane& PipelineRunner::replay_lane() {
  if (!replay_domain_) {
    replay_domain_ = std::make_unique<Domain>();
    BatchLimits limits = config_.batch;
    limits.window = Duration(0);
    lanes_.push_back(std::make_unique<Lane>(*replay_domain_, limits));
    replay_domain_->lanes.push_back(lanes_.back().get());
  }
  return *replay_domain_->lanes.front();
}

const Target* PipelineRunner::target_of(std::string_view sink) const {
  const auto found = std::ranges::find_if(
      targets_, [&](const Target& target) { return target.binding.name == sink; });
  return found == targets_.end() ? nullptr : &*found;
}

// Letters of engines before format 1.3 do not say so themselves.
bool PipelineRunner::behind_an_outbox(const DeadLetter& letter) const {
  if (letter.effect) return true;
  if (letter.stage != Stage::sink) return false;
  const Target* const target = target_of(letter.sink);
  return target != nullptr && target->binding.delivery == Delivery::queue;
}

// Back into their outbox, in the commit in which their letters go: from there on they are delivered
// like any other, and may become letters again.
Task<> PipelineRunner::replay_effects(std::vector<DeadLetter> letters) {
  CommitPart part{.pipeline = config_.id};
  std::uint64_t bytes = 0;
  for (DeadLetter& letter : letters) {
    bytes += letter.data.size();
    const Target* const target = target_of(letter.sink);
    const bool queued = target != nullptr && target->binding.delivery == Delivery::queue;
    if (!letter.effect || !queued) {
      log_.write(LogLevel::warning,
                 config_.name + ": dead letter " + std::to_string(letter.number) +
                     " cannot be replayed: " +
                     (queued ? "it was kept by an engine that did not keep the whole effect"
                             : "there is no sink " + letter.sink + " with `delivery: queue`"));
      part.dead_letters.push_back(std::move(letter));  // As it was, but that it waits no longer.
      continue;
    }
    part.replayed.push_back(letter.number);
    part.queued.push_back({.outbox = target->binding.outbox,
                           .kind = letter.effect->kind,
                           .ordinal = letter.effect->ordinal,
                           .key = std::move(letter.key),
                           .content_type = std::move(letter.content_type),
                           .data = std::move(letter.data),
                           .metadata = std::move(letter.extensions),
                           .partition = letter.partition,
                           .offset = letter.offset,
                           .event_id = std::move(letter.id),
                           .source = std::move(letter.source),
                           .type = std::move(letter.type),
                           .subject = std::move(letter.subject),
                           .version = std::move(letter.version),
                           .event_key = std::move(letter.effect->event_key),
                           .time = letter.time,
                           .replays = letter.replays + 1,
                           .first_died = letter.first_died});
  }
  share_.take(bytes);
  const auto committed = co_await sequencer_.commit(part, config_.durability);
  share_.give(bytes);
  if (!committed) {
    fail_pipeline(committed.error());
    co_return;
  }
  tell_pumps(part);
  stats_.replayed += part.replayed.size();
  stats_.failed_replays += part.dead_letters.size();
  for (const std::uint64_t number : part.replayed) replays_.done(number);
  for (const DeadLetter& letter : part.dead_letters) replays_.done(letter.number);
}

// Another version of the function may have other effects: those everybody gets.
bool PipelineRunner::took_before(const SinkBinding& binding, const Event& event) const {
  if (event.letter == 0) return false;
  const ReplayFeed::UnderWay* const before = replays_.find(event.letter);
  if (before == nullptr) return false;
  const std::string_view version = invoker_ != nullptr ? invoker_->version() : std::string_view();
  if (before->function_version != version) return false;
  return std::ranges::find(before->taken_by, binding.name) != before->taken_by.end();
}

// A letter whose event settled goes; one whose event died again was replaced.
void PipelineRunner::settle_letters(const Settlement& settlement, CommitPart& part) const {
  for (std::size_t i = 0; i < settlement.fates.size(); ++i) {
    const std::uint64_t letter = settlement.work.events[i].letter;
    const Fate fate = settlement.fates[i];
    if (letter == 0 || !is_final(fate)) continue;
    if (fate == Fate::dead_letter && !mutated(Mutation::forget_failed_replay)) continue;
    if (!mutated(Mutation::keep_replayed_letter)) part.replayed.push_back(letter);
  }
}

void PipelineRunner::add_history(const Event& event, DeadLetter& letter) const {
  const ReplayFeed::UnderWay* const before = replays_.find(event.letter);
  if (before == nullptr) return;
  letter.number = mutated(Mutation::bury_replay_anew) ? 0 : event.letter;
  letter.replays = before->replays + 1;
  letter.first_died = before->first_died;
}

void PipelineRunner::release_letter(const Event& event, Fate fate) {
  ++(fate == Fate::dead_letter ? stats_.failed_replays : stats_.replayed);
  --replaying_;
  share_.give(charge_of(event));
  replays_.done(event.letter);
  replays_.wake();
}

}  // namespace tidemill
