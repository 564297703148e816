#include "tests/sim/life.h"

#include <optional>
#include <utility>

#include "core/pattern/compile.h"
#include "tests/sim/lake.h"
#include "tests/sim/vault.h"
#include "tests/sim/windows.h"
#include "tests/sim/witness.h"

namespace tidemill::sim {
namespace {

class Silent final : public Log {
 public:
  void write(LogLevel, std::string_view) override {}
};

Silent silent;

// The store's thread: what it does takes a moment, in which everything else goes on.
struct SlowDisk {
  Scheduler* scheduler;
  Duration::rep takes_max;  // Not a Duration, whose comparison may throw: executors must not.

  template <class Handler>
  void execute(Handler handler) const {
    const auto max = static_cast<std::uint64_t>(takes_max);
    const Duration takes(static_cast<Duration::rep>(scheduler->random() % max));
    scheduler->call_at(scheduler->now() + takes, std::move(handler));
  }
  boost::asio::execution_context& query(boost::asio::execution::context_t what) const {
    return boost::asio::query(scheduler->executor(), what);
  }
  static constexpr boost::asio::execution::blocking_t query(
      boost::asio::execution::blocking_t) noexcept {
    return boost::asio::execution::blocking.never;
  }
  SlowDisk require(boost::asio::execution::blocking_t::never_t) const { return *this; }
  friend bool operator==(const SlowDisk&, const SlowDisk&) = default;
};

}  // namespace

// One pipeline. Made anew after a failed write, as the engine does it.
struct Life::Line {
  Line(World& world, const Flow& f, Life& life)
      : flow(f),
        witness(world, flow),
        windows(world, flow),
        source(world, flow, life.scheduler_),
        invoker(world, flow, life.scheduler_, life.sequencer_, witness),
        out(world, flow, life.scheduler_, witness, "out", Nature::refused),
        later(world, flow, life.scheduler_, witness, "later", Nature::refused_later),
        successes(world, flow, life.scheduler_, witness, "successes", Nature::healthy),
        failures(world, flow, life.scheduler_, witness, "failures", Nature::healthy) {
    if (flow.relayed)
      relay.emplace(
          Relay::Shared{world, life.scheduler_, silent, life.sequencer_, life.budget_, life.hub_},
          flow);
    if (flow.archived) lake.emplace(world, flow, life.scheduler_, silent, life.sequencer_);
    if (flow.transacted)
      vault.emplace(world, flow, life.scheduler_, silent, world.engine_store(), life.sequencer_);
  }

  std::vector<SinkBinding> bindings() {
    std::vector<SinkBinding> all;
    if (flow.direct_sink)
      all.push_back({.name = "out", .sink = &out, .output = 0, .retry = flow.sink_retry});
    if (flow.queued_sink)
      all.push_back({.name = "later",
                     .sink = &later,
                     .output = 0,
                     .retry = flow.sink_retry,
                     .delivery = Delivery::queue,
                     .outbox = OutboxId(flow.config.id.value)});
    if (flow.success_sink)
      all.push_back({.name = "successes",
                     .sink = &successes,
                     .takes = Takes::success,
                     .retry = flow.sink_retry});
    if (flow.failure_sink)
      all.push_back({.name = "failures",
                     .sink = &failures,
                     .takes = Takes::failure,
                     .retry = flow.sink_retry});
    std::optional<Duration> expire;
    if (flow.expires) expire = std::chrono::hours(5000);
    all.push_back({.name = "rows", .table = flow.table(), .output = 1, .expire = expire});
    all.push_back({.name = "counts", .table = flow.counted_table(), .output = 2, .expire = expire});
    if (relay) all.push_back(relay->binding());
    if (flow.windowing) all.push_back(aggregate());
    if (lake) all.push_back(lake->binding());
    if (vault) all.push_back(vault->binding());
    for (SinkBinding& binding : all) choose(binding);
    return all;
  }

