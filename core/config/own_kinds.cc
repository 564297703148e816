// The part of Pipelines that concerns the engine's own kinds: tables, queues, logs and changes.
#include "core/config/own_kinds.h"

#include <fmt/format.h>

#include <map>
#include <utility>

#include "core/config/pipelines.h"
#include "core/config/sections.h"
#include "core/expression/expression.h"

namespace tidemill::config {
namespace {

// A queue or log has a name as a pipeline has one.
void check_own_name(const Node& value, Problems& problems) {
  Node entry;
  entry.key = value.text;
  entry.key_where = value.where;
  if (!value.broken) check_name(entry, "queue or log", problems);
}

// What the registry's kinds check when they are built.
template <class Options>
void check_rules(const ConfigSpec<Options>& spec, const ConnectorPlan& plan, Problems& problems) {
  if (const auto made = spec.make(plan.options); !made)
    problems.add(plan.where, made.error().message);
}

}  // namespace

const std::string* option_of(const ConnectorPlan& connector, std::string_view name) {
  for (const auto& [known, value] : connector.options)
    if (known == name) return &value;
  return nullptr;
}

void check_expression(const Node& node, Problems& problems) {
  const auto compiled = expression::Expression::compile(node.text);
  if (!compiled)
    problems.add(node.where, fmt::format("{}: {}", node.key, compiled.error().message));
}

void Pipelines::finish_own_source(const Node& node, const ConnectorPlan& source, Flow& flow) {
  const bool changes = source.kind == changes_kind;
  const std::string_view option = changes ? "table" : "name";
  const Node* const name = node.find(source.kind)->find(option);
  if (name != nullptr) check_own_name(*name, context_.problems);
  flow.reads = own_place(changes ? table_kind : source.kind, *option_of(source, option));
  flow.reads_where = source.where;
  if (changes) {
    check_rules(changes_source_spec(), source, context_.problems);
  } else if (source.kind == log_kind) {
    check_rules(log_source_spec(), source, context_.problems);
  }
}

void Pipelines::finish_own_sink(const Node& node, const Use& use, const PipelinePlan& plan,
                                SinkPlan& sink, Flow& flow) {
  const bool aggregate = sink.connector.kind == aggregate_kind;
  const std::string_view naming = aggregate ? "table" : "name";
  if (option_of(sink.connector, naming) == nullptr)
    sink.connector.options.emplace_back(naming, sink.name);
  const Node* const options = node.find(sink.connector.kind);
  const Node* const name = options == nullptr ? nullptr : options->find(naming);
  if (name != nullptr && sink.connector.kind != table_kind && !aggregate)
    check_own_name(*name, context_.problems);
  const std::string_view kind = aggregate ? table_kind : std::string_view(sink.connector.kind);
  const std::string* const continues =
      sink.connector.kind == queue_kind ? option_of(sink.connector, "continues") : nullptr;
  flow.outlets.push_back({node.key, own_place(kind, *option_of(sink.connector, naming)),
                          sink.connector.where, continues != nullptr && *continues == "true"});
  if (flow.outlets.back().continues && sink.from == event_output)
    context_.problems.add(sink.connector.where,
                          fmt::format("sink {} would put every event back; only a function knows "
                                      "when to stop",
                                      node.key),
                          "take an output of the function with `from:`, or leave `continues` out");
  if (aggregate) {
    finish_aggregate(node, use, plan, flow, sink);
  } else if (sink.connector.kind == table_kind) {
    finish_table(node, use, sink);
  } else {
    finish_stream(node, use, sink);
  }
}

void Pipelines::finish_stream(const Node& node, const Use& use, SinkPlan& sink) {
  auto& problems = context_.problems;
  const Node* const options = node.find(sink.connector.kind);
  const Node* const group = options == nullptr ? nullptr : options->find("group");
  if (group != nullptr) check_expression(*group, problems);
  if (sink.connector.kind == log_kind) check_rules(log_sink_spec(), sink.connector, problems);
  if (sink.from == event_output) return;
  const auto* output = use.decl == nullptr ? nullptr : use.decl->output(sink.from);
  if (output == nullptr || output->kind == OutputKind::messages) return;
  problems.add(
      sink.connector.where,
      fmt::format("output {} holds {}; a {} takes messages", sink.from, name_of(output->kind),
                  sink.connector.kind),
      output->kind == OutputKind::rows ? "write `table: {}`" : "send it to another kind of sink");
}

// Retention and partitions belong to the log, not to the sink that says so.
void Pipelines::check_own_sinks_agree() const {
  std::map<std::string, std::pair<ResolvedOptions, Mark>, std::less<>> said;
  const auto look = [&](const SinkPlan& sink) {
    const bool table = sink.connector.kind == table_kind;
    const std::string* const name = option_of(sink.connector, "name");  // Of an aggregate: none.
    if ((!table && sink.connector.kind != log_kind) || name == nullptr) return;
    ResolvedOptions own;
    for (const auto& option : sink.connector.options)
      if (option.first == "partitions" || option.first.starts_with("retention.") ||
          option.first.starts_with("changes."))
        own.push_back(option);
    if (table && own.empty()) return;
    const auto [first, added] =
        said.try_emplace(own_place(sink.connector.kind, *name), own, sink.connector.where);
    if (added || first->second.first == own) return;
    const Mark& where = first->second.second;
    context_.problems.add(
        sink.connector.where,
        fmt::format("{} is said to have other partitions or another retention elsewhere",
                    first->first),
        fmt::format("say the same as at {}:{}:{}", where.file, where.line, where.column));
  };
  for (const auto& plan : plans_) {
    for (const auto& sink : plan.sinks) look(sink);
    for (const auto* sink : {&plan.on_success, &plan.on_failure})
      if (*sink) look(**sink);
  }
}

}  // namespace tidemill::config
