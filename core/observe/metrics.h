// Metrics: what the engine counts, in the text form that Prometheus reads.
//
// Nothing here is touched per event. A pipeline keeps its own plain totals and reports them with
// update() when they are to be read; only durations are observed as they happen, once per
// invocation and once per commit, through pointers that were resolved when the pipeline was built.
//
// Thread safety: any thread, except that one pipeline's update() has one caller at a time.
// Durations are in seconds and sizes in bytes, as Prometheus wants them.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <utility>

#include "core/observe/engine_meters.h"
#include "tidemill/time.h"

namespace prometheus {
class Counter;
class Gauge;
class Histogram;
class Registry;
}  // namespace prometheus

namespace tidemill {

/// What one pipeline has done since the start of the engine.
struct PipelineTotals {
  std::uint64_t events = 0;  ///< At rest, committed + filtered + duplicates + dead_lettered.
  std::uint64_t batches = 0;
  std::uint64_t invocations = 0;
  std::uint64_t committed = 0;
  std::uint64_t retried = 0;
  std::uint64_t filtered = 0;
  std::uint64_t duplicates = 0;
  std::uint64_t dead_lettered = 0;
  std::uint64_t dead_effects = 0;
  std::uint64_t late = 0;
  std::uint64_t late_dropped = 0;
  std::uint64_t in_flight_events = 0;  ///< Now, not since the start; bytes too.
  std::uint64_t in_flight_bytes = 0;
};

/// The series of one pipeline. Lives as long as its Metrics.
class PipelineMetrics {
 public:
  /// Brings the series up to `totals`, none of which may have gone down but those in flight.
  void update(const PipelineTotals& totals);

  void invocation_took(Duration duration);
  void commit_took(Duration duration);

 private:
  friend class Metrics;

  static constexpr std::size_t counter_count = 11;

  std::array<prometheus::Counter*, counter_count> counters_{};
  prometheus::Gauge* in_flight_events_ = nullptr;
  prometheus::Gauge* in_flight_bytes_ = nullptr;
  prometheus::Histogram* invocation_seconds_ = nullptr;
  prometheus::Histogram* commit_seconds_ = nullptr;
  PipelineTotals reported_;
};

/// What one archive has made since the start of the engine, and what it holds now.
struct ArchiveTotals {
  std::uint64_t objects = 0;
  std::uint64_t object_bytes = 0;
  std::uint64_t failures = 0;
  std::uint64_t staged_events = 0;
  std::uint64_t staged_bytes = 0;
};

class Metrics {
 public:
  explicit Metrics(std::string_view version);
  ~Metrics();
  Metrics(const Metrics&) = delete;
  Metrics& operator=(const Metrics&) = delete;

  /// The series of the pipeline of that name, made at the first call.
  PipelineMetrics& pipeline(const std::string& name);

  /// Brings the series of one archive up to `totals`. One caller at a time.
  void archive(const std::string& pipeline, const std::string& sink, const ArchiveTotals& totals);

  /// Events that the source of a pipeline has still to read. One caller at a time.
  void source_lag(const std::string& pipeline, std::uint64_t events);

  /// Threads in the hands of handlers that do not return, and the bytes of their events.
  void lost(std::uint64_t threads, std::uint64_t bytes);

  /// Those that connectors declare.
  Meters& meters() { return *meters_; }

  /// Everything, in Prometheus' text format 0.0.4.
  std::string text() const;

 private:
  std::unique_ptr<prometheus::Registry> registry_;
  prometheus::Gauge* lost_threads_ = nullptr;
  prometheus::Gauge* lost_bytes_ = nullptr;
  std::mutex mutex_;  // Guards pipelines_.
  std::map<std::string, PipelineMetrics> pipelines_;
  std::map<std::pair<std::string, std::string>, ArchiveTotals> archives_;  // As last told.
  std::unique_ptr<EngineMeters> meters_;
};

}  // namespace tidemill
