#include "metrics.h"

#include <memory>
#include <utility>

#include "metric_rules.h"
#include "metrics_sink.h"

namespace tidemill::metrics {
namespace {

constexpr double series_limit = 100'000;

Result<std::unique_ptr<Sink>> make_sink(const SinkConfig& config, Services services) {
  auto rules = read_rules(config, services.compile);
  if (!rules) return std::unexpected(rules.error());
  return std::make_unique<MetricsSink>(std::move(*rules), std::move(services));
}

}  // namespace

ConfigSpec<SinkConfig> sink_spec() {
  return ConfigSpec<SinkConfig>(
             "Counters, gauges and histograms out of messages, on the engine's /metrics.")
      .field("counters", &SinkConfig::counters,
             "NAME: { help, labels: { LABEL: jq }, by: jq } each; without `by` it counts messages.")
      .field(
          "gauges", &SinkConfig::gauges,
          "NAME: { help, labels: { LABEL: jq }, value: jq } each: the value of the last message.")
      .field("histograms", &SinkConfig::histograms,
             "NAME: { help, labels: { LABEL: jq }, value: jq, buckets: [ upper bounds ] } each.")
      .field(
          "max_series", &SinkConfig::max_series,
          "Each metric has so many sets of label values at most; others are left out and counted "
          "as tidemill_metric_series_left_out_total.",
          in_range(1, series_limit));
}

void register_with(Registry& registry) {
  registry.add_sink("metrics", MetricsSink::idempotence, sink_spec(), make_sink);
}

}  // namespace tidemill::metrics
