// Reads `pipelines:`: each with its source, its function and its sinks, and whether these fit each
// other. Internal to load_plan().
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/config/connectors.h"
#include "core/config/feedback.h"
#include "core/config/functions.h"
#include "core/config/load_context.h"
#include "core/config/plan.h"
#include "tidemill/staged_sink.h"

namespace tidemill::config {

class Pipelines {
 public:
  /// All connections and functions of all files must have been taken in before the first add().
  Pipelines(LoadContext& context, Connectors& connectors, const Functions& functions)
      : context_(context), connectors_(connectors), functions_(functions) {}

  /// Takes in one file's `pipelines:`.
  void add(const Node& section);

  /// Problems that only show when all pipelines are known.
  void check_together() const;

  std::vector<PipelinePlan> take() { return std::move(plans_); }

 private:
  /// The function of a pipeline as far as its sinks care.
  struct Use {
    std::string name;                    ///< Empty: none.
    const FunctionDecl* decl = nullptr;  ///< Null too when its plugin was not found.
    Mark where;
  };

  void read(const Node& entry);
  void read_policies(const Node& entry, PipelinePlan& plan);
  void read_source(const Node& entry, PipelinePlan& plan, Flow& flow);
  Use read_function(const Node& entry, PipelinePlan& plan);
  void read_steps(const Node& steps, PipelinePlan& plan, std::vector<const Node*>& uses);
  void read_filter(const Node& node, PipelinePlan& plan);
  void read_shape(const Node& node, const Use& use, SinkPlan& sink);
  void read_sinks(const Node& entry, const Use& use, PipelinePlan& plan, Flow& flow);
  void read_sink(const Node& node, const Use& use, PipelinePlan& plan, Flow& flow);
  std::optional<SinkPlan> read_destination(const Node& entry, std::string_view name,
                                           const PipelinePlan& plan, Flow& flow);
  std::string output_for(const Node& node, const std::string& from, const Use& use);
  void finish_own_source(const Node& node, const ConnectorPlan& source, Flow& flow);
  void finish_own_sink(const Node& node, const Use& use, const PipelinePlan& plan, SinkPlan& sink,
                       Flow& flow);
  void finish_table(const Node& node, const Use& use, SinkPlan& sink);
  void finish_stream(const Node& node, const Use& use, SinkPlan& sink);
  void finish_aggregate(const Node& node, const Use& use, const PipelinePlan& plan,
                        const Flow& flow, SinkPlan& sink);
  static bool reads_in_order(const PipelinePlan& plan, const Flow& flow);
  void check_own_sinks_agree() const;
  void check_aggregates_alone() const;
  void finish_sink(const Node& node, const Use& use, SinkPlan& sink, Flow& flow);
  void check_transactions(const Node& entry, const PipelinePlan& plan);
  void finish_staged(const Node& node, const StagedSink& staged, const SinkPlan& sink);
  void check_outputs_taken(const Use& use, const PipelinePlan& plan);

  LoadContext& context_;
  Connectors& connectors_;
  const Functions& functions_;
  std::vector<PipelinePlan> plans_;
  std::vector<Flow> flows_;
  std::map<std::string, Mark, std::less<>> names_;
};

}  // namespace tidemill::config
