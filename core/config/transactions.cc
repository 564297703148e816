// The part of Pipelines that looks at sinks whose effects are written in transactions: what may
// stand beside them.
#include <fmt/format.h>

#include "core/config/own_kinds.h"
#include "core/config/pipelines.h"
#include "core/config/sections.h"

namespace tidemill::config {

void Pipelines::check_transactions(const Node& entry, const PipelinePlan& plan) {
  auto& problems = context_.problems;
  const SinkPlan* first = nullptr;
  for (const SinkPlan& sink : plan.sinks) {
    if (!sink.transactional) continue;
    if (first != nullptr) {
      problems.add(sink.where,
                   fmt::format("sinks {} and {} both write in transactions, which cannot commit "
                               "together",
                               first->name, sink.name),
                   "give each a pipeline of its own, behind a log");
      continue;
    }
    first = &sink;
    if (sink.delivery == Delivery::queue)
      problems.add(
          entry.find("sinks")->find(sink.name)->find("delivery")->where,
          fmt::format("what goes to sink {} commits with its events, without a queue", sink.name),
          "remove delivery: queue");
  }
  for (const auto* destination : {&plan.on_success, &plan.on_failure}) {
    if (!destination->has_value()) continue;
    const SinkPlan& sink = **destination;
    if (sink.transactional) {
      problems.add(sink.connector.where, fmt::format("{} cannot write in transactions", sink.name),
                   "write to it without, or from a pipeline of its own, behind a log");
    } else if (first != nullptr && !is_own_sink(sink.connector.kind)) {
      problems.add(sink.connector.where,
                   fmt::format("{} would be written before sink {} can say what became of an event",
                               sink.name, first->name),
                   "send it to a log, and from there on by a pipeline of its own");
    }
  }
}

}  // namespace tidemill::config
