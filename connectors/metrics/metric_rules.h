// MetricRule: how one metric comes out of a message, as the user wrote it.
//
// Pure; read when a pipeline is checked and when it is built.
#pragma once

#include <memory>
#include <vector>

#include "metrics.h"
#include "tidemill/expression.h"
#include "tidemill/meters.h"

namespace tidemill::metrics {

struct MetricRule {
  MeterDecl decl;
  std::vector<std::shared_ptr<const EventExpression>> labels;  ///< As decl.labels.
  std::shared_ptr<const EventExpression> value;                ///< Null: one for each message.
};

/// Errors: bad_config, with the metric and what is wrong with it.
Result<std::vector<MetricRule>> read_rules(const SinkConfig& config,
                                           const CompileExpression& compile);

}  // namespace tidemill::metrics
