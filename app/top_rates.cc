// From two snapshots to rates: the first half of top_view.h.
#include <algorithm>
#include <chrono>
#include <functional>
#include <map>
#include <utility>

#include "app/top_view.h"

namespace tidemill::app {
namespace {

Buckets difference(const Buckets& before, const Buckets& now) {
  const std::map<std::uint64_t, std::uint64_t> old(before.begin(), before.end());
  Buckets grown;
  for (const auto& [longest, count] : now) {
    const auto found = old.find(longest);
    const std::uint64_t then = found == old.end() ? 0 : found->second;
    if (count > then) grown.emplace_back(longest, count - then);
  }
  return grown;
}

double per_second(std::uint64_t before, std::uint64_t now, double seconds) {
  return now > before && seconds > 0 ? static_cast<double>(now - before) / seconds : 0;
}

PipelineRates rates_of(const PipelineSnapshot& before, const PipelineSnapshot& now,
                       double seconds) {
  const Buckets invoked = difference(before.invoked, now.invoked);
  const Buckets settled = difference(before.settled, now.settled);
  return {.name = now.name,
          .state = now.state,
          .error = now.error,
          .events = per_second(before.events, now.events, seconds),
          .bytes = per_second(before.bytes, now.bytes, seconds),
          .batches = per_second(before.batches, now.batches, seconds),
          .retries = per_second(before.retried, now.retried, seconds),
          .errors = per_second(before.failed_invocations, now.failed_invocations, seconds),
          .invoked_p50 = percentile(invoked, 0.5),
          .invoked_p99 = percentile(invoked, 0.99),
          .settled_p50 = percentile(settled, 0.5),
          .settled_p99 = percentile(settled, 0.99),
          .lag = now.lag,
          .in_flight = now.in_flight,
          .dead = now.dead};
}

}  // namespace

std::vector<PipelineRates> rates_between(const EngineSnapshot& before, const EngineSnapshot& now) {
  const bool same_life = before.started == now.started && before.uptime < now.uptime;
  const Duration passed = same_life ? now.uptime - before.uptime : now.uptime;
  const double seconds = std::chrono::duration<double>(passed).count();
  std::vector<PipelineRates> rates;
  for (const PipelineSnapshot& pipeline : now.pipelines) {
    const auto known = std::ranges::find(before.pipelines, pipeline.name, &PipelineSnapshot::name);
    const bool compare = same_life && known != before.pipelines.end();
    rates.push_back(rates_of(compare ? *known : PipelineSnapshot{}, pipeline, seconds));
  }
  return rates;
}

std::optional<std::uint64_t> percentile(const Buckets& buckets, double part) {
  std::uint64_t all = 0;
  for (const auto& [longest, count] : buckets) all += count;
  if (all == 0) return std::nullopt;
  const double wanted = part * static_cast<double>(all);
  std::uint64_t seen = 0;
  for (const auto& [longest, count] : buckets) {
    seen += count;
    if (static_cast<double>(seen) >= wanted) return longest;
  }
  return buckets.back().first;
}

void sort(std::vector<PipelineRates>& rates, SortBy by) {
  const auto greatest_first = [&](auto value_of) {
    std::ranges::sort(rates, [&](const PipelineRates& a, const PipelineRates& b) {
      const auto left = std::invoke(value_of, a);
      const auto right = std::invoke(value_of, b);
      if (left < right || right < left) return right < left;
      return a.name < b.name;
    });
  };
  switch (by) {
    case SortBy::plan:
      return;
    case SortBy::name:
      std::ranges::sort(rates, {}, &PipelineRates::name);
      return;
    case SortBy::events:
      greatest_first(&PipelineRates::events);
      return;
    case SortBy::latency:
      greatest_first(&PipelineRates::settled_p99);
      return;
    case SortBy::lag:
      greatest_first(&PipelineRates::lag);
      return;
    case SortBy::errors:
      greatest_first(
          [](const PipelineRates& r) { return std::pair(r.errors + r.retries, r.dead); });
      return;
  }
}

}  // namespace tidemill::app
