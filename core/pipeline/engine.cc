#include "core/pipeline/engine.h"

#include <filesystem>
#include <mutex>
#include <utility>

#include "core/config/sections.h"
#include "core/pipeline/recorded_suspects.h"

namespace tidemill {
namespace {

constexpr auto housekeeping_every = std::chrono::minutes(10);

// A version 4 uuid out of the scheduler's randomness.
std::string fresh_uuid(Scheduler& scheduler) {
  constexpr std::string_view digits = "0123456789abcdef";
  std::string id = "xxxxxxxx-xxxx-4xxx-8xxx-xxxxxxxxxxxx";
  for (char& c : id)
    if (c == 'x') c = digits[scheduler.random() >> 60];
  return id;
}

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

// One batch per thread, the event loop included, and those that lost threads hold.
std::size_t running_batches_max(const Plan& plan, std::size_t function_threads) {
  return 1 + plan.functions.size() * (2 * function_threads + InProcessFunction::lost_threads_max);
}

}  // namespace

Result<std::unique_ptr<Engine>> Engine::build(const Plan& plan, const Registry& registry,
                                              PluginCatalog& plugins, Scheduler& scheduler,
                                              Log& log, EngineOptions options) {
  std::error_code made;
  std::filesystem::create_directories(options.data_folder, made);
  if (made)
    return fail(Fault::bad_config,
                "cannot make the data folder " + options.data_folder + ": " + made.message());
  RocksStore::Options store_options;
  store_options.engine_id = fresh_uuid(scheduler);
  store_options.now = scheduler.wall();
  auto store = RocksStore::open(options.data_folder, std::move(store_options));
  if (!store) return std::unexpected(store.error());

  auto record = CrashRecord::open(options.data_folder + "/running.map",
                                  running_batches_max(plan, options.function_threads));
  if (!record) return std::unexpected(record.error());

  std::unique_ptr<Engine> engine(
      new Engine(std::move(*store), std::move(*record), scheduler, log, std::move(options)));
  const TableReader read_row = [&rows = *engine](std::string_view table, std::string_view key) {
    return rows.read_row(table, key);
  };
  if (auto loaded = engine->functions_.load(plan, plugins, read_row); !loaded)
    return std::unexpected(loaded.error());
  for (const PipelinePlan& pipeline : plan.pipelines)
    if (auto added = engine->add_line(pipeline, plan, registry); !added)
      return fail(added.error().fault, "pipeline " + pipeline.name + ": " + added.error().message);
  return engine;
}

Engine::Engine(std::unique_ptr<RocksStore> store, std::unique_ptr<CrashRecord> record,
               Scheduler& scheduler, Log& log, EngineOptions options)
    : scheduler_(scheduler),
      log_(log),
      options_(std::move(options)),
      store_(std::move(store)),
      record_(std::move(record)),
      sequencer_(scheduler, *store_),
      functions_(scheduler, log, record_.get(), options_.function_threads, options_.workers),
      ended_(scheduler),
      house_wake_(scheduler) {}

// Threads first: what they run refers to the lines.
Engine::~Engine() {
  functions_.join();
  record_->close();
}

Result<std::optional<Bytes>> Engine::read_row(std::string_view table, std::string_view key) {
  const std::shared_lock lock(store_open_);
  if (!store_) return fail(Fault::cancelled, "the engine has stopped");
  const auto id = store_->find_table(table);
  if (!id) return std::optional<Bytes>{};
  auto row = store_->row(*id, key, scheduler_.wall());
  if (!row) return std::unexpected(row.error());
  if (!*row) return std::optional<Bytes>{};
  return std::optional(Bytes::adopt(std::move((*row)->body)));
}

// A lost thread may hang in a read of the store. That cannot be closed then, which loses nothing:
// what was committed is on disk.
void Engine::leave() {
  record_->close();
  const std::unique_lock lock(store_open_, std::try_to_lock);
  if (lock) store_.reset();
}

Result<> Engine::add_line(const PipelinePlan& plan, const Plan& whole, const Registry& registry) {
  const Services services{scheduler_, log_, options_.data_folder, options_.until_idle};
  Line::Parts parts;
  auto source =
      registry.sources().find(plan.source.kind)->second.build(plan.source.options, services);
  if (!source) return std::unexpected(source.error());
  parts.source = std::move(*source);
  if (options_.until_idle && !parts.source->traits().can_exhaust)
    return fail(Fault::bad_config, "--until-idle needs a source that ends; " + plan.source.kind +
                                       " goes on for ever as it is configured");

  auto id = store_->pipeline(in_namespace(whole, plan.name), plan.renamed_from);
  if (!id) return std::unexpected(id.error());
  parts.config = {.name = plan.name,
                  .id = *id,
                  .function = plan.function,
                  .batch = plan.batch,
                  .parallel = plan.parallel,
                  .retry = plan.retry,
                  .dead_letter = plan.dead_letter};
  const config::FunctionDecl* function = nullptr;
  if (!plan.function.empty()) {
    parts.config.timeout = whole.function(plan.function)->timeout;
    function = &functions_.decl(plan.function);
    const SourceTraits traits = parts.source->traits();
    const BatchOrigin origin{
        *id, origin_code(functions_.version(plan.function), parts.source->identity()),
        traits.progress};
    parts.config.suspects = suspects_of(origin, plan);
    parts.invoker = functions_.invoker(plan.function, origin, parts.config.suspects);
  }
  for (const SinkPlan& sink : plan.sinks) {
    SinkBinding binding{.name = sink.name, .from_event = sink.from == "event"};
    binding.retry = sink.retry.value_or(plan.retry);
    if (!binding.from_event) binding.output = output_index(*function, sink.from);
    if (auto bound = bind(sink, registry, services, parts, binding); !bound) return bound;
    parts.bindings.push_back(std::move(binding));
  }
  lines_.push_back(std::make_unique<Line>(scheduler_, log_, sequencer_, *store_, std::move(parts)));
  return {};
}

const Suspects* Engine::suspects_of(const BatchOrigin& origin, const PipelinePlan& plan) {
  SuspectSet set(origin, record_->crashed());
  if (set.empty()) return nullptr;
  log_.write(LogLevel::warning, plan.name + ": function " + plan.function +
                                    " crashed or hung the last time; the events that it had are "
                                    "invoked alone");
  suspects_.push_back(std::make_unique<RecordedSuspects>(std::move(set), plan.function));
  return suspects_.back().get();
}

Result<> Engine::bind(const SinkPlan& plan, const Registry& registry, const Services& services,
                      Line::Parts& parts, SinkBinding& binding) {
  if (plan.connector.kind == config::table_kind) {
    auto options = config::table_sink_spec().make(plan.connector.options);
    if (!options) return std::unexpected(options.error());
    auto table = store_->table(options->name.empty() ? plan.name : options->name);
    if (!table) return std::unexpected(table.error());
    binding.table = *table;
    binding.expire = options->expire;
    if (options->key.empty()) return {};
    auto key = KeyPath::parse(options->key);
    if (!key) return std::unexpected(key.error());
    binding.key = std::move(*key);
    return {};
  }
  auto sink =
      registry.sinks().find(plan.connector.kind)->second.build(plan.connector.options, services);
  if (!sink) return std::unexpected(sink.error());
  binding.sink = sink->get();
  parts.sinks.push_back(std::move(*sink));
  return {};
}

Task<Result<>> Engine::run() {
  running_ = lines_.size();
  for (auto& line : lines_) spawn(scheduler_, run_line(*line));
  spawn(scheduler_, housekeeping());
  while (running_ > 0) co_await ended_.wait();
  housekeeping_ends_ = true;
  house_wake_.notify();
  while (!house_ended_) co_await ended_.wait();
  for (const auto& line : lines_)
    if (line->state() == LineState::failed)
      co_return fail(Fault::transient, line->name() + ": " + line->error());
  co_return Result<>{};
}

Task<> Engine::run_line(Line& line) {
  co_await line.run();
  // After a failed write nobody knows what the store holds: nothing may go on.
  if (sequencer_.failure()) drain();
  --running_;
  ended_.notify();
}

Task<> Engine::housekeeping() {
  while (!housekeeping_ends_) {
    co_await house_wake_.wait_until(scheduler_.now() + housekeeping_every);
    const WallTime now = scheduler_.wall();
    auto drop = [this, now] { return store_->drop_expired(now); };
    const Result<> dropped = co_await run_blocking(scheduler_, std::move(drop));
    if (!dropped)
      log_.write(LogLevel::warning, "cannot drop old dead letters: " + dropped.error().message);
  }
  house_ended_ = true;
  ended_.notify();
}

void Engine::drain() {
  for (auto& line : lines_) line->drain();
}

void Engine::cancel_functions() { functions_.cancel(); }

void Engine::abandon_functions() { functions_.abandon(); }

std::vector<PipelineStatus> Engine::status() const {
  std::vector<PipelineStatus> all;
  for (const auto& line : lines_) {
    all.push_back({line->name(), line->state(), line->error(), line->stats()});
    if (line->state() == LineState::running && !line->function().empty())
      all.back().error = functions_.complaint(line->function());
  }
  return all;
}

bool Engine::ready() const {
  for (const auto& line : lines_)
    if (line->state() == LineState::opening || line->state() == LineState::failed) return false;
  return true;
}

}  // namespace tidemill
