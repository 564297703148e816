#include "core/observe/engine_meters.h"

#include <prometheus/counter.h>
#include <prometheus/gauge.h>
#include <prometheus/histogram.h>
#include <prometheus/registry.h>

#include <stdexcept>
#include <utility>

namespace tidemill {
namespace {

prometheus::Counter& left_out_of(prometheus::Registry& registry, const std::string& name) {
  return prometheus::BuildCounter()
      .Name("tidemill_metric_series_left_out_total")
      .Help(
          "Values of metrics sinks that were not kept: their metric has as many series as it may "
          "have.")
      .Register(registry)
      .Add({{"metric", name}});
}

void put(prometheus::Counter& counter, double value) { counter.Increment(value); }
void put(prometheus::Gauge& gauge, double value) { gauge.Set(value); }
void put(prometheus::Histogram& histogram, double value) { histogram.Observe(value); }

/// `Series` is one of prometheus' kinds.
template <class Series>
class SeriesMeter final : public Meter {
 public:
  SeriesMeter(MeterDecl decl, prometheus::Family<Series>& family, prometheus::Counter& left_out)
      : decl_(std::move(decl)), family_(family), left_out_(left_out) {}

  bool record(std::span<const std::string> labels, double value) override {
    Series* const series = series_of(labels);
    if (series == nullptr) {
      left_out_.Increment();
      return false;
    }
    put(*series, value);
    return true;
  }

 private:
  Series* series_of(std::span<const std::string> values) {
    std::string key;  // Lengths in it, so that no two sets of values have one.
    for (const std::string& value : values)
      key.append(std::to_string(value.size())).append(":").append(value);
    const std::lock_guard lock(mutex_);
    if (const auto found = series_.find(key); found != series_.end()) return found->second;
    if (series_.size() >= decl_.series_max) return nullptr;
    prometheus::Labels labels;
    for (std::size_t i = 0; i < values.size(); ++i) labels[decl_.labels[i]] = values[i];
    return series_.emplace(std::move(key), &make(labels)).first->second;
  }

  Series& make(const prometheus::Labels& labels) {
    if constexpr (std::is_same_v<Series, prometheus::Histogram>) {
      return family_.Add(labels, decl_.buckets);
    } else {
      return family_.Add(labels);
    }
  }

  const MeterDecl decl_;
  prometheus::Family<Series>& family_;
  prometheus::Counter& left_out_;
  std::mutex mutex_;  // Guards series_.
  std::map<std::string, Series*> series_;
};

std::shared_ptr<Meter> make_meter(const MeterDecl& decl, prometheus::Registry& registry) {
  const auto make = [&]<class Series>(prometheus::detail::Builder<Series> builder) {
    auto& family = builder.Name(decl.name).Help(decl.help).Register(registry);
    return std::make_shared<SeriesMeter<Series>>(decl, family, left_out_of(registry, decl.name));
  };
  switch (decl.kind) {
    case MeterKind::counter:
      return make(prometheus::BuildCounter());
    case MeterKind::gauge:
      return make(prometheus::BuildGauge());
    case MeterKind::histogram:
      break;
  }
  return make(prometheus::BuildHistogram());
}

}  // namespace

Result<std::shared_ptr<Meter>> EngineMeters::meter(const MeterDecl& decl) {
  if (decl.name.starts_with(own_prefix))
    return fail(Fault::bad_config, "metric " + decl.name + ": names that begin with " +
                                       std::string(own_prefix) + " are the engine's own");
  const std::lock_guard lock(mutex_);
  if (const auto known = known_.find(decl.name); known != known_.end()) {
    if (known->second.decl == decl) return known->second.meter;
    return fail(Fault::bad_config, "metric " + decl.name +
                                       ": another sink declares it otherwise; let both say the "
                                       "same, or give one of them another name");
  }
  try {
    auto meter = make_meter(decl, registry_);
    known_.emplace(decl.name, Known{decl, meter});
    return meter;
  } catch (const std::invalid_argument& error) {
    return fail(Fault::bad_config, "metric " + decl.name + ": " + error.what());
  }
}

}  // namespace tidemill