  void choose(SinkBinding& binding) const {
    constexpr std::pair<std::string_view, Choosy> choosy[] = {{"out", Choosy::out},
                                                              {"later", Choosy::later},
                                                              {"relay", Choosy::relay},
                                                              {"windows", Choosy::windows},
                                                              {"lake", Choosy::lake}};
    for (const auto& [name, sink] : choosy) {
      if (binding.name != name || !flow.has_when(sink)) continue;
      const auto wanted =
          pattern::compile(R"({"type": [")" + std::string(Flow::wanted_type) + "\"]}");
      binding.when = pattern::PatternSet(std::span(&*wanted, 1));
    }
  }

  PipelineConfig config() {
    PipelineConfig config = flow.config;
    if (vault) config.transactor = &vault->transactor();
    return config;
  }

  SinkBinding aggregate() const {
    SinkBinding binding{.name = "windows", .table = flow.window_table(), .takes = Takes::event};
    binding.aggregation = Aggregation{.key = *expression::Expression::compile("$event.key"),
                                      .time = *expression::Expression::compile("$event.headers.ts"),
                                      .count = true,
                                      .windowing = flow.windowing,
                                      .on_close = flow.progress == ProgressKind::log};
    return binding;
  }

  const Flow& flow;
  Witness witness;
  WindowWatch windows;
  SimSource source;
  SimInvoker invoker;
  SimSink out;
  SimSink later;
  SimSink successes;
  SimSink failures;
  std::optional<Relay> relay;
  std::optional<Lake> lake;
  std::optional<Vault> vault;
  std::optional<PipelineRunner> runner;
};

Life::Life(World& world, std::uint64_t seed)
    : world_(world),
      scheduler_(seed, testing::Order::shuffled),
      sequencer_(scheduler_, world.engine_store(),
                 SlowDisk{&scheduler_, world.scenario.write_max.count()}),
      budget_(world.scenario.memory),
      hub_(world.engine_store(), sequencer_, [] {}),
      line_ended_(scheduler_) {
  world_.store.write_goes = [this] {
    const std::uint64_t random = scheduler_.random();
    if (random % 1000 >= world_.scenario.bad_writes) return ModelStore::Write::good;
    return random % 2 == 0 ? ModelStore::Write::fails_and_happened
                           : ModelStore::Write::fails_and_did_not;
  };
  world_.store.commits = [this](const CommitPart& part) {
    // Those of relays come behind the flows' own: their ends are watched by the oracle alone.
    if (part.pipeline.value > lines_.size()) return;
    Line& line = *lines_[part.pipeline.value - 1];
    // What an earlier life intended, this one has not seen.
    if (line.runner) line.witness.commits(part);
    line.windows.commits(part);
  };
  world_.store.read_fails = [this] {
    return scheduler_.random() % 1000 < world_.scenario.bad_reads;
  };
  world_.store.reopens = [this] { return scheduler_.random() % 2 == 0; };
  sequencer_.on_failure([this] { line_ended_.notify(); });
  spawn(scheduler_, live());
}

// The engine is gone. Queued handlers first, since their frames refer to the objects below.
Life::~Life() {
  scheduler_.abandon();
  world_.store.write_goes = nullptr;
  world_.store.commits = nullptr;
  world_.store.read_fails = nullptr;
  world_.store.reopens = nullptr;
  world_.hand_back();
}

bool Life::step() {
  const bool stepped = scheduler_.step();
  check_credits();
  check_syncs();
  return stepped;
}

void Life::check_credits() {
  for (const auto& line : lines_) {
    if (!line->runner) continue;
    const PipelineConfig& config = line->flow.config;
    const std::uint64_t batches = config.parallel.batches + 2;
    world_.expect(line->runner->stats().in_flight_events <= batches * config.batch.events,
                  "more events are under way than there are credits for");
  }
}

// Commits survive a power cut a second later, and the write that is under way by then, and theirs.
void Life::check_syncs() {
  if (sequencer_.failure() || sequencer_.durable() >= sequencer_.visible())
    level_ = scheduler_.now();
  const Duration late_max = CommitSequencer::sync_every + 2 * world_.scenario.write_max;
  world_.expect(scheduler_.now() - level_ <= late_max, "a commit was not synced in time");
}

