// bench_overhead [--rounds N] [--events N]: what the engine adds to every event, from poll to
// commit, around a function that does nothing and a store that writes nothing.
//
// Claims: at most 60 ns an event in batches of 1 000, 500 ns in batches of 100; no allocation an
// event; and as much with a thousand pipelines as with one, over the same number of events.
//
// Everything between is the product's: the runner, the ledger, the credits, the sequencer, the
// event loop with its thread for the disk, the call into a plugin with its crash record, taps that
// nobody opens, and metrics of how long calls and commits take. What the source itself takes to
// make the events is measured beside it and subtracted. What counts is CPU time over all threads.
#include <fmt/format.h>

#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "bench/measure/child_process.h"
#include "bench/measure/table.h"
#include "bench/overhead/counted_new.h"
#include "bench/overhead/load.h"
#include "core/base/asio_scheduler.h"
#include "core/dispatch/pipeline_runner.h"
#include "core/dispatch/tap.h"
#include "core/invoke/crash_record.h"
#include "core/invoke/plugin.h"
#include "core/observe/metrics.h"
#include "core/pipeline/in_process.h"
#include "tidemill/testing/temp_folder.h"

namespace tidemill::bench {
namespace {

constexpr double flat_goal = 1.25;
constexpr double allocations_goal = 0.01;

class SilentLog final : public Log {
 public:
  void write(LogLevel, std::string_view) override {}
};

template <class T>
T must(Result<T> result) {
  if (!result) require(false, result.error().message);
  return std::move(*result);
}

// The function that does nothing, as the engine holds it.
struct Noop {
  explicit Noop(AsioScheduler& scheduler)
      : record(must(CrashRecord::open(folder / "running.map", 16, 1000))),
        function({.scheduler = scheduler,
                  .log = log,
                  .name = "noop",
                  .timeout = std::chrono::seconds(30),
                  .function = make(log),
                  .threads = nullptr,
                  .record = record.get(),
                  .watch = &watch,
                  .now = &steady_now}) {}

  static std::unique_ptr<NativeFunction> make(Log& log) {
    auto plugin = must(Plugin::load(BENCH_NOOP));
    NativeHost host{.now = &steady_now, .log = &log, .read_row = {}, .function = "noop"};
    return must(NativeFunction::make(std::move(plugin), {}, std::move(host)));
  }

