#include "core/pipeline/stream_builder.h"

#include <algorithm>
#include <utility>

#include "core/config/sections.h"
#include "core/streams/log_source.h"
#include "core/streams/queue_source.h"

namespace tidemill {
namespace {

LogRetention retention_of(const config::RetentionOptions& options) {
  LogRetention retention;
  if (options.age.count() > 0) retention.age = options.age;
  if (options.bytes) retention.bytes = options.bytes->value;
  return retention;
}

Result<LogStart> start_of(const std::string& text) {
  const auto start = config::parse_start(text);
  if (!start) return fail(Fault::bad_config, "start: expected earliest, latest or an instant");
  switch (start->at) {
    case config::Start::At::earliest:
      return LogStart{LogStart::At::earliest, {}};
    case config::Start::At::latest:
      return LogStart{LogStart::At::latest, {}};
    case config::Start::At::time:
      break;
  }
  return LogStart{LogStart::At::time, WallTime(start->time)};
}

bool keeps_changes(const ConnectorPlan& table) {
  return std::ranges::any_of(
      table.options, [](const auto& option) { return option.first.starts_with("changes."); });
}

std::string name_of(const std::string& option, const SinkPlan& sink) {
  return option.empty() ? sink.name : option;
}

}  // namespace

Result<> StreamBuilder::prepare() {
  changes_.clear();
  for (const PipelinePlan& plan : parts_.plan.pipelines) {
    for (const SinkPlan& sink : plan.sinks)
      if (auto prepared = prepare_sink(sink); !prepared) return prepared;
    for (const auto* sink : {&plan.on_success, &plan.on_failure})
      if (*sink)
        if (auto prepared = prepare_sink(**sink); !prepared) return prepared;
  }
  for (const PipelinePlan& plan : parts_.plan.pipelines) {
    if (plan.source.kind != config::changes_kind) continue;
    const auto options = config::changes_source_spec().make(plan.source.options);
    if (!options) return std::unexpected(options.error());
    if (auto fed = feed(options->table, nullptr); !fed) return fed;
  }
  return {};
}

Result<> StreamBuilder::prepare_sink(const SinkPlan& sink) {
  if (sink.connector.kind == config::log_kind) {
    const auto options = config::log_sink_spec().make(sink.connector.options);
    if (!options) return std::unexpected(options.error());
    auto log = parts_.hub.log(name_of(options->name, sink), options->partitions);
    if (!log) return std::unexpected(log.error());
    (*log)->set_retention(retention_of(options->retention));
  } else if (sink.connector.kind == config::table_kind && keeps_changes(sink.connector)) {
    const auto options = config::table_sink_spec().make(sink.connector.options);
    if (!options) return std::unexpected(options.error());
    const LogRetention retention = retention_of(options->changes);
    return feed(name_of(options->name, sink), &retention);
  } else if (sink.connector.kind == config::aggregate_kind) {
    const auto options = config::aggregate_sink_spec().make(sink.connector.options);
    if (!options) return std::unexpected(options.error());
    // What closes is told once: it must not be lost on a reader that comes later.
    if (options->emit != config::Emit::on_close && !keeps_changes(sink.connector)) return {};
    const LogRetention retention = retention_of(options->changes);
    return feed(name_of(options->table, sink), &retention);
  }
  return {};
}

// Without a word about it, changes are kept as long as a log is.
Result<> StreamBuilder::feed(const std::string& table, const LogRetention* retention) {
  const bool known = changes_.contains(table);
  if (known && retention == nullptr) return {};
  if (auto fed = parts_.store.feed_changes(table); !fed) return std::unexpected(fed.error());
  auto log = parts_.hub.changes(table);
  if (!log) return std::unexpected(log.error());
  (*log)->set_retention(retention != nullptr ? *retention : retention_of({}));
  changes_[table] = *log;
  return {};
}

Result<> StreamBuilder::add_source(const PipelinePlan& plan, Line::Parts& line) {
  const auto& [kind, given, where] = plan.source;
  const bool until_idle = parts_.services.until_idle;
  if (kind == config::queue_kind) {
    const auto options = config::queue_source_spec().make(given);
    if (!options) return std::unexpected(options.error());
    auto queue = parts_.hub.queue(options->name);
    if (!queue) return std::unexpected(queue.error());
    auto source = std::make_unique<QueueSource>(
        **queue, parts_.services.scheduler,
        QueueSource::Options{plan.order_by == OrderBy::key, until_idle, options->visibility});
    line.config.entries = source.get();
    line.backlog = source.get();
    line.source = std::move(source);
    return {};
  }
  Result<EmbeddedLog*> log = nullptr;
  Result<LogStart> start;
  if (kind == config::log_kind) {
    const auto options = config::log_source_spec().make(given);
    if (!options) return std::unexpected(options.error());
    log = parts_.hub.log(options->name, 1);
    start = start_of(options->start);
  } else {
    const auto options = config::changes_source_spec().make(given);
    if (!options) return std::unexpected(options.error());
    log = parts_.hub.changes(options->table);
    start = start_of(options->start);
  }
  if (!log) return std::unexpected(log.error());
  if (!start) return std::unexpected(start.error());
  auto source = std::make_unique<LogSource>(
      **log, parts_.services.scheduler, parts_.services.log,
      LogSource::Options{plan.name, line.config.id, *start, until_idle});
  line.backlog = source.get();
  line.source = std::move(source);
  return {};
}

Result<> StreamBuilder::bind_stream(const SinkPlan& sink, SinkBinding& binding, Line::Parts& line) {
  binding.is_stream = true;
  if (sink.connector.kind == config::log_kind) {
    const auto options = config::log_sink_spec().make(sink.connector.options);
    if (!options) return std::unexpected(options.error());
    auto log = parts_.hub.log(name_of(options->name, sink), options->partitions);
    if (!log) return std::unexpected(log.error());
    StreamLimits limits;
    if (options->max_bytes) limits.bytes = options->max_bytes->value;
    add_outlet(**log, limits, {}, binding, line);
    return {};
  }
  const auto options = config::queue_sink_spec().make(sink.connector.options);
  if (!options) return std::unexpected(options.error());
  auto queue = parts_.hub.queue(name_of(options->name, sink));
  if (!queue) return std::unexpected(queue.error());
  binding.delay = options->delay;
  if (!options->group.empty()) {
    auto group = expression::Expression::compile(options->group);
    if (!group) return std::unexpected(group.error());
    binding.group = std::move(*group);
  }
  add_outlet(**queue, {options->max_messages, options->max_bytes.value, options->continues}, {},
             binding, line);
  return {};
}

void StreamBuilder::bind_changes(const std::string& table, SinkBinding& binding,
                                 Line::Parts& line) {
  const auto found = changes_.find(table);
  if (found != changes_.end()) add_outlet(*found->second, {}, binding.table, binding, line);
}

void StreamBuilder::add_outlet(EmbeddedStream& stream, StreamLimits limits,
                               std::optional<TableId> table, SinkBinding& binding,
                               Line::Parts& line) {
  line.outlets.push_back(std::make_unique<Outlet>(stream, limits, table));
  binding.outlet = line.outlets.back().get();
}

}  // namespace tidemill
