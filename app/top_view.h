// What `tidemill top` shows: how fast each pipeline goes, from two snapshots. Pure.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "app/snapshot.h"

namespace tidemill::app {

/// Of a pipeline between two moments. Latencies in microseconds; empty where nothing happened.
struct PipelineRates {
  std::string name;
  std::string state;
  std::string error;
  double events = 0;  ///< These per second.
  double bytes = 0;
  double batches = 0;
  double retries = 0;
  double errors = 0;  ///< Invocations that failed, or failed some of their events.
  std::optional<std::uint64_t> invoked_p50, invoked_p99;
  std::optional<std::uint64_t> settled_p50, settled_p99;
  std::optional<std::uint64_t> lag;  ///< This and the others: at the second moment.
  std::uint64_t in_flight = 0;
  std::uint64_t dead = 0;
};

/// One for each pipeline of `now`, in its order. Where `before` was another life of the engine, or
/// did not know a pipeline, all that it has done counts as done in between.
std::vector<PipelineRates> rates_between(const EngineSnapshot& before, const EngineSnapshot& now);

/// What is no shorter than so great a part of all; nothing where there is nothing.
std::optional<std::uint64_t> percentile(const Buckets& buckets, double part);

enum class SortBy { plan, name, events, latency, lag, errors };

/// What is greatest first; of equals, and with SortBy::name, by name.
void sort(std::vector<PipelineRates>& rates, SortBy by);

struct TopPage {
  std::size_t columns = 80;
  std::size_t rows = 24;
  SortBy sort = SortBy::plan;
  bool on_screen = false;  ///< With colours, and the keys at the bottom.
  std::string trouble{};   ///< Told at the top, if any.
};

/// The engine's line, the table, and why pipelines complain; no more lines than the page has.
std::vector<std::string> top_lines(const EngineSnapshot& engine,
                                   const std::vector<PipelineRates>& rates, const TopPage& page);

/// The same as one JSON object on one line.
std::string top_json(const EngineSnapshot& engine, const std::vector<PipelineRates>& rates);

}  // namespace tidemill::app