Task<> Life::live() {
  while (true) {
    start_lines();
    while (running_ > 0) {
      // After a failed write nobody knows what the store holds: nothing may go on.
      if (sequencer_.failure()) stop_lines();
      co_await line_ended_.wait();
    }
    if (!sequencer_.failure()) break;
    co_await recover();
    // What was handed out to the pipelines that are gone comes again.
    world_.hand_back();
  }
  ended_ = true;
}

// All are made before any runs: whoever reads a queue has to know who fills it.
void Life::start_lines() {
  lines_.clear();
  hub_.clear();
  for (const Flow& flow : world_.scenario.flows)
    lines_.push_back(std::make_unique<Line>(world_, flow, *this));
  for (auto& line : lines_) {
    ++running_;
    spawn(scheduler_, run_line(*line));
    if (!line->relay) continue;
    for (Relay::Line& behind : line->relay->lines()) {
      ++running_;
      spawn(scheduler_, run_relay(*line->relay, behind));
    }
  }
}

Task<> Life::run_line(Line& line) {
  const PipelineId id = line.flow.config.id;
  const bool decided = co_await decide(line);
  if (!decided) {
    if (line.relay) line.relay->inlet().end();
    line_has_ended();
    co_return;
  }
  const auto progress = world_.engine_store().progress(id, "sim");
  auto restored = world_.engine_store().log_progress(id);
  if (progress && restored) {
    std::ignore = co_await line.source.open(**progress);
    line.runner.emplace(
        PipelineRunner::Shared{scheduler_, silent, world_.engine_store(), sequencer_, budget_},
        line.source, &line.invoker, line.bindings(), line.config(), std::move(*restored));
    if (draining_) line.runner->drain();
    if (line.lake) spawn(scheduler_, line.lake->run());
    const Result<> ran = co_await line.runner->run();
    if (line.lake) co_await line.lake->end(ran && !draining_);
  }
  if (line.relay) line.relay->inlet().end();
  line_has_ended();
}

// As the engine does: what is away is asked again, until it is to stop.
Task<bool> Life::decide(Line& line) {
  if (!line.vault) co_return true;
  std::vector<StreamOutlet*> outlets;
  for (const SinkBinding& binding : line.bindings())
    if (binding.outlet != nullptr) outlets.push_back(binding.outlet);
  while (!draining_ && !sequencer_.failure()) {
    const Result<> opened = co_await line.vault->transactor().open(outlets);
    if (opened) co_return true;
    co_await sleep_until(scheduler_, scheduler_.now() + std::chrono::milliseconds(100));
  }
  co_return false;
}

Task<> Life::run_relay(Relay& relay, Relay::Line& line) {
  co_await relay.run(line, draining_);
  line_has_ended();
}

void Life::line_has_ended() {
  --running_;
  line_ended_.notify();
}

template <class Visit>
void Life::each_runner(Visit visit) const {
  for (const auto& line : lines_) {
    if (line->runner) visit(*line->runner);
    if (!line->relay) continue;
    for (Relay::Line& behind : line->relay->lines())
      if (behind.runner) visit(*behind.runner);
  }
}

Task<> Life::recover() {
  world_.trace.note("a write failed");
  while (true) {
    const Result<> recovered = co_await sequencer_.recover();
    if (recovered) co_return;
    co_await sleep_until(scheduler_, scheduler_.now() + std::chrono::milliseconds(100));
  }
}

void Life::stop_lines() {
  each_runner([](PipelineRunner& runner) { runner.drain(); });
  for (const auto& line : lines_)
    if (line->lake) line->lake->stop();
}

void Life::drain() {
  draining_ = true;
  stop_lines();
}

void Life::replay() {
  each_runner([](PipelineRunner& runner) { runner.replay(); });
}

std::vector<PipelineStats> Life::stats() const {
  std::vector<PipelineStats> all;
  each_runner([&all](const PipelineRunner& runner) { all.push_back(runner.stats()); });
  return all;
}

}  // namespace tidemill::sim