  testing::TempFolder folder;
  SilentLog log;
  InlineWatch watch;
  std::unique_ptr<CrashRecord> record;
  InProcessFunction function;
};

struct Load {
  std::uint64_t events;  // Over all pipelines.
  std::uint32_t pipelines;
  std::uint32_t batch;
};

struct Cost {
  double ns = 0;           // CPU time per event.
  double allocations = 0;  // Per batch.
};

Task<> run_one(PipelineRunner& runner, std::uint32_t& left, AsioScheduler& scheduler) {
  const auto ended = co_await runner.run();
  require(ended.has_value(), "a pipeline failed");
  if (--left == 0) scheduler.stop();
}

struct Pipeline {
  std::unique_ptr<ReadySource> source;
  std::unique_ptr<InProcessInvoker> invoker;
  std::unique_ptr<PipelineRunner> runner;
};

Cost through_engine(const std::vector<Event>& events, const Load& load) {
  AsioScheduler scheduler(2);
  Noop noop(scheduler);
  IdleStore store;
  CommitSequencer sequencer(scheduler, store, scheduler.blocking());
  MemoryBudget budget(MemoryBudget::default_bytes);
  TapBoard taps(scheduler);
  Metrics metrics("bench");
  std::vector<Pipeline> pipelines(load.pipelines);
  for (std::uint32_t i = 0; i < load.pipelines; ++i) {
    Pipeline& pipeline = pipelines[i];
    const PipelineId id(i + 1);
    pipeline.source = std::make_unique<ReadySource>(events, load.events / load.pipelines);
    pipeline.invoker = std::make_unique<InProcessInvoker>(
        noop.function, BatchOrigin{id, 1, ProgressKind::log}, nullptr);
    PipelineConfig config{.name = fmt::format("pipeline-{}", i), .id = id, .function = "noop"};
    config.taps = &taps.of(config.name);
    config.metrics = &metrics.pipeline(config.name);
    config.batch.events = load.batch;
    config.batch.window = std::chrono::seconds(1);  // All batches are full ones.
    pipeline.runner = std::make_unique<PipelineRunner>(
        PipelineRunner::Shared{scheduler, noop.log, store, sequencer, budget}, *pipeline.source,
        pipeline.invoker.get(), std::vector<SinkBinding>{}, std::move(config),
        std::vector<LogProgress>{});
  }

  std::uint32_t left = load.pipelines;
  const double cpu = process_cpu_seconds();
  const std::uint64_t allocated = allocations();
  for (Pipeline& pipeline : pipelines) spawn(scheduler, run_one(*pipeline.runner, left, scheduler));
  scheduler.run();
  Cost cost{.ns = (process_cpu_seconds() - cpu) * 1e9 / static_cast<double>(load.events),
            .allocations = static_cast<double>(allocations() - allocated)};

  PipelineStats all;
  for (const Pipeline& pipeline : pipelines) all += pipeline.runner->stats();
  require(all.committed == load.events, "not every event was committed");
  cost.allocations /= static_cast<double>(all.batches);
  return cost;
}

// The source alone, polled for one batch after the other.
double source_ns(const std::vector<Event>& events, const Load& load) {
  ReadySource source(events, load.events);
  std::vector<Event> out;
  const double cpu = process_cpu_seconds();
  PollEnd end = PollEnd::more;
  while (end == PollEnd::more) {
    out.clear();
    end = source.hand_over({.events = load.batch, .bytes = 1u << 30}, out);
  }
  return (process_cpu_seconds() - cpu) * 1e9 / static_cast<double>(load.events);
}

struct Rounds {
  Load load;
  double goal = 0;  // ns; 0: none.
  std::vector<double> added, whole, source, allocations;
};

void take_turn(const std::vector<Event>& events, Rounds& rounds) {
  const double source = source_ns(events, rounds.load);
  const Cost cost = through_engine(events, rounds.load);
  rounds.added.push_back(cost.ns - source);
  rounds.whole.push_back(cost.ns);
  rounds.source.push_back(source);
  rounds.allocations.push_back(cost.allocations);
}

bool claim_overhead(const Rounds& rounds) {
  return print_claim(
      fmt::format("engine per event, {} pipelines, batches of {}", rounds.load.pipelines,
                  rounds.load.batch),
      rounds.goal > 0 ? fmt::format("≤ {:.0f} ns", rounds.goal) : "told",
      fmt::format("{} ns, besides {:.0f} ns of the source; {:.0f} allocations a batch",
                  spread(rounds.added, 0), median(rounds.source), median(rounds.allocations)),
      rounds.goal == 0 || median(rounds.added) <= rounds.goal);
}

bool claim_flat(const Rounds& one, const Rounds& many) {
  std::vector<double> ratios;
  for (std::size_t i = 0; i < one.whole.size(); ++i) ratios.push_back(many.whole[i] / one.whole[i]);
  return print_claim(fmt::format("{} pipelines / 1, CPU per event, batches of {}",
                                 many.load.pipelines, many.load.batch),
                     fmt::format("≤ {}", flat_goal), spread(ratios, 2),
                     median(ratios) <= flat_goal);
}

bool measure(std::uint64_t count, int rounds) {
  const std::vector<Event> events = small_events();
  Rounds thousand{.load = {count, 1, 1000}, .goal = 60};
  Rounds hundred{.load = {count, 1, 100}, .goal = 500};
  Rounds some{.load = {count, 100, 100}};
  Rounds many{.load = {count, 1000, 100}};
  for (int round = 0; round < rounds; ++round)
    for (Rounds* one : {&thousand, &hundred, &some, &many}) take_turn(events, *one);

  bool holds = true;
  for (const Rounds* one : {&thousand, &hundred, &some, &many})
    holds = claim_overhead(*one) && holds;
  // A batch has its own; an event more must bring none.
  const double per_event =
      (median(thousand.allocations) - median(hundred.allocations)) / (1000 - 100);
  holds = print_claim("allocations per event", fmt::format("< {}", allocations_goal),
                      fmt::format("{:.4f}", per_event), per_event < allocations_goal) &&
          holds;
  holds = claim_flat(hundred, some) && holds;
  return claim_flat(hundred, many) && holds;
}

}  // namespace
}  // namespace tidemill::bench

int main(int argc, char** argv) {
  std::uint64_t events = 4'000'000;
  for (int i = 1; i + 1 < argc; ++i)
    if (std::string_view(argv[i]) == "--events") events = std::stoul(argv[i + 1]);
  const int rounds = tidemill::bench::rounds_option(argc, argv, 5);
  tidemill::bench::print_machine(rounds);
  return tidemill::bench::measure(events, rounds) ? 0 : 1;
}
