#include "core/config/explain.h"

#include <fmt/format.h>

#include <fmt/ranges.h>
#include <array>

#include <span>
#include <vector>

#include "core/config/declarations.h"
#include "core/config/scalars.h"
#include "core/config/sections.h"

namespace tidemill::config {
namespace {

constexpr std::string_view hidden = "(hidden)";

std::string duration(Duration value) { return show_duration(value.count()); }

// Quotes what YAML would otherwise read as something else than this text.
std::string quoted(std::string_view text) {
  std::string out = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') out += '\\';
    if (c == '\n') {
      out += "\\n";
    } else {
      out += c;
    }
  }
  return out + "\"";
}

const KindDecl* kind_named(const std::vector<KindDecl>& kinds, std::string_view name) {
  for (const auto& kind : kinds)
    if (kind.name == name) return &kind;
  return nullptr;
}

class Explanation {
 public:
  explicit Explanation(std::vector<KindDecl> sources) : sources_(std::move(sources)) {}

  std::string take() { return std::move(out_); }

  template <class... Args>
  void line(int depth, fmt::format_string<Args...> format, Args&&... args) {
    out_.append(static_cast<std::size_t>(depth) * 2, ' ');
    out_ += fmt::format(format, std::forward<Args>(args)...);
    out_ += '\n';
  }

  void options(int depth, std::span<const DeclTree> trees, const ResolvedOptions& resolved) {
    for (const auto& tree : trees) {
      if (tree.decl != nullptr && tree.decl->type == OptionType::source) {
        source(depth, tree.key, resolved);
      } else if (tree.decl == nullptr) {
        line(depth, "{}:", tree.key);
        options(depth + 1, tree.below, resolved);
      } else if (const auto text = value(*tree.decl, resolved); !text.empty()) {
        line(depth, "{}: {}", tree.key, text);
      }
    }
  }

 private:
  void source(int depth, const std::string& name, const ResolvedOptions& resolved) {
    const KindDecl* kind = nullptr;
    ResolvedOptions within;
    for (const auto& [option, text] : resolved) {
      if (option == name) kind = kind_named(sources_, text);
      if (option.starts_with(name + ".")) within.emplace_back(option.substr(name.size() + 1), text);
    }
    if (kind == nullptr) return;
    line(depth, "{}:", name);
    line(depth + 1, "{}:", kind->name);
    options(depth + 2, tree_of(*kind->options), within);
  }

  // What is in force: the values set, else the default; empty when there is neither.
  static std::string value(const OptionDecl& decl, const ResolvedOptions& resolved) {
    std::vector<std::string> values;
    for (const auto& [name, text] : resolved) {
      if (name != decl.name) continue;
      values.push_back(decl.type == OptionType::secret ? std::string(hidden)
                                                       : scalar(decl.type, text));
    }
    if (decl.list)
      return values.empty() ? (decl.default_value.empty() ? "" : "[" + decl.default_value + "]")
                            : fmt::format("[{}]", fmt::join(values, ", "));
    if (!values.empty()) return values.back();
    if (decl.default_value.empty() || decl.type == OptionType::secret) return {};
    return scalar(decl.type, decl.default_value);
  }

  static std::string scalar(OptionType type, std::string_view text) {
    const bool is_text = type == OptionType::text || type == OptionType::path;
    return is_text ? quoted(text) : show(type, text);
  }

