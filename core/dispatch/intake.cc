// The first part of PipelineRunner: from the source into the lanes, within the credits.
#include <algorithm>
#include <utility>

#include "core/base/mutation.h"
#include "core/dispatch/pipeline_runner.h"
#include "core/dispatch/source_marks.h"

#define XXH_INLINE_ALL
#include <xxhash.h>

namespace tidemill {
namespace {

constexpr auto poll_again_after = std::chrono::seconds(1);

// Of filtered events that wait for a commit to say so. A disk that stands still must not let them
// fill the memory.
constexpr std::uint64_t filtered_kept_max = 1u << 16;

// However much room there is: other pipelines want the event loop too.
constexpr std::uint64_t poll_events_max = 4096;

// Did a poll bring as much as it could, more or less?
bool fills(Credit credit, const std::vector<Event>& events) {
  if (events.size() * 2 >= credit.events) return true;
  std::uint64_t bytes = 0;
  for (const Event& event : events) bytes += event.bytes();
  return bytes * 2 >= credit.bytes;
}

// What an event holds beside its bytes, which the budget counts as well.
std::uint64_t text_bytes(const Event& event) {
  std::uint64_t bytes = event.id.size() + event.subject.size() + event.key.size();
  for (const Attribute& attribute : event.extensions)
    bytes += sizeof attribute + attribute.name.size() + attribute.value.size();
  return bytes;
}

std::string reason_of(const Attribute& mark) {
  if (mark.name == "tidemill-refused")
    return "the source cannot read it: " + std::string(mark.value);
  return "the source cut it off: " + std::string(mark.value) + " bytes are more than its limit";
}

}  // namespace

Task<> PipelineRunner::poll_loop() {
  std::vector<Event> events;
  std::size_t last_polled = 0;  // A source that is busy fills as much again.
  while (!draining_) {
    const Credit left = credit();
    const bool wait = left.events == 0 || (blocked_ > 0 && !traits_.can_pause) || acks_.full() ||
                      std::ranges::any_of(pumps_, [](const auto& pump) { return pump->full(); }) ||
                      outlets_full() || filtered_kept_ >= filtered_kept_max;
    if (wait) {
      // Open windows may hold all there is room for: they have to close.
      work_.notify();
      if (left.events == 0) share_.await_room(room_min());
      co_await room_.wait();
      continue;
    }
    events.clear();
    events.reserve(std::min<std::size_t>(last_polled, left.events));
    share_.hold(left.bytes + left.events * event_overhead);
    const Result<PollEnd> polled = co_await source_.poll(left, events);
    share_.release();
    const bool none = events.empty();
    last_polled = events.size();
    busy_ = fills(left, events);
    co_await take_in(events);
    // A source that is always ready would not let go of the event loop.
    co_await boost::asio::post(scheduler_.executor(), boost::asio::use_awaitable);
    if (polled && *polled == PollEnd::exhausted) break;
    if (polled) {
      // The next event needs more room than was left: what is in flight will make it, and must not
      // wait in an open window for company.
      if (none && stats_.in_flight_events > 0) {
        cramped_ = true;
        work_.notify();
        share_.await_room(room_min());
        co_await room_.wait();
        cramped_ = false;
      }
      continue;
    }
    if (polled.error().fault == Fault::cancelled) break;
    if (polled.error().fault == Fault::bad_config || polled.error().fault == Fault::fenced) {
      fail_pipeline(polled.error());
      break;
    }
    co_await pause_after(polled.error());
  }
  source_ended_ = true;
  replays_.wake();
  --unfinished_;
  work_.notify();
}

bool PipelineRunner::outlets_full() const {
  return std::ranges::any_of(targets_, [](const Target& target) {
    return target.binding.outlet != nullptr && target.binding.outlet->full();
  });
}

Task<> PipelineRunner::pause_after(const Error& error) {
  log_.write(LogLevel::warning, config_.name + ": the source failed: " + error.message);
  const auto pause = std::max<Duration>(error.retry_after, poll_again_after);
  // Credits that come back meanwhile do not make the source healthier.
  const Instant again = scheduler_.now() + pause;
  while (!draining_ && scheduler_.now() < again) co_await room_.wait_until(again);
}

// What is under way, one batch being filled, and one more to keep the source busy, as far as the
// memory budget has room. Less than a batch of bytes is no credit: a source that keeps to it could
// not fit the next event, and its poll would wait with that credit although more had come back.
//
// A poll may wait for hours with its credit, so of the room that all pipelines share it gets
// little, and only where the poll before it came back full.
Credit PipelineRunner::credit() const {
  // Of a log, no more can run than its partitions allow.
  std::uint64_t running_max = config_.parallel.batches;
  if (traits_.progress == ProgressKind::log)
    running_max = std::min<std::uint64_t>(
        running_max, std::max<std::uint64_t>(1, domains_.size()) * config_.parallel.per_partition);
  const std::uint64_t batches = running_max + 2;
  const std::uint64_t events_max = batches * config_.batch.events;
  const std::uint64_t bytes_max = batches * config_.batch.bytes.value;
  if (mutated(Mutation::endless_credit)) return {.events = 1u << 20, .bytes = bytes_max};
  const bool alone = stats_.in_flight_events == 0;
  std::uint64_t room = share_.guaranteed_room();
  if (busy_) room = std::min(share_.room(), room + 2 * config_.batch.bytes.value);
  if (!alone && room < room_min()) return {};
  if (stats_.in_flight_events >= events_max ||
      stats_.in_flight_bytes > bytes_max - config_.batch.bytes.value)
    return {};
  const std::uint64_t events =
      std::min({events_max - stats_.in_flight_events, room / 2 / event_overhead, poll_events_max});
  return {.events = static_cast<std::uint32_t>(std::max<std::uint64_t>(1, events)),
          .bytes = std::min(bytes_max - stats_.in_flight_bytes, room / 2),
          .alone = alone};
}

// With less than this in the budget a poll is not worth it.
std::uint64_t PipelineRunner::room_min() const {
  return std::min(config_.batch.bytes.value, share_.guarantee() / 2);
}

Task<> PipelineRunner::take_in(std::vector<Event>& events) {
  if (events.empty()) co_return;
  std::erase_if(events, [this](const Event& event) { return !admit(event); });
  take_charge(events);
  if (tapped(TapPoint::source)) tap_source(events);
  if (dedupe_) {
    auto sorted = co_await dedupe_->sort(std::move(events));
    if (!sorted) {
      fail_pipeline(sorted.error());
      co_return;
    }
    events = std::move(sorted->fresh);
    for (std::size_t i = 0; i < sorted->settled.size(); ++i)
      repeat(std::move(sorted->settled[i]),
             sorted->told.empty() ? Told() : std::move(sorted->told[i]));
  }
  if (steps_.empty()) {
    into_lanes(events);
  } else {
    co_await through_steps(events);
  }
  work_.notify();
}

// False: it was settled in an earlier life.
bool PipelineRunner::admit(const Event& event) {
  Domain& domain = domain_of(event.partition);
  if (!domain.ledger) return true;
  const Offset next = domain.ledger->next();
  const bool open = domain.ledger->admit(event.offset, event.offset_next);
  if (!open && domain.ledger->next() > next) {
    domain.moved = true;
    settle_before_long();
  }
  if (!windowed_.empty()) see(domain, event, open);
  review(domain);
  return open;
}

// From here on they are in flight. One poll, one time.
void PipelineRunner::take_charge(std::vector<Event>& events) {
  const IngestTime now(scheduler_.wall().value);
  std::uint64_t bytes = 0, held = 0;
  for (Event& event : events) {
    event.ingested = now;
    bytes += event.bytes();
    held += charge_of(event);
  }
  stats_.in_flight_events += events.size();
  stats_.in_flight_bytes += bytes;
  stats_.bytes += bytes;
  share_.take(held);
}

std::uint64_t PipelineRunner::charge_of(const Event& event) {
  const std::uint64_t before = event.before_map != nullptr ? event.before_map->data.size() : 0;
  return event_overhead + event.bytes() + before + text_bytes(event);
}

void PipelineRunner::into_lanes(std::vector<Event>& events) {
  const Instant now = scheduler_.now();
  if (Lane* const lane = one_lane(events)) {
    lane->window.add_all(events, now, closed_);
    take_closed(*lane);
  } else {
    for (Event& event : events) into_lane(std::move(event), now);
  }
}

// The lane that all of them go to, in batches; null where some may have another way.
PipelineRunner::Lane* PipelineRunner::one_lane(const std::vector<Event>& events) {
  if (events.empty() || config_.suspects != nullptr) return nullptr;
  Domain& domain = domain_of(events.front().partition);
  if (domain.lanes.size() != 1) return nullptr;
  const bool log = domain.ledger.has_value();
  const auto differs = [&](const Event& event) {
    return unusable(event) != nullptr || (log && event.partition != domain.partition);
  };
  return std::ranges::any_of(events, differs) ? nullptr : domain.lanes.front();
}

void PipelineRunner::into_lane(Event&& event, Instant now) {
  Lane& lane = lane_of(event);
  if (const Attribute* const mark = unusable(event)) {
    std::string reason = reason_of(*mark);
    condemn(lane, std::move(event), Stage::source, std::move(reason), 0);
    return;
  }
  if (config_.suspects != nullptr) {
    const Suspicion suspicion = config_.suspects->of(event);
    if (suspicion == Suspicion::guilty) {
      std::string reason = config_.suspects->reason(event);
      condemn(lane, std::move(event), Stage::function, std::move(reason), 1);
      return;
    }
    if (suspicion == Suspicion::suspect) {
      travel_alone(lane, std::move(event), {.fresh = true});
      return;
    }
  }
  lane.window.add(std::move(event), now, closed_);
  take_closed(lane);
}

void PipelineRunner::take_closed(Lane& lane) {
  for (auto& batch : closed_) lane.ready.push_back({.events = std::move(batch), .fresh = true});
  closed_.clear();
}

// Has settled before; only its source does not know yet.
void PipelineRunner::repeat(std::vector<Event> events, const Told& told) {
  for (Event& event : events) repeat(std::move(event), told);
}

void PipelineRunner::repeat(Event event, Told told) {
  Lane& lane = lane_of(event);
  if (lane.ready.empty() || lane.ready.back().end != End::duplicate)
    lane.ready.push_back({.events = {}, .end = End::duplicate});
  Work& work = lane.ready.back();
  work.events.push_back(std::move(event));
  if (traits_.replies) work.told.push_back(std::move(told));
  work_.notify();
}

void PipelineRunner::condemn(Lane& lane, Event event, Stage stage, std::string reason,
                             std::uint32_t tries) {
  travel_alone(
      lane, std::move(event),
      {.end = End::condemned, .stage = stage, .reason = std::move(reason), .tries = tries});
}

// In its place: what came before it goes first.
void PipelineRunner::travel_alone(Lane& lane, Event event, Work work) {
  if (!lane.window.empty()) lane.ready.push_back({.events = lane.window.flush(), .fresh = true});
  work.events.push_back(std::move(event));
  lane.ready.push_back(std::move(work));
}

PipelineRunner::Domain& PipelineRunner::domain_of(Partition partition) {
  if (traits_.progress != ProgressKind::log) partition = Partition{};
  if (last_domain_ != nullptr && last_domain_->partition == partition) return *last_domain_;
  const auto [found, added] = domains_.try_emplace(partition);
  Domain& domain = found->second;
  last_domain_ = &domain;
  if (!added) return domain;
  domain.partition = partition;
  const bool log = traits_.progress == ProgressKind::log;
  if (log) domain.ledger.emplace(partition);
  if (log) add_clocks(domain, {});
  std::uint32_t slices = 1;
  if (ordering() == Ordering::keyed)
    slices = log ? config_.parallel.per_partition : config_.parallel.batches;
  for (std::uint32_t i = 0; i < slices; ++i) {
    lanes_.push_back(std::make_unique<Lane>(domain, config_.batch));
    domain.lanes.push_back(lanes_.back().get());
  }
  return domain;
}

// One key is always in one slice. Events without a key have no order to keep.
PipelineRunner::Lane& PipelineRunner::lane_of(const Event& event) {
  if (event.letter != 0) return replay_lane();
  Domain& domain = domain_of(event.partition);
  if (domain.lanes.size() == 1) return *domain.lanes.front();
  // Offsets of a file are bytes, and lines may all be equally long: hashed, they spread.
  const bool spread = event.key.empty() || mutated(Mutation::slice_by_offset);
  const std::uint64_t hash = spread ? XXH3_64bits(&event.offset.value, sizeof event.offset.value)
                                    : XXH3_64bits(event.key.data(), event.key.size());
  return *domain.lanes[hash % domain.lanes.size()];
}

// A ledger at its bound holds its partition back; where a source cannot do that, all of them.
void PipelineRunner::review(Domain& domain) {
  const bool blocked = domain.ledger->blocked();
  if (blocked == domain.blocked) return;
  domain.blocked = blocked;
  blocked_ += blocked ? 1 : -1u;
  if (traits_.can_pause) source_.pause(domain.partition, blocked);
  if (!blocked) room_.notify();
}

}  // namespace tidemill
