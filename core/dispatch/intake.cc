// The first half of PipelineRunner: from the source into the lanes, within the credits.
#include <algorithm>
#include <utility>

#include "core/dispatch/pipeline_runner.h"

namespace tidemill {
namespace {
constexpr auto poll_again_after = std::chrono::seconds(1);

// Sources mark what they could not hand over whole with its real size (see the file connector).
std::optional<std::string_view> oversized(const Event& event) {
  for (const Attribute& extension : event.extensions)
    if (extension.name == "tidemill-oversized") return extension.value;
  return std::nullopt;
}

}  // namespace

Task<> PipelineRunner::poll_loop() {
  std::vector<Event> events;
  while (!draining_ && !failure_) {
    const Credit left = credit();
    if (left.events == 0 || any_lane_blocked()) {
      co_await room_.wait();
      continue;
    }
    events.clear();
    const Result<PollEnd> polled = co_await source_.poll(left, events);
    admit(events);
    if (polled && *polled == PollEnd::exhausted) break;
    if (polled) {
      // The next event needs more room than was left: what is in flight will make it.
      if (events.empty() && stats_.in_flight_events > 0) co_await room_.wait();
      continue;
    }
    const Error& error = polled.error();
    if (error.fault == Fault::cancelled) break;
    if (error.fault == Fault::bad_config || error.fault == Fault::fenced) {
      fail_pipeline(error);
      break;
    }
    log_.write(LogLevel::warning, config_.name + ": the source failed: " + error.message);
    const auto pause = std::max<Duration>(error.retry_after, poll_again_after);
    // Credits that come back meanwhile do not make the source healthier.
    const Instant again = scheduler_.now() + pause;
    while (!draining_ && scheduler_.now() < again) co_await room_.wait_until(again);
  }
  source_ended_ = true;
  --unfinished_;
  work_.notify();
}

// What is under way, one batch being filled, and one more to keep the source busy. Less than a
// batch of bytes is no credit: a source that keeps to it could not fit the next event, and its poll
// would wait with that credit although more had come back.
Credit PipelineRunner::credit() const {
  const std::uint64_t batches = std::uint64_t{config_.parallel.batches} + 2;
  const std::uint64_t events_max = batches * config_.batch.events;
  const std::uint64_t bytes_max = batches * config_.batch.bytes.value;
  if (stats_.in_flight_events >= events_max ||
      stats_.in_flight_bytes > bytes_max - config_.batch.bytes.value)
    return {};
  const std::uint64_t events = events_max - stats_.in_flight_events;
  return {.events = static_cast<std::uint32_t>(std::min<std::uint64_t>(events, 1u << 20)),
          .bytes = bytes_max - stats_.in_flight_bytes,
          .alone = stats_.in_flight_events == 0};
}

void PipelineRunner::admit(std::vector<Event>& events) {
  if (events.empty()) return;
  const Instant now = scheduler_.now();
  const IngestTime ingested(scheduler_.wall().value);
  std::vector<BatchWindow::Events> closed;
  for (Event& event : events) {
    Lane& lane = lane_of(event.partition);
    if (lane.ledger && !lane.ledger->admit(event.offset, event.offset_next)) continue;
    event.ingested = ingested;
    ++stats_.in_flight_events;
    stats_.in_flight_bytes += event.bytes();
    if (const auto bytes = oversized(event)) {
      travel_alone(lane, {.events = {std::move(event)},
                          .condemned = "the source cut it off: " + std::string(*bytes) +
                                       " bytes are more than its limit"});
      continue;
    }
    if (config_.suspects != nullptr) {
      const Suspicion suspicion = config_.suspects->of(event);
      if (suspicion != Suspicion::none) {
        Work work{.events = {std::move(event)}, .stage = Stage::function};
        if (suspicion == Suspicion::guilty)
          work.condemned = config_.suspects->reason(work.events.front());
        travel_alone(lane, std::move(work));
        continue;
      }
    }
    lane.window.add(std::move(event), now, closed);
    for (auto& batch : closed) lane.ready.push_back({std::move(batch)});
    closed.clear();
  }
  work_.notify();
}

// In its place: what came before it goes first.
void PipelineRunner::travel_alone(Lane& lane, Work work) {
  if (!lane.window.empty()) lane.ready.push_back({lane.window.flush()});
  lane.ready.push_back(std::move(work));
}

PipelineRunner::Lane& PipelineRunner::lane_of(Partition partition) {
  if (traits_.progress == ProgressKind::objects) partition = Partition{};
  const auto found = lanes_.find(partition);
  if (found != lanes_.end()) return found->second;
  std::optional<PartitionLedger> ledger;
  if (traits_.progress == ProgressKind::log) ledger.emplace(partition);
  return lanes_.try_emplace(partition, config_.batch, std::move(ledger)).first->second;
}

bool PipelineRunner::any_lane_blocked() const {
  return std::ranges::any_of(
      lanes_, [](const auto& lane) { return lane.second.ledger && lane.second.ledger->blocked(); });
}

}  // namespace tidemill
