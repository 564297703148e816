#include "core/dispatch/pipeline_runner.h"

#include <algorithm>
#include <iterator>
#include <utility>

namespace tidemill {
namespace {

// Order is only there to keep where one invocation at a time works a partition.
Ordering ordering_of(const SourceTraits& traits, const Parallel& parallel) {
  const bool ordered = traits.progress == ProgressKind::log && parallel.per_partition == 1;
  return ordered ? Ordering::ordered : Ordering::unordered;
}

}  // namespace

PipelineRunner::PipelineRunner(Scheduler& scheduler, Log& log, CommitSequencer& sequencer,
                               Source& source, Invoker* invoker, std::vector<SinkBinding> sinks,
                               PipelineConfig config, std::vector<LogProgress> restored)
    : scheduler_(scheduler),
      log_(log),
      sequencer_(sequencer),
      source_(source),
      invoker_(invoker),
      config_(std::move(config)),
      traits_(source.traits()),
      ordering_(ordering_of(traits_, config_.parallel)),
      settling_(scheduler),
      room_(scheduler),
      work_(scheduler) {
  for (SinkBinding& binding : sinks)
    targets_.push_back({std::move(binding), std::make_unique<Turnstile>(scheduler)});
  for (LogProgress& progress : restored) {
    const Partition partition = progress.partition;
    lanes_.try_emplace(partition, config_.batch, PartitionLedger(std::move(progress)));
  }
}

PipelineRunner::~PipelineRunner() = default;

Task<Result<>> PipelineRunner::run() {
  ++unfinished_;
  spawn(scheduler_, poll_loop());
  co_await dispatch_loop();
  if (failure_) co_return std::unexpected(*failure_);
  co_return Result<>{};
}

void PipelineRunner::drain() {
  if (std::exchange(draining_, true)) return;
  source_.interrupt();
  room_.notify();
  work_.notify();
}

void PipelineRunner::fail_pipeline(Error error) {
  if (!failure_) failure_ = std::move(error);
  drain();
}

Task<> PipelineRunner::dispatch_loop() {
  while (!finished()) {
    const Instant now = scheduler_.now();
    close_windows(now);
    start_ready(now);
    const auto deadline = next_deadline(now);
    if (deadline) {
      co_await work_.wait_until(*deadline);
    } else {
      co_await work_.wait();
    }
  }
}

bool PipelineRunner::finished() const {
  if (unfinished_ != 0) return false;
  return draining_ || (source_ended_ && stats_.in_flight_events == 0);
}

void PipelineRunner::close_windows(Instant now) {
  for (auto& [partition, lane] : lanes_) {
    if (lane.window.empty()) continue;
    auto batch = source_ended_ ? lane.window.flush() : lane.window.expire(now);
    if (batch) lane.ready.push_back({std::move(*batch)});
  }
}

// In turn, from where the last round ended: a busy partition must not starve those behind it.
void PipelineRunner::start_ready(Instant now) {
  if (draining_ || lanes_.empty()) return;
  auto lane = lanes_.lower_bound(turn_);
  for (std::size_t idle = 0; idle < lanes_.size(); ++lane) {
    if (lane == lanes_.end()) lane = lanes_.begin();
    if (start_one(lane->second, now)) {
      idle = 0;
      turn_ = Partition(lane->first.value + 1);
    } else {
      ++idle;
    }
  }
}

// Ordered lanes start only what stands first; others whatever is due.
bool PipelineRunner::start_one(Lane& lane, Instant now) {
  const std::uint32_t limit = traits_.progress == ProgressKind::objects
                                  ? config_.parallel.batches
                                  : config_.parallel.per_partition;
  if (lane.ready.empty() || running_ >= config_.parallel.batches || lane.running >= limit)
    return false;
  auto due = lane.ready.begin();
  if (ordering_ == Ordering::unordered)
    due = std::ranges::find_if(lane.ready, [&](const Work& w) { return w.not_before <= now; });
  if (due == lane.ready.end() || due->not_before > now) return false;
  Work work = std::move(*due);
  lane.ready.erase(due);
  ++lane.running;
  ++running_;
  ++unfinished_;
  spawn(scheduler_, process(lane, std::move(work)));
  return true;
}

std::optional<Instant> PipelineRunner::next_deadline(Instant now) const {
  std::optional<Instant> next;
  const auto consider = [&](Instant when) {
    if (!next || when < *next) next = when;
  };
  if (draining_) return next;
  for (const auto& [partition, lane] : lanes_) {
    if (lane.window.deadline()) consider(*lane.window.deadline());
    for (const Work& work : lane.ready)
      if (work.not_before > now) consider(work.not_before);
  }
  return next;
}

Task<> PipelineRunner::process(Lane& lane, Work work) {
  Settlement settlement;
  settlement.work = std::move(work);
  if (settlement.work.attempt == 1) ++stats_.batches;
  bool carry = true;
  if (!settlement.work.condemned.empty()) {
    bury(settlement);
  } else {
    if (invoker_ != nullptr) co_await invoke(settlement);
    carry = judge_answer(lane, settlement);
  }
  if (carry) {
    co_await carry_out(lane, settlement);
  } else {
    leave_lane(lane);
  }
  --unfinished_;
  work_.notify();
}

Task<> PipelineRunner::invoke(Settlement& settlement) {
  ++stats_.invocations;
  const std::string id = config_.name + "-" + std::to_string(stats_.invocations);
  Request request{.events = settlement.work.events,
                  .request_id = id,
                  .attempt = settlement.work.attempt,
                  .timeout = config_.timeout,
                  .seed = scheduler_.random(),
                  .read_object = {}};
  request.read_object = [this](const Event& event, std::uint64_t bytes_max) {
    return source_.read_object(event, bytes_max);
  };
  settlement.answer = co_await invoker_->invoke(request);
  settlement.answer.failures = normalized(std::move(settlement.answer.failures));
}

// Decides what becomes of each event, and takes out what is to be tried again. False: the whole
// batch is, in halves.
bool PipelineRunner::judge_answer(Lane& lane, Settlement& settlement) {
  const auto& error = settlement.answer.error;
  Verdict verdict =
      judge(config_.retry, ordering_, settlement.work.attempt, settlement.work.events.size(),
            error.has_value(), error ? error->fault : Fault::transient, settlement.answer.failures);
  if (verdict.split) {
    split(lane, std::move(settlement.work));
    return false;
  }
  settlement.fates = std::move(verdict.fates);
  settlement.fates.resize(settlement.work.events.size(), Fate::settle);
  name_deaths(settlement);
  bury_the_old(settlement);
  requeue(lane, settlement);
  return true;
}

// What was given up before it was invoked.
void PipelineRunner::bury(Settlement& settlement) {
  const Work& work = settlement.work;
  settlement.fates.assign(work.events.size(), Fate::dead_letter);
  for (std::uint32_t i = 0; i < work.events.size(); ++i)
    settlement.deaths[i] = {work.stage, "", work.condemned};
}

// Gives every event that dies its reason.
void PipelineRunner::name_deaths(Settlement& settlement) {
  const Answer& answer = settlement.answer;
  auto failure = answer.failures.begin();  // Ascending by event, as the fates are.
  for (std::uint32_t i = 0; i < settlement.fates.size(); ++i) {
    if (settlement.fates[i] != Fate::dead_letter) continue;
    while (failure != answer.failures.end() && failure->event < i) ++failure;
    const bool own = failure != answer.failures.end() && failure->event == i;
    std::string reason = answer.error ? answer.error->message : "";
    if (own) reason = failure->reason;
    settlement.deaths[i] = {Stage::function, "", std::move(reason)};
  }
}

// An event is not tried again past the policy's age, counted from its own time where it has one.
void PipelineRunner::bury_the_old(Settlement& settlement) {
  if (config_.retry.max_age.count() == 0) return;
  const std::uint64_t now = scheduler_.wall().value;
  const auto age_max = static_cast<std::uint64_t>(config_.retry.max_age.count());
  for (std::uint32_t i = 0; i < settlement.fates.size(); ++i) {
    if (settlement.fates[i] != Fate::retry) continue;
    const Event& event = settlement.work.events[i];
    const std::uint64_t born = event.time.value != 0 ? event.time.value : event.ingested.value;
    if (now > born && now - born > age_max)
      kill(settlement, i, {Stage::function, "", "failed, and is older than max_age"});
  }
}

// Left half first; an ordered lane works them one after the other.
void PipelineRunner::split(Lane& lane, Work work) {
  const auto middle = work.events.begin() + static_cast<std::ptrdiff_t>(work.events.size() / 2);
  Work right{{std::make_move_iterator(middle), std::make_move_iterator(work.events.end())},
             work.attempt,
             work.not_before};
  work.events.erase(middle, work.events.end());
  lane.ready.push_front(std::move(right));
  lane.ready.push_front(std::move(work));
}

void PipelineRunner::requeue(Lane& lane, Settlement& settlement) {
  const auto& error = settlement.answer.error;
  // The function was not asked, so no attempt is spent.
  const bool waited = error && put_off(error->fault);
  Work again{{}, settlement.work.attempt + (waited ? 0 : 1), {}};
  Work rerun{{}, 1, {}};
  for (std::size_t i = 0; i < settlement.fates.size(); ++i) {
    if (settlement.fates[i] == Fate::retry) again.events.push_back(settlement.work.events[i]);
    if (settlement.fates[i] == Fate::rerun) rerun.events.push_back(settlement.work.events[i]);
  }
  // At most one of them for an ordered lane, and it goes before everything that came later.
  if (!rerun.events.empty()) lane.ready.push_front(std::move(rerun));
  if (again.events.empty()) return;
  stats_.retried += again.events.size();
  Duration pause = backoff(config_.retry.backoff, settlement.work.attempt, scheduler_.random());
  if (error) pause = std::max<Duration>(pause, error->retry_after);
  again.not_before = scheduler_.now() + pause;
  lane.ready.push_front(std::move(again));
}

void PipelineRunner::leave_lane(Lane& lane) {
  --lane.running;
  --running_;
  work_.notify();
}

}  // namespace tidemill
