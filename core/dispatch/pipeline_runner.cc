#include "core/dispatch/pipeline_runner.h"

#include <algorithm>
#include <cassert>
#include <iterator>
#include <utility>

#include "core/base/detached_event.h"
#include "core/base/mutation.h"
#include "core/dispatch/pipeline_totals.h"
#include "core/observe/metrics.h"

namespace tidemill {
namespace {

// So often a batch is invoked again before those who change what it reads have to wait for it.
constexpr std::uint32_t overtaken_max = 3;

// Where another batch has the claim.
constexpr Backoff overtaken_pause{.initial = std::chrono::milliseconds(10),
                                  .max = std::chrono::seconds(1)};

}  // namespace

PipelineStats& PipelineStats::operator+=(const PipelineStats& other) {
  for (const auto& [name, value] : pipeline_totals) this->*value += other.*value;
  bytes += other.bytes;
  failed_invocations += other.failed_invocations;
  invoked += other.invoked;
  settled += other.settled;
  return *this;
}

PipelineRunner::PipelineRunner(Shared shared, Source& source, Invoker* invoker,
                               std::vector<SinkBinding> sinks, PipelineConfig config,
                               std::vector<LogProgress> restored)
    : scheduler_(shared.scheduler),
      log_(shared.log),
      sequencer_(shared.sequencer),
      source_(source),
      invoker_(invoker),
      config_(std::move(config)),
      traits_(source.traits()),
      maps_on_(config_.maps_on ? config_.maps_on : shared.scheduler.blocking()),
      steps_(config_.steps),
      replay_steps_(config_.steps),
      share_(shared.budget, [this] { room_.notify(); }),
      acks_(shared.scheduler, shared.log, shared.sequencer, source, config_.name,
            [this] { room_.notify(); }),
      replays_(shared.scheduler, shared.log, shared.store, shared.sequencer, config_.name,
               config_.id),
      room_(shared.scheduler),
      work_(shared.scheduler) {
  for (SinkBinding& binding : sinks)
    targets_.push_back({std::move(binding), std::make_unique<Turnstile>(scheduler_)});
  for (const Target& target : targets_)
    if (target.windowed()) windowed_.push_back({&target});
  for (Target& target : targets_)
    if (target.binding.delivery == Delivery::queue)
      pumps_.push_back(std::make_unique<OutboxPump>(
          scheduler_, log_, shared.store, sequencer_, target,
          OutboxPump::Config{config_.name, config_.id, config_.durability, config_.dead_letter},
          OutboxPump::Callbacks{[this] { room_.notify(); },
                                [this](const DeadLetter& letter) { effect_died(letter); }}));
  for (Target& target : targets_)
    if (target.binding.outlet != nullptr) target.binding.outlet->subscribe(room_);
  if (config_.dedupe.by != DedupeBy::none)
    dedupe_.emplace(scheduler_, shared.store, sequencer_.disk(), config_.id, config_.dedupe,
                    traits_.replies);
  for (LogProgress& progress : restored) {
    Domain& domain = domain_of(progress.partition);
    domain.seen_until = progress.next;
    add_clocks(domain, progress.clocks);
    domain.ledger.emplace(std::move(progress));
  }
}

PipelineRunner::~PipelineRunner() {
  for (Target& target : targets_)
    if (target.binding.outlet != nullptr) target.binding.outlet->unsubscribe(room_);
}

// Order is only there to keep where one invocation at a time works a partition, or a key of it.
Ordering PipelineRunner::ordering() const {
  if (config_.order_by == OrderBy::key || traits_.keys_in_order) return Ordering::keyed;
  const bool ordered = traits_.progress == ProgressKind::log && config_.parallel.per_partition == 1;
  return ordered ? Ordering::ordered : Ordering::unordered;
}

Task<Result<>> PipelineRunner::run() {
  unfinished_ += 2;
  spawn(scheduler_, poll_loop());
  spawn(scheduler_, replay_loop());
  helpers_ = 1 + static_cast<std::uint32_t>(pumps_.size());
  spawn(scheduler_, ack_loop());
  for (auto& pump : pumps_) spawn(scheduler_, pump_loop(*pump));
  co_await dispatch_loop();
  acks_.close();
  for (auto& pump : pumps_) pump->finish();
  while (helpers_ > 0) co_await work_.wait();
  if (failure_) co_return std::unexpected(*failure_);
  co_return Result<>{};
}

Task<> PipelineRunner::ack_loop() {
  co_await acks_.run();
  --helpers_;
  work_.notify();
}

Task<> PipelineRunner::pump_loop(OutboxPump& pump) {
  const Result<> ended = co_await pump.run();
  if (!ended) fail_pipeline(ended.error());
  --helpers_;
  work_.notify();
}

void PipelineRunner::drain() {
  if (std::exchange(draining_, true)) return;
  stopping_.store(true, std::memory_order_relaxed);
  source_.interrupt();
  for (auto& pump : pumps_) pump->stop();
  if (config_.transactor != nullptr) config_.transactor->stop();
  replays_.wake();
  room_.notify();
  work_.notify();
}

void PipelineRunner::fail_pipeline(Error error) {
  sequencer_.look_at(error);
  if (!failure_) failure_ = std::move(error);
  drain();
}

Task<> PipelineRunner::dispatch_loop() {
  while (!worked_off()) {
    const Instant now = scheduler_.now();
    start_ready(now);
    settle_filtered(now);
    const auto deadline = next_deadline(now);
    if (deadline) {
      co_await work_.wait_until(*deadline);
    } else {
      co_await work_.wait();
    }
  }
}

bool PipelineRunner::worked_off() const {
  if (unfinished_ != 0) return false;
  const bool none = stats_.in_flight_events == 0 && replaying_ == 0;
  return draining_ || (source_ended_ && none && !filtered_due_);
}

// In turn, from where the last round ended: a busy partition must not starve those behind it.
void PipelineRunner::start_ready(Instant now) {
  if (draining_) return;
  // Where no more events will come, waiting for more is in vain: at the end of the source, and when
  // everything that there is room for waits in open windows.
  const bool in_vain = (source_ended_ && !mutated(Mutation::keep_open_window)) ||
                       (running_ == 0 && (cramped_ || credit().events == 0));
  for (std::size_t idle = 0; idle < lanes_.size();) {
    idle = start_one(*lanes_[turn_], now, in_vain) ? 0 : idle + 1;
    turn_ = (turn_ + 1) % lanes_.size();
  }
}

// One work at a time in a lane that keeps an order. Answers that are larger than the budget have to
// go before more are asked for.
bool PipelineRunner::may_start(const Lane& lane) const {
  if (running_ >= config_.parallel.batches) return false;
  if (running_ > 0 && share_.room() == 0) return false;
  if (ordering() != Ordering::unordered && lane.running > 0) return false;
  return !lane.domain.ledger || lane.domain.running < config_.parallel.per_partition;
}

bool PipelineRunner::start_one(Lane& lane, Instant now, bool in_vain) {
  if (lane.ready.empty() && lane.window.empty()) return false;
  if (!may_start(lane)) return false;
  std::optional<Work> work = next_due(lane, now);
  if (!work && close_window(lane, now, in_vain)) work = next_due(lane, now);
  if (!work) return false;
  take_out_the_old(lane, *work);
  ++lane.running;
  ++lane.domain.running;
  ++running_;
  ++unfinished_;
  spawn(scheduler_, process(lane, std::move(*work)));
  return true;
}

// Only where its batch can start: until then it may grow.
bool PipelineRunner::close_window(Lane& lane, Instant now, bool in_vain) {
  if (!may_close_window(lane)) return false;
  auto batch = in_vain ? std::optional(lane.window.flush()) : lane.window.expire(now);
  if (!batch) return false;
  lane.ready.push_back({.events = std::move(*batch), .fresh = true});
  return true;
}

bool PipelineRunner::may_close_window(const Lane& lane) const {
  if (lane.window.empty()) return false;
  return lane.ready.empty() || ordering() != Ordering::ordered;
}

// Takes it out of the lane. In order it can only be what stands first.
std::optional<PipelineRunner::Work> PipelineRunner::next_due(Lane& lane, Instant now) const {
  if (lane.ready.empty()) return std::nullopt;
  const Ordering order = ordering();
  const bool first = lane.ready.front().not_before <= now;
  if (!first && order == Ordering::ordered) return std::nullopt;
  if (!first && order == Ordering::keyed && !mutated(Mutation::overtake_a_key))
    return next_due_of_keys(lane, now);
  const auto due =
      std::ranges::find_if(lane.ready, [&](const Work& w) { return w.not_before <= now; });
  if (due == lane.ready.end()) return std::nullopt;
  std::optional<Work> work = std::move(*due);
  lane.ready.erase(due);
  return work;
}

// What waits holds up its own keys: of the works behind it, the events of other keys may go.
std::optional<PipelineRunner::Work> PipelineRunner::next_due_of_keys(Lane& lane, Instant now) {
  std::set<std::string_view> waiting;
  for (auto place = lane.ready.begin(); place != lane.ready.end(); ++place) {
    std::vector<Event> held, free;
    std::vector<Told> held_told, free_told;
    const bool due = place->not_before <= now;
    for (std::size_t i = 0; i < place->events.size(); ++i) {
      Event& event = place->events[i];
      const bool waits = !due || waiting.contains(event.key);
      if (waits && !event.key.empty()) waiting.insert(event.key);
      if (!place->told.empty())
        (waits ? held_told : free_told).push_back(std::move(place->told[i]));
      (waits ? held : free).push_back(std::move(event));
    }
    place->events = std::move(held);
    place->told = std::move(held_told);
    if (free.empty()) continue;
    Work work = *place;
    work.events = std::move(free);
    work.told = std::move(free_told);
    place->fresh = false;
    if (place->events.empty()) lane.ready.erase(place);
    return work;
  }
  return std::nullopt;
}

// An event is not tried past the policy's age, counted from its own time where it has one. What is
// too old goes first, alone; the rest of its batch waits for its turn.
void PipelineRunner::take_out_the_old(Lane& lane, Work& work) {
  if (config_.retry.max_age.count() == 0 || work.end != End::invoke) return;
  if (mutated(Mutation::forget_max_age)) return;
  const std::uint64_t now = scheduler_.wall().value;
  const auto age_max = static_cast<std::uint64_t>(config_.retry.max_age.count());
  const auto young = [&](const Event& event) {
    if (event.letter != 0) return true;  // Somebody wants it tried, however old it is.
    const std::uint64_t born = event.time.value != 0 ? event.time.value : event.ingested.value;
    return now <= born || now - born <= age_max;
  };
  if (std::ranges::all_of(work.events, young)) return;
  const std::uint32_t tries = work.attempt - 1;
  Work rest{.attempt = work.attempt, .put_offs = work.put_offs, .fresh = work.fresh};
  Work old{.attempt = work.attempt,
           .end = End::condemned,
           .stage = Stage::function,
           .reason = tries > 0 ? "failed, and is older than max_age" : "is older than max_age",
           .tries = tries,
           .too_old = true};
  for (Event& event : work.events) (young(event) ? rest : old).events.push_back(std::move(event));
  work = std::move(old);
  if (!rest.events.empty()) lane.ready.push_front(std::move(rest));
}

std::optional<Instant> PipelineRunner::next_deadline(Instant now) {
  std::optional<Instant> next;
  const auto consider = [&](Instant when) {
    if (!next || when < *next) next = when;
  };
  if (draining_) return next;
  if (filtered_due_) consider(*filtered_due_);
  for (const auto& lane : lanes_) {
    if (may_close_window(*lane) && may_start(*lane)) consider(*lane->window.deadline());
    for (const Work& work : lane->ready)
      if (work.not_before > now) consider(work.not_before);
  }
  return next;
}

Task<> PipelineRunner::process(Lane& lane, Work work) {
  Settlement settlement;
  settlement.work = std::move(work);
  bool carry = true;
  std::optional<std::uint64_t> seen;
  if (settlement.work.end == End::invoke) {
    if (std::exchange(settlement.work.fresh, false)) ++stats_.batches;
    if (invoker_ != nullptr) {
      if (settlement.work.overtaken >= overtaken_max) co_await claim_rows(settlement);
      seen = sequencer_.visible();
      sequencer_.guard().enter(*seen);
      co_await invoke(settlement);
      // Who read nothing needs no memory of changes, however long its sinks take.
      if (settlement.answer.reads.empty()) sequencer_.guard().leave(*std::exchange(seen, {}));
    }
    carry =
        may_commit(settlement) && !overtaken(lane, settlement) && judge_answer(lane, settlement);
  } else {
    bury(settlement);
  }
  if (carry) {
    co_await carry_out(lane, settlement);
  } else {
    leave_lane(lane);
  }
  if (seen) sequencer_.guard().leave(*seen);
  sequencer_.claims().release(&settlement);
  share_.give(settlement.answer.bytes + settlement.shaped_bytes);
  --unfinished_;
  work_.notify();
}

// From then on no commit that changes those rows is submitted, and the function sees all that were.
Task<> PipelineRunner::claim_rows(Settlement& settlement) {
  settlement.claims = sequencer_.claims().claim(&settlement, settlement.work.reads);
  if (!settlement.claims) co_return;
  const CommitPart nothing{.pipeline = config_.id};
  std::ignore = co_await sequencer_.commit(nothing, Durability::periodic);
}

Task<> PipelineRunner::invoke(Settlement& settlement) {
  ++stats_.invocations;
  settlement.request_id = config_.name + "-" + std::to_string(stats_.invocations);
  Request request{.events = settlement.work.events,
                  .request_id = settlement.request_id,
                  .attempt = settlement.work.attempt,
                  .timeout = config_.timeout,
                  .seed = scheduler_.random(),
                  .read_object = {}};
  request.read_object = [this](const Event& event, std::uint64_t bytes_max) {
    return source_.read_object(event, bytes_max);
  };
  const Instant asked = scheduler_.now();
  settlement.answer = co_await invoker_->invoke(request);
  settlement.took = std::chrono::duration_cast<Duration>(scheduler_.now() - asked);
  stats_.invoked.add(settlement.took);
  if (config_.metrics != nullptr) config_.metrics->invocation_took(settlement.took);
  settlement.answer.failures = normalized(std::move(settlement.answer.failures));
  if (settlement.answer.error || !settlement.answer.failures.empty()) ++stats_.failed_invocations;
  share_.take(settlement.answer.bytes);
  if (settlement.claims) sequencer_.claims().claim(&settlement, settlement.answer.reads);
}

// Nobody can promise for the time of a transaction that what was read stays as it was.
bool PipelineRunner::may_commit(const Settlement& settlement) {
  if (config_.transactor == nullptr || settlement.answer.reads.empty()) return true;
  fail_pipeline({Fault::bad_config,
                 "function " + config_.function +
                     " reads tables, which a pipeline with a transactional sink cannot allow: put "
                     "a log or queue between them",
                 {}});
  return false;
}

// Another commit changed what the function had read: its answer is void, and the batch is invoked
// again, at no cost in attempts.
bool PipelineRunner::overtaken(Lane& lane, Settlement& settlement) {
  if (mutated(Mutation::ignore_stale_reads)) return false;
  if (!sequencer_.stale(settlement.answer.reads)) return false;
  // Of what was judged already, failed events went back to the lane on their own.
  Work again{.attempt = settlement.work.attempt,
             .overtaken = settlement.work.overtaken + 1,
             .reads = settlement.answer.reads};
  if (settlement.work.overtaken >= overtaken_max && !settlement.claims)
    again.not_before =
        scheduler_.now() + backoff(overtaken_pause, settlement.work.overtaken - overtaken_max + 1,
                                   scheduler_.random());
  for (std::size_t i = 0; i < settlement.work.events.size(); ++i) {
    const bool judged = !settlement.fates.empty();
    if (judged && (settlement.fates[i] == Fate::retry || settlement.fates[i] == Fate::rerun))
      continue;
    again.events.push_back(settlement.work.events[i]);
  }
  if (!again.events.empty()) lane.ready.push_front(std::move(again));
  return true;
}

// Decides what becomes of each event, and takes out what is to be tried again. False: the whole
// batch is, in halves.
bool PipelineRunner::judge_answer(Lane& lane, Settlement& settlement) {
  const auto& error = settlement.answer.error;
  const auto& failures = settlement.answer.failures;
  std::vector<std::string_view> keys;
  if (ordering() == Ordering::keyed && !failures.empty())
    for (const Event& event : settlement.work.events) keys.push_back(event.key);
  RetryPolicy policy = config_.retry;
  if (mutated(Mutation::one_attempt_more)) ++policy.attempts;
  if (mutated(Mutation::one_attempt_less)) --policy.attempts;
  Verdict verdict =
      judge(policy, ordering(), settlement.work.attempt, settlement.work.events.size(),
            error.has_value(), error ? error->fault : Fault::transient, failures, keys);
  if (tapped(TapPoint::function)) tap_function(settlement, verdict);
  if (verdict.split) {
    split(lane, std::move(settlement.work));
    return false;
  }
  settlement.fates = std::move(verdict.fates);
  settlement.fates.resize(settlement.work.events.size(), Fate::settle);
  name_deaths(settlement);
  requeue(lane, settlement);
  return true;
}

// Left half first; an ordered lane works them one after the other.
void PipelineRunner::split(Lane& lane, Work work) {
  const auto middle = work.events.begin() + static_cast<std::ptrdiff_t>(work.events.size() / 2);
  const std::ptrdiff_t lost = mutated(Mutation::bisect_off_by_one) ? 1 : 0;
  Work right{.attempt = work.attempt, .not_before = work.not_before};
  right.events.assign(std::move_iterator(middle + lost), std::move_iterator(work.events.end()));
  work.events.erase(middle, work.events.end());
  if (mutated(Mutation::right_half_first)) std::swap(work, right);
  if (!right.events.empty()) lane.ready.push_front(std::move(right));
  lane.ready.push_front(std::move(work));
}

void PipelineRunner::requeue(Lane& lane, Settlement& settlement) {
  const auto& error = settlement.answer.error;
  // The function was not asked, so no attempt is spent.
  const bool waited = error && put_off(error->fault);
  const Work& work = settlement.work;
  Work again{.attempt = work.attempt + (waited ? 0 : 1),
             .put_offs = waited ? work.put_offs + 1 : 0};
  Work rerun;
  // What waits shall not keep a buffer of its source alive that held many more; copied once.
  const bool copied = work.attempt > 1 || work.put_offs > 0;
  for (std::size_t i = 0; i < settlement.fates.size(); ++i) {
    const Event& event = work.events[i];
    if (settlement.fates[i] == Fate::retry)
      again.events.push_back(copied ? event : detached(event));
    if (settlement.fates[i] == Fate::rerun) rerun.events.push_back(event);
  }
  // They go before everything that came later. Where there are both, no key is in both.
  if (!rerun.events.empty()) lane.ready.push_front(std::move(rerun));
  if (again.events.empty()) return;
  stats_.retried += again.events.size();
  Duration pause =
      backoff(config_.retry.backoff, std::max(work.attempt, again.put_offs), scheduler_.random());
  if (error) pause = std::max<Duration>(pause, error->retry_after);
  again.not_before = scheduler_.now() + pause;
  if (mutated(Mutation::retry_behind_the_rest)) {
    lane.ready.push_back(std::move(again));
  } else {
    lane.ready.push_front(std::move(again));
  }
}

void PipelineRunner::leave_lane(Lane& lane) {
  --lane.running;
  --lane.domain.running;
  --running_;
  work_.notify();
}

}  // namespace tidemill
