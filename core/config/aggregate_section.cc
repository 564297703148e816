// The options of aggregates, and what must hold between them.
#include "core/config/own_kinds.h"
#include "core/config/pipelines.h"
#include "core/config/sections.h"

#include <fmt/format.h>

namespace tidemill::config {
namespace {

constexpr double day = 24 * 3600 * 1e6;
constexpr double longest = 36500 * day;

// So many windows an event may be in.
constexpr std::int64_t overlapping_max = 1000;

bool is_set(const Duration& duration) { return duration.count() > 0; }

bool hops_whole(const WindowOptions& o) {
  return !is_set(o.hopping) || !is_set(o.every) || o.hopping.count() % o.every.count() == 0;
}

bool hops_enough(const WindowOptions& o) {
  return !is_set(o.every) || o.hopping.count() / o.every.count() <= overlapping_max;
}

ConfigSpec<WindowOptions> window_spec() {
  return ConfigSpec<WindowOptions>("Windows of event time, aligned to the Unix epoch.")
      .field("tumbling", &WindowOptions::tumbling,
             "How long a window is; one begins where another ends.", in_range(0, longest))
      .field("hopping", &WindowOptions::hopping,
             "How long a window is; one begins every `every`, so that they overlap.",
             in_range(0, longest))
      .field("every", &WindowOptions::every,
             "With hopping: how far apart windows begin; `hopping` is a multiple of it.",
             in_range(0, longest))
      .field("allowed_lateness", &WindowOptions::allowed_lateness,
             "How far an event may be behind the latest one before it in its partition; a window "
             "stays open that much longer.",
             in_range(0, longest))
      .field("idle", &WindowOptions::idle,
             "A partition that is this far behind the one that is furthest does not hold back the "
             "closing of windows; default: every partition that has had events does.",
             at_least(1))
      .check("a window is either tumbling or hopping: say the length of one of them",
             [](const WindowOptions& o) {
               const bool any = is_set(o.tumbling) || is_set(o.hopping) || is_set(o.every) ||
                                is_set(o.allowed_lateness) || o.idle;
               return !any || is_set(o.tumbling) != is_set(o.hopping);
             })
      .check("hopping and every belong together: `window: { hopping: 1m, every: 10s }`",
             [](const WindowOptions& o) { return is_set(o.hopping) == is_set(o.every); })
      .check("hopping must be a multiple of every", &hops_whole)
      .check(fmt::format("an event would be in more than {} windows; make every longer",
                         overlapping_max),
             &hops_enough);
}

}  // namespace

ConfigSpec<AggregateSinkOptions> aggregate_sink_spec() {
  return ConfigSpec<AggregateSinkOptions>(
             "Counts, sums, extremes and means per key and window of event time, in a table; rows "
             "commit together with the source's progress.")
      .field("table", &AggregateSinkOptions::table, "Name of the table; default: the sink's name.")
      .field("key", &AggregateSinkOptions::key,
             "jq that gives what events are grouped by, as .page; default: all of them together.")
      .field("time", &AggregateSinkOptions::time,
             "jq that gives the event's time, of the event as its source gave it: RFC 3339, or a "
             "number of seconds, milliseconds, microseconds or nanoseconds; default: $event.time.")
      .field("count", &AggregateSinkOptions::count, "Shows how many events there were.")
      .field("sum", &AggregateSinkOptions::sum, "jq that gives the number to add up, as .amount.")
      .field("min", &AggregateSinkOptions::min, "jq that gives the number whose least is kept.")
      .field("max", &AggregateSinkOptions::max, "jq that gives the number whose greatest is kept.")
      .field("avg", &AggregateSinkOptions::avg, "jq that gives the number whose mean is kept.")
      .group("window", &AggregateSinkOptions::window, window_spec())
      .choice("emit", &AggregateSinkOptions::emit,
              "When a change of the table is told to `changes: { table: NAME }`.",
              {{"on_update", Emit::on_update}, {"on_close", Emit::on_close}})
      .field(
          "retention", &AggregateSinkOptions::retention,
          "After its end, how long the row of a window is kept, in event time; default: for ever.",
          in_range(0, longest))
      .group("changes", &AggregateSinkOptions::changes, retention_spec())
      .check("nothing to keep: add `count: true`, sum, min, max or avg",
             [](const AggregateSinkOptions& o) {
               return o.count || !o.sum.empty() || !o.min.empty() || !o.max.empty() ||
                      !o.avg.empty();
             })
      .check("emit: on_close needs a window: totals never close",
             [](const AggregateSinkOptions& o) {
               return o.emit == Emit::on_update || o.window.length().count() > 0;
             })
      .check("retention needs a window: totals are kept for ever",
             [](const AggregateSinkOptions& o) {
               return !o.retention || o.window.length().count() > 0;
             });
}

void Pipelines::finish_aggregate(const Node& node, const Use& use, const PipelinePlan& plan,
                                 const Flow& flow, SinkPlan& sink) {
  auto& problems = context_.problems;
  if (const Node* const options = node.find(aggregate_kind); options != nullptr)
    for (const auto& option : options->children)
      if (option.key == "key" || option.key == "time" || option.key == "sum" ||
          option.key == "min" || option.key == "max" || option.key == "avg")
        check_expression(option, problems);
  const auto made = aggregate_sink_spec().make(sink.connector.options);
  if (!made) return problems.add(sink.connector.where, made.error().message);
  const bool follows = made->emit == Emit::on_close || made->retention;
  if (follows && !reads_in_order(plan, flow))
    problems.add(sink.connector.where,
                 fmt::format("a source of kind {} has no lasting order, so windows never close",
                             plan.source.kind),
                 "put a log between: write `log: {}` here, and aggregate what reads it");
  if (sink.from == event_output) return;
  const auto* output = use.decl == nullptr ? nullptr : use.decl->output(sink.from);
  if (output == nullptr || output->kind == OutputKind::messages) return;
  problems.add(sink.connector.where,
               fmt::format("output {} holds {}; an aggregate takes messages or events", sink.from,
                           name_of(output->kind)),
               output->kind == OutputKind::rows ? "write `table: {}`" : "send it elsewhere");
}

bool Pipelines::reads_in_order(const PipelinePlan& plan, const Flow& flow) {
  if (is_own_source(plan.source.kind)) return plan.source.kind != queue_kind;
  return flow.source == nullptr || flow.source->traits().progress == ProgressKind::log;
}

// What others write there would be folded into, or overwritten.
void Pipelines::check_aggregates_alone() const {
  struct Writer {
    bool aggregate;
    Mark where;
  };
  std::map<std::string, std::vector<Writer>, std::less<>> writers;
  for (const auto& plan : plans_)
    for (const auto& sink : plan.sinks) {
      const bool aggregate = sink.connector.kind == aggregate_kind;
      if (!aggregate && sink.connector.kind != table_kind) continue;
      const std::string* const name = option_of(sink.connector, aggregate ? "table" : "name");
      if (name != nullptr) writers[*name].push_back({aggregate, sink.connector.where});
    }
  for (const auto& [table, all] : writers) {
    const bool any = std::ranges::any_of(all, &Writer::aggregate);
    if (!any || all.size() == 1) continue;
    for (std::size_t i = 1; i < all.size(); ++i)
      context_.problems.add(
          all[i].where,
          fmt::format("table {} is kept by an aggregate, which must be alone in writing it", table),
          fmt::format("the other is at {}:{}:{}; name another table", all[0].where.file,
                      all[0].where.line, all[0].where.column));
  }
}

}  // namespace tidemill::config