  const std::vector<KindDecl> sources_;
  std::string out_;
};

void connector(Explanation& to, int depth, const ConnectorPlan& plan,
               const std::vector<KindDecl>& kinds) {
  to.line(depth, "{}:", plan.kind);
  const auto* kind = kind_named(kinds, plan.kind);
  if (kind == nullptr) return;
  to.options(depth + 1, tree_of(*kind->options), plan.options);
}

void backoff(Explanation& to, int depth, const Backoff& plan) {
  to.line(depth, "backoff: {{ initial: {}, max: {}, jitter: {} }}", duration(plan.initial),
          duration(plan.max), plan.jitter == Jitter::full ? "full" : "none");
}

void steps(Explanation& to, const PipelinePlan& plan) {
  if (plan.steps.empty() && plan.function.empty()) return;
  if (plan.steps.empty()) return to.line(2, "steps: [ function: {} ]", plan.function);
  to.line(2, "steps:");
  for (const StepPlan& step : plan.steps)
    if (step.kind == StepPlan::Kind::filter) {
      to.line(3, "- filter: {}", step.text);
    } else {
      to.line(3, "- map: {}", quoted(step.text));
    }
  if (!plan.function.empty()) to.line(3, "- function: {}", plan.function);
}

void sink(Explanation& to, int depth, const SinkPlan& plan, const std::vector<KindDecl>& kinds) {
  connector(to, depth, plan.connector, kinds);
  if (!plan.retry) return;
  to.line(depth, "retry:");
  to.line(depth + 1, "attempts: {}", plan.retry->attempts);
  backoff(to, depth + 1, plan.retry->backoff);
}

void dedupe(Explanation& to, const DedupePolicy& plan) {
  constexpr std::array names{"none", "native", "header", "body_hash"};
  const std::string header = plan.header.empty() ? "" : fmt::format(" header: {},", plan.header);
  to.line(2, "dedupe: {{ id: {},{} horizon: {} }}", names[static_cast<std::size_t>(plan.by)],
          header, duration(plan.horizon));
}

void pipeline(Explanation& to, const PipelinePlan& plan, const Registry& registry) {
  to.line(1, "{}:", plan.name);
  if (!plan.renamed_from.empty()) to.line(2, "renamed_from: {}", plan.renamed_from);
  to.line(2, "source:");
  connector(to, 3, plan.source, source_kinds(registry));
  steps(to, plan);
  to.line(2, "batch: {{ events: {}, bytes: {}, window: {} }}", plan.batch.events,
          show_bytes(plan.batch.bytes.value), duration(plan.batch.window));
  to.line(2, "parallel: {{ batches: {}, per_partition: {} }}", plan.parallel.batches,
          plan.parallel.per_partition);
  to.line(2, "order_by: {}", plan.order_by == OrderBy::key ? "key" : "partition");
  to.line(2, "retry:");
  to.line(3, "attempts: {}", plan.retry.attempts);
  backoff(to, 3, plan.retry.backoff);
  to.line(3, "max_age: {}", duration(plan.retry.max_age));
  to.line(3, "bisect: {}", plan.retry.bisect);
  to.line(2, "durability: {}", plan.durability == Durability::sync ? "sync" : "periodic");
  if (plan.dedupe.by != DedupeBy::none) dedupe(to, plan.dedupe);
  if (plan.dead_letter.enabled) {
    to.line(2, "dead_letter: {{ keep: {} }}", duration(plan.dead_letter.keep));
  } else {
    to.line(2, "dead_letter: off");
  }
  if (!plan.sinks.empty()) to.line(2, "sinks:");
  const auto kinds = sink_kinds(registry);
  for (const auto& each : plan.sinks) {
    to.line(3, "{}:", each.name);
    to.line(4, "from: {}", each.from);
    if (!each.when.empty()) to.line(4, "when: {}", each.when);
    if (!each.map.empty()) to.line(4, "map: {}", quoted(each.map));
    to.line(4, "delivery: {}", each.delivery == Delivery::queue ? "queue" : "wait");
    sink(to, 4, each, kinds);
  }
  for (const auto* each : {&plan.on_success, &plan.on_failure}) {
    if (!*each) continue;
    to.line(2, "{}:", (*each)->name);
    sink(to, 3, **each, kinds);
  }
}

void function(Explanation& to, const FunctionPlan& plan, FunctionCatalog& catalog) {
  to.line(1, "{}:", plan.name);
  to.line(2, "native: {}", plan.native);
  if (const auto decl = catalog.find(plan.native, plan.folder); decl && !(*decl)->options.empty()) {
    to.line(2, "config:");
    to.options(3, tree_of((*decl)->options), plan.config);
  }
  to.line(2, "isolation: {}", plan.isolation == Isolation::worker ? "worker" : "in_process");
  to.line(2, "timeout: {}", duration(plan.timeout));
  to.line(2, "memory: {}", show_bytes(plan.memory.value));
  to.line(2, "concurrency: {{ reserved: {}, provisioned: {} }}", plan.reserved, plan.provisioned);
}

}  // namespace

std::string explain(const Plan& plan, const Registry& registry, FunctionCatalog& catalog) {
  Explanation to(source_kinds(registry));
  to.line(0, "version: 1");
  if (!plan.name_space.empty()) to.line(0, "namespace: {}", plan.name_space);
  to.line(0, "pipelines:");
  for (const auto& each : plan.pipelines) pipeline(to, each, registry);
  if (!plan.functions.empty()) to.line(0, "functions:");
  for (const auto& each : plan.functions) function(to, each, catalog);
  return to.take();
}

}  // namespace tidemill::config
