// MetricsSink: what messages say, as metrics of the engine.
//
// A message changes all of its metrics or none. Expressions are evaluated on the pool.
#pragma once

#include <string>
#include <vector>

#include "metric_rules.h"
#include "tidemill/async.h"
#include "tidemill/registry.h"
#include "tidemill/sink.h"

namespace tidemill::metrics {

class MetricsSink final : public Sink {
 public:
  MetricsSink(std::vector<MetricRule> rules, Services services);

  static constexpr Idempotence idempotence = Idempotence::at_least_once;

  SinkTraits traits() const override;
  std::string place() const override;
  Task<Result<>> open() override;
  Task<std::vector<Result<>>> write(SinkBatch batch) override;
  Task<> close() override;

 private:
  /// What one message does to one metric.
  struct Reading {
    std::vector<std::string> labels;
    double value = 1;
  };

  std::vector<Result<>> record(const SinkBatch& batch);
  Result<std::vector<Reading>> read(const Event& event, const Effect& effect) const;

  const std::vector<MetricRule> rules_;
  const Services services_;
  std::vector<std::shared_ptr<Meter>> meters_;  ///< As rules_; empty where nobody reads them.
  std::vector<bool> told_;                      ///< That one of them has series too many.
};

}  // namespace tidemill::metrics
