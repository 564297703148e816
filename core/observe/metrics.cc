#include "core/observe/metrics.h"

#include <prometheus/counter.h>
#include <prometheus/gauge.h>
#include <prometheus/histogram.h>
#include <prometheus/registry.h>
#include <prometheus/text_serializer.h>

#include <cassert>
#include <chrono>

namespace tidemill {

namespace {

struct CounterDecl {
  const char* name;
  const char* help;
  std::uint64_t PipelineTotals::* total;
};

constexpr std::array<CounterDecl, 11> counter_decls{{
    {"tidemill_events_total", "Events taken from the source.", &PipelineTotals::events},
    {"tidemill_batches_total", "Batches closed.", &PipelineTotals::batches},
    {"tidemill_invocations_total", "Calls of the function, repeated ones included.",
     &PipelineTotals::invocations},
    {"tidemill_committed_total", "Events whose effects are durable.", &PipelineTotals::committed},
    {"tidemill_retried_total", "Events tried again.", &PipelineTotals::retried},
    {"tidemill_filtered_total", "Events that a filter left out.", &PipelineTotals::filtered},
    {"tidemill_duplicates_total", "Events known from before.", &PipelineTotals::duplicates},
    {"tidemill_dead_lettered_total", "Events given up.", &PipelineTotals::dead_lettered},
    {"tidemill_dead_effects_total", "Effects given up behind a queue to their sink.",
     &PipelineTotals::dead_effects},
    {"tidemill_late_total", "Events behind the watermark of an aggregate when they came.",
     &PipelineTotals::late},
    {"tidemill_late_dropped_total", "Late events whose every window had closed.",
     &PipelineTotals::late_dropped},
}};

// From a call that never leaves the thread to one that runs into a timeout.
const prometheus::Histogram::BucketBoundaries second_buckets{
    0.00005, 0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025,
    0.05,    0.1,    0.25,    0.5,    1,     2.5,    5,     10,   30};

double seconds(Duration duration) { return std::chrono::duration<double>(duration).count(); }

}  // namespace

void PipelineMetrics::update(const PipelineTotals& totals) {
  for (std::size_t i = 0; i < counter_decls.size(); ++i) {
    const auto total = counter_decls[i].total;
    assert(totals.*total >= reported_.*total);
    counters_[i]->Increment(static_cast<double>(totals.*total - reported_.*total));
  }
  in_flight_events_->Set(static_cast<double>(totals.in_flight_events));
  in_flight_bytes_->Set(static_cast<double>(totals.in_flight_bytes));
  reported_ = totals;
}

void PipelineMetrics::invocation_took(Duration duration) {
  invocation_seconds_->Observe(seconds(duration));
}

void PipelineMetrics::commit_took(Duration duration) {
  commit_seconds_->Observe(seconds(duration));
}

Metrics::Metrics(std::string_view version)
    : registry_(std::make_unique<prometheus::Registry>()),
      meters_(std::make_unique<EngineMeters>(*registry_)) {
  prometheus::BuildGauge()
      .Name("tidemill_build_info")
      .Help("Always 1; its labels say what runs.")
      .Register(*registry_)
      .Add({{"version", std::string(version)}})
      .Set(1);
  const auto gauge = [this](const char* name, const char* help) {
    return &prometheus::BuildGauge().Name(name).Help(help).Register(*registry_).Add({});
  };
  lost_threads_ = gauge("tidemill_lost_threads", "Threads whose handlers do not return.");
  lost_bytes_ = gauge("tidemill_lost_bytes", "Bytes of the events that lost threads hold.");
}

Metrics::~Metrics() = default;

void Metrics::lost(std::uint64_t threads, std::uint64_t bytes) {
  lost_threads_->Set(static_cast<double>(threads));
  lost_bytes_->Set(static_cast<double>(bytes));
}

void Metrics::source_lag(const std::string& pipeline, std::uint64_t events) {
  auto& family = prometheus::BuildGauge()
                     .Name("tidemill_source_lag")
                     .Help("Events that the source has still to read.")
                     .Register(*registry_);
  family.Add({{"pipeline", pipeline}}).Set(static_cast<double>(events));
}

void Metrics::archive(const std::string& pipeline, const std::string& sink,
                      const ArchiveTotals& totals) {
  ArchiveTotals& told = archives_[{pipeline, sink}];
  const prometheus::Labels labels{{"pipeline", pipeline}, {"sink", sink}};
  const auto count = [&](const char* name, const char* help, std::uint64_t ArchiveTotals::* total) {
    auto& family = prometheus::BuildCounter().Name(name).Help(help).Register(*registry_);
    family.Add(labels).Increment(static_cast<double>(totals.*total - told.*total));
  };
  const auto show = [&](const char* name, const char* help, std::uint64_t now) {
    auto& family = prometheus::BuildGauge().Name(name).Help(help).Register(*registry_);
    family.Add(labels).Set(static_cast<double>(now));
  };
  count("tidemill_archive_objects_total", "Objects made.", &ArchiveTotals::objects);
  count("tidemill_archive_object_bytes_total", "Bytes of the objects made.",
        &ArchiveTotals::object_bytes);
  count("tidemill_archive_failures_total", "Objects that could not be made, each try.",
        &ArchiveTotals::failures);
  show("tidemill_archive_staged_events", "Events that wait for their object.",
       totals.staged_events);
  show("tidemill_archive_staged_bytes", "Bytes of the events that wait for their object.",
       totals.staged_bytes);
  told = totals;
}

PipelineMetrics& Metrics::pipeline(const std::string& name) {
  static_assert(counter_decls.size() == PipelineMetrics::counter_count);
  const std::lock_guard lock(mutex_);
  const auto [entry, made] = pipelines_.try_emplace(name);
  PipelineMetrics& metrics = entry->second;
  if (!made) return metrics;

  // Registering a family a second time under the same name returns the first one.
  const prometheus::Labels labels{{"pipeline", name}};
  const auto gauge = [&](const char* family, const char* help) {
    auto& registered = prometheus::BuildGauge().Name(family).Help(help).Register(*registry_);
    return &registered.Add(labels);
  };
  const auto histogram = [&](const char* family, const char* help) {
    auto& registered = prometheus::BuildHistogram().Name(family).Help(help).Register(*registry_);
    return &registered.Add(labels, second_buckets);
  };
  for (std::size_t i = 0; i < counter_decls.size(); ++i) {
    const CounterDecl& decl = counter_decls[i];
    auto& family = prometheus::BuildCounter().Name(decl.name).Help(decl.help).Register(*registry_);
    metrics.counters_[i] = &family.Add(labels);
  }
  metrics.in_flight_events_ =
      gauge("tidemill_in_flight_events", "Events taken from the source and not yet settled.");
  metrics.in_flight_bytes_ = gauge("tidemill_in_flight_bytes", "Bytes of the events in flight.");
  metrics.invocation_seconds_ =
      histogram("tidemill_invocation_seconds", "How long one call of the function took.");
  metrics.commit_seconds_ =
      histogram("tidemill_commit_seconds", "How long a batch waited for its commit.");
  return metrics;
}

std::string Metrics::text() const {
  return prometheus::TextSerializer().Serialize(registry_->Collect());
}

}  // namespace tidemill
