#include "core/pipeline/engine.h"

#include <algorithm>
#include <filesystem>
#include <iterator>
#include <mutex>
#include <utility>

#include "core/dispatch/effect_expression.h"
#include "core/http/http_listener.h"
#include "core/observe/metrics.h"
#include "core/state/keys.h"

namespace tidemill {
namespace {

constexpr auto housekeeping_every = std::chrono::minutes(10);

// A full disk takes its time; once there is room again, nobody should wait long.
constexpr Backoff recover_backoff{.initial = std::chrono::milliseconds(200),
                                  .max = std::chrono::seconds(5)};

// A version 4 uuid out of the scheduler's randomness.
std::string fresh_uuid(Scheduler& scheduler) {
  constexpr std::string_view digits = "0123456789abcdef";
  std::string id = "xxxxxxxx-xxxx-4xxx-8xxx-xxxxxxxxxxxx";
  for (char& c : id)
    if (c == 'x') c = digits[scheduler.random() >> 60];
  return id;
}

// One batch per thread, the event loop included, and those that lost threads hold.
std::size_t running_batches_max(const Plan& plan, std::size_t function_threads) {
  return 1 + plan.functions.size() * (2 * function_threads + InProcessFunction::lost_threads_max);
}

std::size_t events_of_a_batch_max(const Plan& plan) {
  std::size_t most = 0;
  for (const PipelinePlan& pipeline : plan.pipelines)
    most = std::max<std::size_t>(most, pipeline.batch.events);
  return most;
}

// Connectors measure their buffers by it, and those of many pipelines must leave room for events.
std::uint64_t memory_for_one(std::uint64_t all, std::size_t pipelines) {
  constexpr std::size_t few = 4;
  return all / std::max(few, pipelines) * few;
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
  store_options.env = options.env;
  auto store = RocksStore::open(options.data_folder, std::move(store_options));
  if (!store) return std::unexpected(store.error());

  auto record = CrashRecord::open(options.data_folder + "/running.map",
                                  running_batches_max(plan, options.function_threads),
                                  events_of_a_batch_max(plan));
  if (!record) return std::unexpected(record.error());

  std::unique_ptr<Engine> engine(new Engine(plan, registry, std::move(*store), std::move(*record),
                                            scheduler, log, std::move(options)));
  const TableAccess tables{
      .read_row = [&rows = *engine](std::string_view table, std::string_view key,
                                    auto& reads) { return rows.read_row(table, key, reads); },
      .scan_rows = [&rows = *engine](const TableScan& scan,
                                     auto& reads) { return rows.scan_rows(scan, reads); }};
  if (auto loaded = engine->functions_->load(plan, plugins, tables); !loaded)
    return std::unexpected(loaded.error());
  auto lines = engine->builder_.build();
  if (!lines) return std::unexpected(lines.error());
  engine->lines_ = std::move(*lines);
  return engine;
}

Engine::Engine(const Plan& plan, const Registry& registry, std::unique_ptr<RocksStore> store,
               std::unique_ptr<CrashRecord> record, Scheduler& scheduler, Log& log,
               EngineOptions options)
    : scheduler_(scheduler),
      log_(log),
      plan_(plan),
      options_(std::move(options)),
      store_(std::move(store)),
      record_(std::move(record)),
      sequencer_(scheduler, *store_, options_.disk ? options_.disk : scheduler.blocking()),
      budget_(options_.memory_bytes),
      own_functions_(options_.functions != nullptr
                         ? nullptr
                         : std::make_unique<FunctionSet>(scheduler, log, record_.get(), &budget_,
                                                         options_.function_threads,
                                                         options_.workers)),
      functions_(options_.functions != nullptr ? options_.functions : own_functions_.get()),
      streams_(*store_, sequencer_, [this] { house_wake_.notify(); }),
      taps_(scheduler),
      builder_(
          {plan_, registry, *store_, *functions_, *record_, sequencer_, budget_, streams_, taps_,
           options_.metrics,
           Services{.scheduler = scheduler,
                    .log = log,
                    .data_folder = options_.data_folder,
                    .until_idle = options_.until_idle,
                    .compile = compile_effect_expression,
                    .memory_bytes = memory_for_one(options_.memory_bytes, plan_.pipelines.size()),
                    .meters = options_.metrics == nullptr ? nullptr : &options_.metrics->meters(),
                    .serve_http = serve_http}}),
      ended_(scheduler),
      house_wake_(scheduler) {
  sequencer_.on_failure([this] { ended_.notify(); });
}

// Threads first: what they run refers to the lines.
Engine::~Engine() { functions_->join(); }

Result<std::optional<Bytes>> Engine::read_row(std::string_view table, std::string_view key,
                                              std::vector<RowRead>& reads) {
  const std::shared_lock lock(store_open_);
  if (!store_) return fail(Fault::cancelled, "the engine has stopped");
  const auto id = store_->find_table(table);
  if (!id) return std::optional<Bytes>{};
  // Before the row is read: a commit that becomes visible in between is then taken for unseen.
  reads.push_back({*id, RowGuard::hash_of(key), sequencer_.visible()});
  auto row = store_->row(*id, key, scheduler_.wall());
  if (!row) return std::unexpected(row.error());
  if (!*row) return std::optional<Bytes>{};
  return std::optional(Bytes::adopt(std::move((*row)->body)));
}

Result<Bytes> Engine::scan_rows(const TableScan& scan, std::vector<RowRead>& reads) {
  const std::shared_lock lock(store_open_);
  if (!store_) return fail(Fault::cancelled, "the engine has stopped");
  ScanPageWriter page(scan);
  const auto id = store_->find_table(scan.table);
  if (!id) return page.finish();
  const std::uint64_t visible = sequencer_.visible();
  const auto add = [&](std::string_view text, const Row& row) {
    const std::string key = state::row_name(text, row.window);
    if (!page.add(key, row.body)) return false;
    if (!scan.loose) reads.push_back({*id, RowGuard::hash_of(text), visible});
    return true;
  };
  auto scanned = store_->each_row(*id, scan.prefix, scan.after, scheduler_.wall(), add);
  if (!scanned) return std::unexpected(scanned.error());
  return page.finish();
}

// A lost thread may hang in a read of the store. That cannot be closed then, which loses nothing:
// what was committed is on disk.
void Engine::leave() {
  const std::unique_lock lock(store_open_, std::try_to_lock);
  if (lock) store_.reset();
}

Task<Result<>> Engine::run() {
  spawn(scheduler_, housekeeping());
  Result<> outcome;
  while (true) {
    co_await run_lines();
    if (!sequencer_.failure()) break;
    outcome = co_await start_over();
    if (!outcome) break;
  }
  housekeeping_ends_ = true;
  house_wake_.notify();
  while (!house_ended_ || unmarking_ > 0) co_await ended_.wait();
  for (const auto& line : lines_)
    if (outcome && line->state() == LineState::failed)
      outcome = fail(Fault::transient, line->name() + ": " + line->error());
  co_return outcome;
}

Task<> Engine::run_lines() {
  running_ = lines_.size();
  for (auto& line : lines_) {
    spawn(scheduler_, run_line(*line));
    if (draining_) line->drain();
  }
  while (running_ > 0) {
    // After a failed write nobody knows what the store holds: nothing may go on.
    if (sequencer_.failure())
      for (auto& line : lines_) line->drain();
    co_await ended_.wait();
  }
}

Task<> Engine::run_line(Line& line) {
  co_await line.run();
  --running_;
  ended_.notify();
}

// The outcome of a failed write is unknown, to all pipelines alike. Once the store can be opened
// again they are made anew, and go on from what it holds.
Task<Result<>> Engine::start_over() {
  store_trouble_ = sequencer_.failure()->message;
  log_.write(LogLevel::error, "all pipelines wait: the state cannot be written: " + store_trouble_);
  for (std::uint32_t attempt = 1;; ++attempt) {
    if (draining_)
      co_return fail(Fault::transient, "the state cannot be written: " + store_trouble_);
    const Result<> recovered = co_await sequencer_.recover();
    if (recovered) break;
    store_trouble_ = recovered.error().message;
    const Instant again = scheduler_.now() + backoff(recover_backoff, attempt, scheduler_.random());
    while (!draining_ && scheduler_.now() < again) co_await ended_.wait_until(again);
  }
  for (const auto& line : lines_) {
    before_[line->name()] += line->stats();
    archives_before_[line->name()] = archives_of(*line);
  }
  // Their shares of the budget end before those of the new ones begin. But a handler that was given
  // up may still read an object of its source.
  if (functions_->lost_threads() > 0) std::ranges::move(lines_, std::back_inserter(retired_));
  lines_.clear();
  auto lines = builder_.build();
  if (!lines) co_return std::unexpected(lines.error());
  lines_ = std::move(*lines);
  store_trouble_.clear();
  log_.write(LogLevel::warning, "the state can be written again; all pipelines go on from it");
  co_return Result<>{};
}

Task<> Engine::housekeeping() {
  Instant next = scheduler_.now() + housekeeping_every;
  while (!housekeeping_ends_) {
    co_await house_wake_.wait_until(next);
    if (housekeeping_ends_ || scheduler_.now() >= next) {
      next = scheduler_.now() + housekeeping_every;
      co_await drop_expired();
    }
    if (sequencer_.failure()) continue;
    const Result<> trimmed = co_await streams_.trim(scheduler_.wall());
    if (!trimmed && !sequencer_.failure())
      log_.write(LogLevel::warning, "cannot trim the logs: " + trimmed.error().message);
  }
  house_ended_ = true;
  ended_.notify();
}

Task<> Engine::drop_expired() {
  const WallTime now = scheduler_.wall();
  auto drop = [this, now] { return store_->drop_expired(now); };
  const Result<> dropped = co_await run_on(sequencer_.disk(), std::move(drop));
  if (dropped) co_return;
  log_.write(LogLevel::warning, "cannot drop what has expired: " + dropped.error().message);
  sequencer_.look_at(dropped.error());
}

void Engine::drain() {
  draining_ = true;
  for (auto& line : lines_) line->drain();
  ended_.notify();
}

void Engine::cancel_functions() { functions_->cancel(); }

void Engine::abandon_functions() { functions_->abandon(); }

std::set<PipelineId> Engine::replaying() const {
  std::set<PipelineId> pipelines;
  for (const auto& line : lines_)
    if (line->state() == LineState::opening || line->state() == LineState::running)
      pipelines.insert(line->id());
  return pipelines;
}

void Engine::replay(const std::set<PipelineId>& pipelines) {
  for (const auto& line : lines_)
    if (pipelines.contains(line->id())) line->replay();
}

void Engine::end_replay(std::vector<DeadLetterId> letters, std::set<PipelineId> pipelines) {
  ++unmarking_;
  spawn(scheduler_, unmark(std::move(letters), std::move(pipelines)));
}

// What cannot be taken back is replayed: nothing is lost by that.
Task<> Engine::unmark(std::vector<DeadLetterId> letters, std::set<PipelineId> pipelines) {
  auto take_back = [this, &letters] { return store_->unmark_replays(letters); };
  const Result<> taken_back = co_await run_on(sequencer_.disk(), std::move(take_back));
  if (!taken_back) sequencer_.look_at(taken_back.error());
  replay(pipelines);
  --unmarking_;
  ended_.notify();
}

std::vector<PipelineStatus> Engine::status() const {
  std::vector<PipelineStatus> all;
  for (const auto& line : lines_) {
    PipelineStatus status{.name = line->name(),
                          .state = line->state(),
                          .error = line->error(),
                          .function = line->function(),
                          .stats = line->stats(),
                          .archives = archives_of(*line)};
    if (const auto before = before_.find(line->name()); before != before_.end())
      status.stats += before->second;
    if (line->state() == LineState::running && !line->function().empty())
      status.error = functions_->complaint(line->function());
    for (const ArchiveStatus& archive : status.archives)
      if (line->state() == LineState::running && status.error.empty() && !archive.trouble.empty())
        status.error = "archive " + archive.sink + ": " + archive.trouble;
    if (line->state() == LineState::running && status.error.empty()) status.error = line->trouble();
    // While the store is opened again nobody may ask it.
    if (!sequencer_.failure())
      if (const auto behind = line->behind()) status.lag = *behind + status.stats.in_flight_events;
    if (!store_trouble_.empty()) {
      status.state = LineState::opening;
      status.error = "the state cannot be written: " + store_trouble_;
    }
    all.push_back(std::move(status));
  }
  return all;
}

std::vector<ArchiveStatus> Engine::archives_of(const Line& line) const {
  std::vector<ArchiveStatus> all = line.archives();
  const auto before = archives_before_.find(line.name());
  if (before == archives_before_.end()) return all;
  for (std::size_t i = 0; i < all.size(); ++i) all[i] += before->second[i];
  return all;
}

EngineStatus Engine::state() const {
  EngineStatus state{.memory_bytes = budget_.bytes(),
                     .memory_used = budget_.used(),
                     .store_trouble = store_trouble_,
                     .lost_threads = lost_threads(),
                     .unhealthy = {}};
  for (const FunctionPlan& function : plan_.functions)
    if (std::string why = functions_->complaint(function.name); !why.empty())
      state.unhealthy.emplace_back(function.name, std::move(why));
  return state;
}

bool Engine::ready() const {
  if (!store_trouble_.empty()) return false;
  for (const auto& line : lines_)
    if (line->state() == LineState::opening || line->state() == LineState::failed) return false;
  return true;
}

}  // namespace tidemill
