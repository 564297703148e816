// The part of Pipelines that concerns steps: filters, maps and the function, and the `when` and
// `map` of sinks.
#include <fmt/format.h>

#include <algorithm>

#include "core/config/options.h"
#include "core/config/own_kinds.h"
#include "core/config/pattern_node.h"
#include "core/config/pipelines.h"
#include "core/config/suggest.h"

namespace tidemill::config {
namespace {

// jq, checked; empty after a problem.
std::string read_map(const Node& node, Problems& problems) {
  if (node.broken) return {};
  if (node.is_scalar()) {
    check_expression(node, problems);
    return node.text;
  }
  problems.add(node.where, fmt::format("map: expected jq as text; got {}", kind_name(node.kind)),
               "put it in quotes: `map: '{page, user}'`");
  return {};
}

}  // namespace

void Pipelines::read_filter(const Node& node, PipelinePlan& plan) {
  if (auto pattern = read_pattern(node, "filter", context_.problems))
    plan.steps.push_back({StepPlan::Kind::filter, std::move(*pattern)});
}

void Pipelines::read_steps(const Node& steps, PipelinePlan& plan, std::vector<const Node*>& uses) {
  auto& problems = context_.problems;
  if (!steps.is_sequence()) {
    problems.add(steps.where, fmt::format("steps: expected a list; got {}", kind_name(steps.kind)),
                 "write `steps: [ function: NAME ]`");
    return;
  }
  static const std::vector<std::string> known{"filter", "map", "function"};
  for (const auto& step : steps.children) {
    if (!step.is_mapping() || step.children.empty()) {
      const auto got = step.is_mapping() ? "" : fmt::format("; got {}", kind_name(step.kind));
      problems.add(step.where, fmt::format("a step is a mapping with one key{}", got),
                   "write `- function: NAME`");
      continue;
    }
    check_keys(step, known, problems);
    for (std::size_t i = 1; i < step.children.size(); ++i)
      if (std::ranges::find(known, step.children[i].key) != known.end())
        problems.add(step.children[i].key_where,
                     fmt::format("a step does one thing; {} comes after {}", step.children[i].key,
                                 step.children[0].key),
                     fmt::format("write `- {}:` as a step of its own", step.children[i].key));
    const Node& what = step.children.front();
    if (what.key == "function") {
      uses.push_back(&what);
    } else if (what.key == "filter" || what.key == "map") {
      if (!uses.empty())
        problems.add(
            what.key_where,
            fmt::format("{} stands behind the function, whose answers go to sinks", what.key),
            what.key == "filter" ? "give a sink `when:`, or put the step before the function"
                                 : "give a sink `map:`, or put the step before the function");
      if (what.key == "filter") {
        read_filter(what, plan);
      } else {
        plan.steps.push_back({StepPlan::Kind::map, read_map(what, problems)});
      }
    }
  }
}

Pipelines::Use Pipelines::read_function(const Node& entry, PipelinePlan& plan) {
  auto& problems = context_.problems;
  std::vector<const Node*> uses;
  const Node* const function = entry.find("function");
  const Node* const filter = entry.find("filter");
  const Node* const steps = entry.find("steps");
  if (function != nullptr) uses.push_back(function);
  if (filter != nullptr) read_filter(*filter, plan);
  if (filter != nullptr && steps != nullptr)
    problems.add(filter->key_where, "filter is the short form of a lone step, and there are steps",
                 "write it as one of the `steps:`");
  if (steps != nullptr) read_steps(*steps, plan, uses);
  if (uses.empty()) return {};
  for (std::size_t i = 1; i < uses.size(); ++i)
    problems.add(uses[i]->key_where, "a pipeline has at most one function; this is another",
                 "chain functions through a second pipeline that reads what this one writes");
  const Node& node = *uses.front();
  Use use{node.text, nullptr, node.where};
  if (!node.is_scalar()) {
    // A short form of the wrong type was told by the pipeline's own options already.
    if (function == nullptr)
      problems.add(node.where,
                   fmt::format("function: expected a name; got {}", kind_name(node.kind)));
    return use;
  }
  if (!functions_.exists(use.name) && !node.broken) {
    problems.add(node.where, fmt::format("there is no function {}", shown(node.written)),
                 functions_.names().empty()
                     ? "declare it under `functions:`"
                     : suggest(use.name, functions_.names(), "declared under `functions:`"));
  }
  use.decl = functions_.decl(use.name);
  return use;
}

// What a sink takes of its output, and what it gets of it.
void Pipelines::read_shape(const Node& node, const Use& use, SinkPlan& sink) {
  auto& problems = context_.problems;
  const Node* const when = node.find("when");
  const Node* const map = node.find("map");
  if (when != nullptr)
    if (auto pattern = read_pattern(*when, "when", problems)) sink.when = std::move(*pattern);
  if (map != nullptr) sink.map = read_map(*map, problems);
  if (sink.from == event_output || use.decl == nullptr) return;
  const auto* output = use.decl->output(sink.from);
  if (output == nullptr) return;
  for (const Node* const word : {when, map}) {
    if (word == nullptr) continue;
    if (output->kind == OutputKind::rows)
      problems.add(word->key_where,
                   fmt::format("{}: rows of a function are changed as it says", word->key),
                   "let the function answer the rows that are wanted");
    if (output->kind == OutputKind::objects && word == map)
      problems.add(word->key_where, "map: an object is written as the function made it",
                   "let the function shape it");
  }
}

}  // namespace tidemill::config
