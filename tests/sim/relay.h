// Relay: what a flow's events go through behind it - a log of the engine, a pipeline that carries
// them into a queue, and two pipelines that share the queue and count them into a table. Made of
// the product's own sources and outlets; only the counting function is made up.
//
//     flow -> log (two partitions) -> carry -> queue (one group a key) -> count, count -> table
#pragma once

#include <deque>
#include <memory>
#include <optional>

#include "core/dispatch/pipeline_runner.h"
#include "core/streams/outlet.h"
#include "core/streams/stream_hub.h"
#include "tests/sim/world.h"

namespace tidemill::sim {

/// Counts each event under its name; fails now and then.
class RelayCounter final : public Invoker {
 public:
  RelayCounter(World& world, Scheduler& scheduler) : world_(world), scheduler_(scheduler) {}

  const FunctionTraits& traits() const override { return traits_; }
  std::string_view version() const override { return "relay"; }
  Task<Answer> invoke(const Request& request) override;

 private:
  World& world_;
  Scheduler& scheduler_;
  FunctionTraits traits_{false, {"rows"}};
};

class Relay {
 public:
  struct Shared {
    World& world;
    Scheduler& scheduler;
    Log& log;
    CommitSequencer& sequencer;
    MemoryBudget& budget;
    StreamHub& hub;
  };

  /// One pipeline of it.
  struct Line {
    PipelineConfig config;
    std::unique_ptr<Source> source;
    std::unique_ptr<Outlet> outlet;
    std::optional<RelayCounter> counter;
    SinkBinding binding;
    std::optional<PipelineRunner> runner;
  };

  Relay(Shared shared, const Flow& flow);

  /// What the flow itself is bound to. Ends with inlet().
  SinkBinding binding();
  Outlet& inlet() { return *inlet_; }

  std::deque<Line>& lines() { return lines_; }

  /// Runs one of lines() to its end.
  Task<> run(Line& line, const bool& draining);

 private:
  void add_carrier(EmbeddedLog& log, EmbeddedQueue& queue);
  void add_counter(std::uint32_t which, EmbeddedQueue& queue);

  Shared shared_;
  const Flow& flow_;
  std::unique_ptr<Outlet> inlet_;
  std::deque<Line> lines_;  // They are referred to.
};

}  // namespace tidemill::sim
