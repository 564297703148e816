#include "core/config/pipelines.h"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>

#include "core/config/options.h"
#include "core/config/own_kinds.h"
#include "core/config/sections.h"
#include "core/config/suggest.h"
#include "core/expression/expression.h"

namespace tidemill::config {
namespace {

const OtherKeys& pipeline_keys() {
  static const OtherKeys keys{{"source", "filter", "steps", "batch", "sinks", "parallel", "retry",
                               "dedupe", "dead_letter", "on_success", "on_failure"},
                              {}};
  return keys;
}

std::vector<std::string> outputs_of(const FunctionDecl& decl) {
  std::vector<std::string> names;
  for (const auto& output : decl.outputs) names.push_back(output.name);
  names.emplace_back(event_output);
  return names;
}

}  // namespace

void Pipelines::add(const Node& section) {
  auto& problems = context_.problems;
  if (!expect_mapping(section, "pipelines", problems)) return;
  for (const auto& entry : section.children) {
    if (!check_name(entry, "pipeline", problems)) continue;
    if (const auto first = names_.find(entry.key); first != names_.end()) {
      const auto& where = first->second;
      problems.add(entry.key_where, fmt::format("pipeline {} exists already", shown(entry.key)),
                   fmt::format("the first is at {}:{}:{}", where.file, where.line, where.column));
      continue;
    }
    names_[entry.key] = entry.key_where;
    read(entry);
  }
}

void Pipelines::read(const Node& entry) {
  if (!expect_mapping(entry, entry.key, context_.problems)) return;
  PipelinePlan plan;
  plan.name = entry.key;
  plan.where = entry.key_where;
  Flow flow{entry.key, nullptr, {}, {}, {}};
  read_policies(entry, plan);
  read_source(entry, plan, flow);
  const Use use = read_function(entry, plan);
  plan.function = use.name;
  read_sinks(entry, use, plan, flow);
  plan.on_success = read_destination(entry, "on_success", plan, flow);
  plan.on_failure = read_destination(entry, "on_failure", plan, flow);
  check_transactions(entry, plan);
  plans_.push_back(std::move(plan));
  flows_.push_back(std::move(flow));
}

void Pipelines::read_policies(const Node& entry, PipelinePlan& plan) {
  auto& problems = context_.problems;
  const auto options = read_section(entry, pipeline_spec(), problems, pipeline_keys());
  plan.order_by = options.order_by;
  plan.durability = options.durability;
  plan.renamed_from = options.renamed_from;
  if (const Node* node = entry.find("batch"))
    plan.batch = read_section(*node, batch_spec(), problems);
  if (const Node* node = entry.find("parallel"))
    plan.parallel = read_section(*node, parallel_spec(), problems);
  if (plan.order_by == OrderBy::partition && plan.parallel.per_partition > 1)
    problems.warn(entry.find("parallel")->key_where,
                  "per_partition above 1 gives up the order within a partition",
                  "set order_by: key, which keeps each key in order, or per_partition: 1");
  if (const Node* node = entry.find("dedupe"))
    plan.dedupe = read_section(*node, dedupe_spec(), problems);
  if (const Node* node = entry.find("retry"))
    plan.retry = read_section(*node, retry_spec(), problems);
  const Node* dead_letter = entry.find("dead_letter");
  if (dead_letter == nullptr) return;
  if (dead_letter->is_scalar() && (dead_letter->text == "off" || dead_letter->text == "false")) {
    plan.dead_letter.enabled = false;
  } else if (dead_letter->is_scalar()) {
    problems.add(dead_letter->where, fmt::format("dead_letter: expected a mapping or off; got {}",
                                                 shown(dead_letter->written)));
  } else {
    plan.dead_letter =
        read_section(*dead_letter, dead_letter_spec(), problems, {{}, later_in_dead_letter()});
  }
}

void Pipelines::read_source(const Node& entry, PipelinePlan& plan, Flow& flow) {
  auto& problems = context_.problems;
  const Node* node = entry.find("source");
  if (node == nullptr) {
    problems.add(entry.key_where, fmt::format("pipeline {} has no source", entry.key),
                 "add `source: { KIND: { options } }`");
    return;
  }
  if (!expect_mapping(*node, "source", problems)) return;
  bool sound = false;
  const auto connector = connectors_.read(*node, Side::source, {{}, later_in_sources()}, sound);
  if (!connector) return;
  plan.source = *connector;
  if (!sound) return;
  if (is_own_source(connector->kind)) return finish_own_source(*node, *connector, flow);
  auto built = context_.registry.sources()
                   .find(connector->kind)
                   ->second.build(connector->options, context_.services);
  if (!built) {
    problems.add(connector->where, built.error().message);
    return;
  }
  if (context_.services.until_idle && !(*built)->traits().can_exhaust)
    problems.add(connector->where, fmt::format("a source of kind {} never ends", connector->kind),
                 "run it without --until-idle");
  flow.source = std::move(*built);
}

void Pipelines::read_sinks(const Node& entry, const Use& use, PipelinePlan& plan, Flow& flow) {
  auto& problems = context_.problems;
  const Node* sinks = entry.find("sinks");
  if (sinks != nullptr && !expect_mapping(*sinks, "sinks", problems)) return;
  const bool none = sinks == nullptr || sinks->children.empty();
  if (none && (use.name.empty() || use.decl != nullptr)) {
    const bool needed =
        use.name.empty() || !std::ranges::all_of(use.decl->outputs, &FunctionOutput::optional);
    if (needed)
      problems.add(entry.key_where, fmt::format("pipeline {} has no sinks", entry.key),
                   "add `sinks: { NAME: { KIND: { options } } }`");
    return;
  }
  if (none) return;
  for (const auto& node : sinks->children) read_sink(node, use, plan, flow);
  check_outputs_taken(use, plan);
}

void Pipelines::read_sink(const Node& node, const Use& use, PipelinePlan& plan, Flow& flow) {
  auto& problems = context_.problems;
  if (!check_name(node, "sink", problems) || !expect_mapping(node, node.key, problems)) return;
  static const OtherKeys keys{{"from", "delivery", "retry", "when", "map"}, {}};

  // Only these are the sink's own options; the other keys are judged as connectors below.
  Node own = node;
  std::erase_if(own.children,
                [](const Node& child) { return child.key != "from" && child.key != "delivery"; });
  const auto options = read_section(own, sink_spec(), problems);

  SinkPlan sink;
  sink.name = node.key;
  sink.where = node.key_where;
  sink.delivery = options.delivery;
  sink.from = output_for(node, options.from, use);
  read_shape(node, use, sink);
  if (const Node* retry = node.find("retry"))
    sink.retry = read_section(*retry, sink_retry_spec(), problems);
  bool sound = false;
  auto connector = connectors_.read(node, Side::sink, keys, sound);
  if (connector) {
    sink.connector = std::move(*connector);
    const bool engines = is_own_sink(sink.connector.kind);
    if (sound && engines && sink.delivery == Delivery::queue)
      problems.add(
          node.find("delivery")->where,
          fmt::format("{} {} commits with its events, without a queue",
                      sink.connector.kind == aggregate_kind ? "an" : "a", sink.connector.kind),
          "remove delivery: queue");
    if (sound && engines) finish_own_sink(node, use, plan, sink, flow);
    if (sound && !engines) finish_sink(node, use, sink, flow);
  }
  plan.sinks.push_back(std::move(sink));
}

// A sink for records of what became of events.
std::optional<SinkPlan> Pipelines::read_destination(const Node& entry, std::string_view name,
                                                    const PipelinePlan& plan, Flow& flow) {
  auto& problems = context_.problems;
  const Node* node = entry.find(name);
  if (node == nullptr || !expect_mapping(*node, name, problems)) return std::nullopt;
  SinkPlan sink;
  sink.name = name;
  sink.where = node->key_where;
  sink.from = event_output;
  if (const Node* retry = node->find("retry"))
    sink.retry = read_section(*retry, sink_retry_spec(), problems);
  bool sound = false;
  auto connector = connectors_.read(*node, Side::sink, {{"retry"}, later_in_destinations()}, sound);
  if (!connector) return std::nullopt;
  sink.connector = std::move(*connector);
  const bool rows = sink.connector.kind == table_kind || sink.connector.kind == aggregate_kind;
  if (sound && rows) {
    problems.add(sink.connector.where, fmt::format("{}: a record cannot go to a table", name),
                 "name a sink that takes messages");
  } else if (sound && is_own_sink(sink.connector.kind)) {
    finish_own_sink(*node, {}, plan, sink, flow);
  } else if (sound) {
    finish_sink(*node, {}, sink, flow);
  }
  return sink;
}

// What a sink takes: what it says, else the output of its own name, else events where there is no
// function. Empty after a problem.
std::string Pipelines::output_for(const Node& node, const std::string& from, const Use& use) {
  auto& problems = context_.problems;
  const Node* written = node.find("from");
  if (from.empty() && use.name.empty()) return std::string(event_output);
  if (from == event_output) return from;
  if (use.name.empty()) {
    problems.add(written->where,
                 fmt::format("from: this pipeline has no function, so no output {}",
                             shown(written->written)),
                 "write `from: event`, or remove it");
    return {};
  }
  if (use.decl == nullptr) return from.empty() ? node.key : from;
  const std::string& name = from.empty() ? node.key : from;
  if (use.decl->output(name) != nullptr) return name;
  // A `from` of the wrong type was told already.
  if (from.empty() && written != nullptr) return {};
  const auto known = outputs_of(*use.decl);
  if (from.empty()) {
    problems.add(node.key_where,
                 fmt::format("sink {} takes nothing: function {} has no output of this name",
                             node.key, use.name),
                 fmt::format("say which with `from:`; {}", suggest("", known, "outputs")));
  } else {
    problems.add(written->where,
                 fmt::format("function {} has no output {}", use.name, shown(written->written)),
                 suggest(from, known, "outputs"));
  }
  return {};
}

void Pipelines::finish_table(const Node& node, const Use& use, SinkPlan& sink) {
  auto& problems = context_.problems;
  const Node* options = node.find(table_kind);
  const Node* key = options == nullptr ? nullptr : options->find("key");
  if (sink.from == event_output) {
    if (key != nullptr) check_expression(*key, problems);
    return;
  }
  if (key != nullptr)
    problems.add(key->key_where, "key: rows of a function carry their own key", "remove it");
  const auto* output = use.decl == nullptr ? nullptr : use.decl->output(sink.from);
  if (output == nullptr || output->kind == OutputKind::rows) return;
  problems.add(
      sink.connector.where,
      fmt::format("output {} holds {}; a table takes rows", sink.from, name_of(output->kind)),
      "send it to another kind of sink");
}

void Pipelines::finish_sink(const Node& node, const Use& use, SinkPlan& sink, Flow& flow) {
  auto& problems = context_.problems;
  const auto& kind = context_.registry.sinks().find(sink.connector.kind)->second;
  auto built = kind.build(sink.connector.options, context_.services);
  if (!built) {
    problems.add(sink.connector.where, built.error().message);
    return;
  }
  flow.outlets.push_back({node.key, (*built)->place(), sink.connector.where});
  sink.transactional = (*built)->transactional() != nullptr;
  if (StagedSink* const staged = (*built)->staged()) finish_staged(node, *staged, sink);
  const auto traits = (*built)->traits();
  if (sink.from == event_output) {
    if (!traits.takes_messages)
      problems.add(sink.connector.where,
                   fmt::format("a sink of kind {} cannot take events as they are", kind.name),
                   "send them through a function that makes what it takes");
    return;
  }
  const auto* output = use.decl == nullptr ? nullptr : use.decl->output(sink.from);
  if (output == nullptr) return;
  const bool takes = (output->kind == OutputKind::objects && traits.takes_objects) ||
                     (output->kind == OutputKind::messages && traits.takes_messages);
  if (takes) return;
  problems.add(
      sink.connector.where,
      fmt::format("output {} holds {}, which a sink of kind {} does not take", sink.from,
                  name_of(output->kind), kind.name),
      output->kind == OutputKind::rows ? "write `table: {}`" : "send it to another kind of sink");
}

void Pipelines::finish_staged(const Node& node, const StagedSink& staged, const SinkPlan& sink) {
  auto& problems = context_.problems;
  if (sink.delivery == Delivery::queue)
    problems.add(
        node.find("delivery")->where,
        fmt::format("what goes to a sink of kind {} is staged durably already, and stalls nobody",
                    sink.connector.kind),
        "remove delivery: queue");
  const std::string time = staged.policy().time;
  if (time.empty()) return;
  const Node* const options = node.find(sink.connector.kind);
  const Node* const written = options == nullptr ? nullptr : options->find("time");
  if (written != nullptr) return check_expression(*written, problems);
  // It came from a connection.
  if (const auto compiled = expression::Expression::compile(time); !compiled)
    problems.add(sink.connector.where, fmt::format("time: {}", compiled.error().message));
}

void Pipelines::check_outputs_taken(const Use& use, const PipelinePlan& plan) {
  if (use.decl == nullptr) return;
  for (const auto& output : use.decl->outputs) {
    const bool taken = std::any_of(plan.sinks.begin(), plan.sinks.end(),
                                   [&](const SinkPlan& sink) { return sink.from == output.name; });
    if (taken || output.optional) continue;
    context_.problems.add(
        use.where, fmt::format("no sink takes output {} of function {}", output.name, use.name),
        fmt::format("add a sink with `from: {}`", output.name));
  }
}

void Pipelines::check_together() const {
  check_feedback(flows_, context_.problems);
  warn_unwritten(flows_, context_.problems);
  check_own_sinks_agree();
  check_aggregates_alone();
  // A file that another pipeline of this plan will write need not be there yet.
  const auto written = [&](const std::string& path) {
    for (const auto& plan : plans_)
      for (const auto& sink : plan.sinks)
        for (const auto& [name, value] : sink.connector.options)
          if (value == path || value == "file:" + path) return true;
    return false;
  };
  for (const auto& needed : context_.needed_paths) {
    std::error_code error;
    if (std::filesystem::exists(needed.path, error) || written(needed.path)) continue;
    context_.problems.add(needed.where,
                          fmt::format("{}: {} does not exist", needed.option, shown(needed.path)),
                          "create it, or correct the path");
  }
}

}  // namespace tidemill::config
