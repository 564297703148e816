#include "core/pipeline/line_builder.h"

#include <algorithm>
#include <utility>

#include "core/base/connector_scheduler.h"
#include "core/config/sections.h"
#include "core/observe/metrics.h"
#include "core/pattern/compile.h"
#include "core/pipeline/late_sink.h"
#include "core/pipeline/patient_invoker.h"
#include "core/pipeline/recorded_suspects.h"

namespace tidemill {
namespace {

std::string in_namespace(const Plan& plan, const std::string& name) {
  return plan.name_space.empty() ? name : plan.name_space + "/" + name;
}

std::uint32_t output_index(const config::FunctionDecl& function, const std::string& name) {
  std::uint32_t index = 0;
  for (const auto& output : function.outputs) {
    if (output.name == name) break;
    ++index;
  }
  return index;
}

Result<pattern::PatternSet> pattern_of(const std::string& json) {
  auto pattern = pattern::compile(json);
  if (!pattern) return std::unexpected(std::move(pattern.error()));
  return pattern::PatternSet(std::span(&*pattern, 1));
}

Result<Step> step_of(const StepPlan& plan) {
  if (plan.kind == StepPlan::Kind::filter) return pattern_of(plan.text);
  return expression::Expression::compile(plan.text);
}

// Which of its output a sink takes, and as what.
Result<> shape(const SinkPlan& plan, SinkBinding& binding) {
  if (!plan.when.empty()) {
    auto when = pattern_of(plan.when);
    if (!when) return std::unexpected(std::move(when.error()));
    binding.when = std::move(*when);
  }
  if (plan.map.empty()) return {};
  auto map = expression::Expression::compile(plan.map);
  if (!map) return std::unexpected(std::move(map.error()));
  binding.map = std::move(*map);
  return {};
}

}  // namespace

Result<std::vector<std::unique_ptr<Line>>> LineBuilder::build() {
  parts_.streams.clear();
  if (auto prepared = streams_.prepare(); !prepared) return std::unexpected(prepared.error());
  std::vector<std::unique_ptr<Line>> lines;
  for (const PipelinePlan& plan : parts_.plan.pipelines) {
    auto line = build_line(plan);
    if (!line)
      return fail(line.error().fault, "pipeline " + plan.name + ": " + line.error().message);
    lines.push_back(std::move(*line));
  }
  return lines;
}

Result<std::unique_ptr<Line>> LineBuilder::build_line(const PipelinePlan& plan) {
  Line::Parts line;
  auto id = parts_.store.pipeline(in_namespace(parts_.plan, plan.name), plan.renamed_from);
  if (!id) return std::unexpected(id.error());
  line.config = {.name = plan.name,
                 .id = *id,
                 .life = parts_.store.engine_id() + "-" + std::to_string(parts_.store.epoch()),
                 .function = plan.function,
                 .batch = plan.batch,
                 .parallel = plan.parallel,
                 .order_by = plan.order_by,
                 .retry = plan.retry,
                 .dedupe = plan.dedupe,
                 .durability = plan.durability,
                 .dead_letter = plan.dead_letter,
                 .taps = &parts_.taps.of(plan.name)};
  if (parts_.metrics != nullptr) line.config.metrics = &parts_.metrics->pipeline(plan.name);
  for (const StepPlan& each : plan.steps) {
    auto step = step_of(each);
    if (!step) return std::unexpected(std::move(step.error()));
    line.config.steps.push_back(std::move(*step));
  }
  // Like the calls of a connector, those of jq must not take all threads.
  line.config.maps_on = services_for_one(line).scheduler.blocking();
  if (auto added = add_source(plan, line); !added) return std::unexpected(added.error());
  if (plan.dedupe.by != DedupeBy::none)
    if (auto kept = parts_.store.keep_marks(*id, plan.dedupe.horizon); !kept)
      return std::unexpected(kept.error());
  if (auto added = add_function(plan, line); !added) return std::unexpected(added.error());
  for (const SinkPlan& sink : plan.sinks) {
    const Takes takes = sink.from == "event" ? Takes::event : Takes::output;
    if (auto added = add_sink(plan, sink, takes, line); !added)
      return std::unexpected(added.error());
  }
  if (plan.on_success)
    if (auto added = add_sink(plan, *plan.on_success, Takes::success, line); !added)
      return std::unexpected(added.error());
  if (plan.on_failure)
    if (auto added = add_sink(plan, *plan.on_failure, Takes::failure, line); !added)
      return std::unexpected(added.error());
  const PipelineRunner::Shared shared{parts_.services.scheduler, parts_.services.log, parts_.store,
                                      parts_.sequencer, parts_.budget};
  return std::make_unique<Line>(shared, std::move(line));
}

Result<> LineBuilder::add_source(const PipelinePlan& plan, Line::Parts& line) {
  if (config::is_own_source(plan.source.kind)) return streams_.add_source(plan, line);
  const auto& kind = parts_.registry.sources().find(plan.source.kind)->second;
  auto source = kind.build(plan.source.options, services_for_one(line));
  if (!source) return std::unexpected(source.error());
  line.source = std::move(*source);
  if (const std::uint64_t buffer = line.source->traits().buffer_bytes; buffer > 0) {
    line.buffer = MemoryBudget::set_aside(parts_.budget, buffer);
    if (!line.buffer)
      return fail(Fault::bad_config,
                  plan.source.kind + " may hold " + std::to_string(buffer) +
                      " bytes ahead, which with what others hold is too much of the " +
                      std::to_string(parts_.budget.total()) +
                      " bytes of --memory; give the engine more, or sources smaller buffers");
  }
  if (parts_.services.until_idle && !line.source->traits().can_exhaust)
    return fail(Fault::bad_config, "--until-idle needs a source that ends; " + plan.source.kind +
                                       " goes on for ever as it is configured");
  return {};
}

Result<> LineBuilder::add_function(const PipelinePlan& plan, Line::Parts& line) {
  if (plan.function.empty()) return {};
  line.config.timeout = parts_.plan.function(plan.function)->timeout;
  const BatchOrigin origin{
      line.config.id, origin_code(parts_.functions.version(plan.function), line.source->identity()),
      line.source->traits().progress};
  const RecordedSuspects* const suspects = suspects_of(origin, plan);
  line.config.suspects = suspects;
  line.invoker =
      std::make_unique<PatientInvoker>(parts_.functions.invoker(plan.function, origin, suspects));
  return {};
}

const RecordedSuspects* LineBuilder::suspects_of(const BatchOrigin& origin,
                                                 const PipelinePlan& plan) {
  SuspectSet set(origin, parts_.record.crashed());
  if (set.empty()) return nullptr;
  parts_.services.log.write(LogLevel::warning,
                            plan.name + ": function " + plan.function +
                                " crashed or hung the last time; the events that it had are "
                                "invoked alone");
  suspects_.push_back(std::make_unique<RecordedSuspects>(std::move(set), plan.function));
  return suspects_.back().get();
}

Result<> LineBuilder::add_sink(const PipelinePlan& plan, const SinkPlan& sink, Takes takes,
                               Line::Parts& line) {
  SinkBinding binding{.name = sink.name, .takes = takes, .delivery = sink.delivery};
  binding.retry = sink.retry.value_or(plan.retry);
  if (auto shaped = shape(sink, binding); !shaped) return shaped;
  if (takes == Takes::output)
    binding.output = output_index(parts_.functions.decl(plan.function), sink.from);
  if (config::is_own_sink(sink.connector.kind)) {
    Result<> bound;
    if (sink.connector.kind == config::table_kind) {
      bound = bind_table(sink, binding, line);
    } else if (sink.connector.kind == config::aggregate_kind) {
      bound = bind_aggregate(sink, binding, line);
    } else {
      bound = streams_.bind_stream(sink, binding, line);
    }
    if (!bound) return bound;
    line.bindings.push_back(std::move(binding));
    return {};
  }
  const auto& kind = parts_.registry.sinks().find(sink.connector.kind)->second;
  Services services = services_for_one(line);
  // By the pipeline's number, which a rename keeps.
  services.instance =
      parts_.store.engine_id() + '.' + std::to_string(line.config.id.value) + '.' + sink.name;
  auto built = kind.build(sink.connector.options, std::move(services));
  if (!built) return std::unexpected(built.error());
  line.sinks.push_back(std::move(*built));
  if (StagedSink* const staged = line.sinks.back()->staged()) {
    if (auto bound = bind_archive(plan, sink, *staged, binding, line); !bound) return bound;
    line.bindings.push_back(std::move(binding));
    return {};
  }
  if (binding.delivery == Delivery::queue)
    line.sinks.back() = std::make_unique<LateSink>(std::move(line.sinks.back()));
  binding.sink = line.sinks.back().get();
  if (TransactionalSink* const transactional = binding.sink->transactional())
    bind_transactor(*transactional, binding, line);
  if (binding.delivery == Delivery::queue) {
    auto outbox = parts_.store.outbox(line.config.id, sink.name);
    if (!outbox) return std::unexpected(outbox.error());
    binding.outbox = *outbox;
  }
  line.bindings.push_back(std::move(binding));
  return {};
}

Result<> LineBuilder::bind_archive(const PipelinePlan& plan, const SinkPlan& sink,
                                   StagedSink& staged, SinkBinding& binding, Line::Parts& line) {
  const StagePolicy policy = staged.policy();
  // By the pipeline's number, which a rename keeps.
  const std::string name = std::to_string(line.config.id.value) + '/' + sink.name;
  const auto stream = parts_.store.stream(StreamKind::archive, name, 0);
  if (!stream) return std::unexpected(stream.error());
  binding.is_stream = true;
  binding.archiving.emplace().attributes = policy.attributes;
  if (!policy.time.empty()) {
    auto time = expression::Expression::compile(policy.time);
    if (!time) return std::unexpected(time.error());
    binding.archiving->time = std::move(*time);
  }
  Scheduler& scheduler = parts_.services.scheduler;
  auto stage = std::make_unique<ArchiveStage>(stream->id, scheduler, policy.staged_bytes_max);
  // Engines that write to one bucket must not overwrite each other's objects.
  std::string object_name = in_namespace(parts_.plan, plan.name) + '.' + sink.name + '-' +
                            parts_.store.engine_id().substr(0, 8);
  std::ranges::replace(object_name, '/', '.');
  line.rollers.push_back(std::make_unique<ArchiveRoller>(
      scheduler, parts_.services.log, parts_.store, parts_.sequencer, *stage, staged,
      ArchiveRoller::Config{
          .pipeline = plan.name,
          .sink = sink.name,
          .id = line.config.id,
          .object_name = std::move(object_name),
          .backoff = binding.retry.backoff,
          .last_attempts = parts_.services.until_idle ? binding.retry.attempts : 0}));
  binding.outlet = stage.get();
  line.outlets.push_back(std::move(stage));
  return {};
}

void LineBuilder::bind_transactor(TransactionalSink& sink, SinkBinding& binding,
                                  Line::Parts& line) {
  binding.transactional = true;
  line.transactor = std::make_unique<Transactor>(
      Transactor::Shared{parts_.services.scheduler, parts_.services.log, parts_.store,
                         parts_.sequencer},
      sink,
      Transactor::Config{.pipeline = line.config.name,
                         .id = line.config.id,
                         .sink = binding.name,
                         .durability = line.config.durability,
                         .backoff = binding.retry.backoff});
  line.config.transactor = line.transactor.get();
}

Services LineBuilder::services_for_one(Line::Parts& line) {
  const Services& engines = parts_.services;
  auto& own = line.schedulers.emplace_back(std::make_unique<ConnectorScheduler>(engines.scheduler));
  return {.scheduler = *own,
          .log = engines.log,
          .data_folder = engines.data_folder,
          .until_idle = engines.until_idle,
          .engine_id = parts_.store.engine_id(),
          .epoch = parts_.store.epoch(),
          .pipeline = line.config.name,
          .compile = engines.compile,
          .memory_bytes = engines.memory_bytes,
          .meters = engines.meters,
          .registry = &parts_.registry,
          .serve_http = engines.serve_http,
          .engine_scheduler = &engines.scheduler};
}

Result<> LineBuilder::bind_table(const SinkPlan& sink, SinkBinding& binding, Line::Parts& line) {
  auto options = config::table_sink_spec().make(sink.connector.options);
  if (!options) return std::unexpected(options.error());
  const std::string& name = options->name.empty() ? sink.name : options->name;
  auto table = parts_.store.table(name);
  if (!table) return std::unexpected(table.error());
  binding.table = *table;
  streams_.bind_changes(name, binding, line);
  binding.expire = options->expire;
  if (options->key.empty()) return {};
  auto key = expression::Expression::compile(options->key);
  if (!key) return std::unexpected(key.error());
  binding.key = std::move(*key);
  return {};
}

Result<> LineBuilder::bind_aggregate(const SinkPlan& sink, SinkBinding& binding,
                                     Line::Parts& line) {
  auto options = config::aggregate_sink_spec().make(sink.connector.options);
  if (!options) return std::unexpected(options.error());
  const std::string& name = options->table.empty() ? sink.name : options->table;
  auto table = parts_.store.table(name);
  if (!table) return std::unexpected(table.error());
  binding.table = *table;
  streams_.bind_changes(name, binding, line);
  Aggregation& aggregation = binding.aggregation.emplace();
  aggregation.count = options->count;
  aggregation.on_close = options->emit == config::Emit::on_close;
  aggregation.retention = options->retention;
  aggregation.idle = options->window.idle;
  if (const Duration size = options->window.length(); size.count() > 0) {
    const bool tumbles = options->window.every.count() == 0;
    aggregation.windowing = {.size = size,
                             .every = tumbles ? size : options->window.every,
                             .lateness = options->window.allowed_lateness};
  }
  for (const auto& [text, expression] :
       {std::pair(&options->key, &aggregation.key), std::pair(&options->time, &aggregation.time),
        std::pair(&options->sum, &aggregation.sum), std::pair(&options->min, &aggregation.min),
        std::pair(&options->max, &aggregation.max), std::pair(&options->avg, &aggregation.avg)}) {
    if (text->empty()) continue;
    auto compiled = expression::Expression::compile(*text);
    if (!compiled) return std::unexpected(compiled.error());
    *expression = std::move(*compiled);
  }
  return {};
}

}  // namespace tidemill
