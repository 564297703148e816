#include "tests/sim/windows.h"

#include <algorithm>
#include <set>

#include "core/state/aggregate.h"
#include "core/state/keys.h"

namespace tidemill::sim {
namespace {

// The latest time of the events of a partition up to, not including, `end`.
EventTime latest_before(const Flow& flow, std::uint32_t partition, std::uint64_t end) {
  EventTime latest;
  for (std::uint64_t i = 0; i < end; ++i) latest = std::max(latest, flow.happened(partition, i));
  return latest;
}

}  // namespace

std::vector<ClockProgress> expected_clocks(const Flow& flow) {
  const Windowing& windowing = *flow.windowing;
  std::vector<ClockProgress> clocks;
  for (std::uint32_t p = 0; p < flow.partitions; ++p) {
    ClockProgress clock{.table = flow.window_table(), .latest = {}};
    for (std::uint64_t i = 0; i < flow.events_per_partition; ++i) {
      const EventTime time = flow.happened(p, i);
      if (windowing.late(time, clock.latest)) ++clock.late;
      if (windowing.dropped(time, clock.latest)) ++clock.dropped;
      clock.latest = std::max(clock.latest, time);
    }
    clocks.push_back(clock);
  }
  return clocks;
}

std::map<std::string, std::string> expected_windows(
    const World& world, const Flow& flow,
    const std::function<std::int64_t(std::uint32_t, std::uint64_t)>& committed) {
  const Windowing& windowing = *flow.windowing;
  const bool ordered = flow.progress == ProgressKind::log;
  std::map<std::string, state::Aggregate> rows;
  for (std::uint32_t p = 0; p < flow.partitions; ++p)
    for (std::uint64_t i = 0; i < flow.events_per_partition; ++i) {
      const auto times = static_cast<std::uint64_t>(committed(p, i));
      if (times == 0) continue;
      // What died in time and was played again never comes too late.
      const bool replayed = world.replayed.contains(event_name(flow.index, p, i));
      const EventTime latest = ordered && !replayed ? latest_before(flow, p, i) : EventTime();
      windowing.each(flow.happened(p, i), [&](EventTime start, EventTime end) {
        if (windowing.closed(end, latest)) return;
        state::Aggregate& row = rows[state::row_name(flow.key(p, i), start)];
        row.shows_count = true;
        row.window = state::Aggregate::Window{start, end};
        row.count += times;
      });
    }
  std::map<std::string, std::string> shown;
  for (const auto& [name, row] : rows) shown[name] = row.shown();
  return shown;
}

WindowWatch::WindowWatch(World& world, const Flow& flow) : world_(world), flow_(flow) {
  const auto& pipelines = world.store.visible().pipelines;
  const auto mine = pipelines.find(flow.config.id);
  if (mine == pipelines.end()) return;
  for (const auto& [partition, log] : mine->second.logs) next_[partition] = log.next.value;
}

void WindowWatch::commits(const CommitPart& part) {
  // In one transaction several batches follow each other: where the first of them closes a window,
  // it cannot know of a partition that begins with a later one.
  std::set<Partition> begun;
  for (const LogProgress& log : part.logs) {
    const auto known = next_.find(log.partition);
    const std::uint64_t before = known == next_.end() ? 0 : known->second;
    if (part.logs.size() > 1 && latest_before(flow_, log.partition.value, before).value == 0)
      begun.insert(log.partition);
    next_[log.partition] = log.next.value;
  }
  for (const WindowsOver& over : part.windows_over)
    for (const auto& [partition, next] : next_) {
      if (begun.contains(partition)) continue;
      const EventTime latest = latest_before(flow_, partition.value, next);
      const bool closed = latest.value == 0 || flow_.windowing->closed(over.closed, latest);
      world_.expect(closed, "a window was closed that an event may still belong to");
    }
}

}  // namespace tidemill::sim
