#include "tests/sim/run.h"

#include <optional>
#include <random>

#include "core/dispatch/commit_sequencer.h"
#include "core/dispatch/pipeline_runner.h"
#include "tests/sim/fakes.h"
#include "tests/sim/outside.h"
#include "tidemill/testing/virtual_scheduler.h"

namespace tidemill::sim {
namespace {

// A run that takes longer is stuck: the longest seeds need a small part of it.
constexpr std::uint64_t steps_max = 2'000'000;

class Silent final : public Log {
 public:
  void write(LogLevel, std::string_view) override {}
};

// One life of the engine: the objects of the product between fake edges.
class Life {
 public:
  Life(const Scenario& scenario, std::uint64_t seed, ModelStore& store, Receiver& receiver,
       Trace& trace)
      : scheduler_(seed, testing::Order::shuffled),
        source_(scenario, scheduler_),
        invoker_(scenario, scheduler_, trace),
        sink_(scenario, scheduler_, trace, receiver),
        sequencer_(scheduler_, store),
        runner_(scheduler_, log_, sequencer_, source_, &invoker_, bindings(scenario),
                scenario.pipeline, *store.log_progress(scenario.pipeline.id)) {
    spawn(scheduler_, live(store));
  }

  // The power goes: queued handlers first, since their frames refer to the objects below.
  ~Life() { scheduler_.abandon(); }

  bool step() { return scheduler_.step(); }
  bool ended() const { return ended_; }
  std::uint64_t steps() const { return scheduler_.steps(); }
  const PipelineStats& stats() const { return runner_.stats(); }

 private:
  std::vector<SinkBinding> bindings(const Scenario& scenario) {
    SinkBinding messages{.name = "messages", .sink = &sink_, .output = 0};
    messages.retry = scenario.sink_retry;
    SinkBinding rows{.name = "rows", .table = TableId(1), .output = 1};
    return {messages, rows};
  }

  Task<> live(ModelStore& store) {
    const auto progress = store.progress(PipelineId(1), "sim");
    std::ignore = co_await source_.open(**progress);
    std::ignore = co_await runner_.run();
    ended_ = true;
  }

  Silent log_;
  testing::VirtualScheduler scheduler_;
  FakeSource source_;
  FakeInvoker invoker_;
  FakeSink sink_;
  CommitSequencer sequencer_;
  PipelineRunner runner_;
  bool ended_ = false;
};

}  // namespace

Outcome run(std::uint64_t seed) {
  const Scenario scenario = Scenario::draw(seed);
  std::mt19937_64 random(seed);
  Trace trace;
  ModelStore store(trace);
  Receiver receiver;
  Oracle oracle(scenario, store, receiver);
  Outcome outcome;
  outcome.events = std::uint64_t{scenario.partitions} * scenario.events_per_partition;

  while (oracle.failure().empty()) {
    Life life(scenario, random(), store, receiver, trace);
    const bool may_crash = outcome.crashes < scenario.crashes;
    const std::uint64_t crash_step = 1 + random() % (outcome.events * 12);
    const std::uint64_t commits = store.commits();
    const auto crash = [&] {
      if (!may_crash) return false;
      return scenario.crash_at_every_commit ? store.commits() > commits
                                            : life.steps() >= crash_step;
    };
    while (!life.ended() && !crash() && life.steps() < steps_max && life.step()) {
    }
    if (life.ended()) {
      oracle.check_end(life.stats());
      break;
    }
    if (!crash()) {
      outcome.failure = "the engine is stuck";
      break;
    }
    ++outcome.crashes;
    trace.note("crash");
    oracle.check_always();
  }
  if (outcome.failure.empty()) outcome.failure = oracle.failure();
  outcome.hash = trace.hash();
  return outcome;
}

}  // namespace tidemill::sim
