// Line: one pipeline with the connectors it owns, from opening to closing.
//
// Driven by the Engine from the scheduler's executor: run() once, drain() at any time.
#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/archive/archive_roller.h"
#include "core/dispatch/memory_budget.h"
#include "core/dispatch/pipeline_runner.h"
#include "core/dispatch/transactor.h"
#include "core/state/store.h"

namespace tidemill {

enum class LineState { opening, running, ended, failed };

class Line {
 public:
  /// What a line is made of. `sinks` are those that `bindings` point to.
  struct Parts {
    /// One for each source and sink, which they outlive.
    std::vector<std::unique_ptr<Scheduler>> schedulers;
    std::unique_ptr<Source> source;
    std::unique_ptr<MemoryBudget::Aside> buffer;  ///< Of the source's client, where it has one.
    const Backlog* backlog = nullptr;             ///< The source, where it has one.
    std::vector<std::unique_ptr<Sink>> sinks;
    std::vector<std::unique_ptr<StreamOutlet>> outlets;  ///< Likewise.
    std::vector<std::unique_ptr<ArchiveRoller>> rollers;
    std::unique_ptr<Transactor> transactor;  ///< Null where no sink is transactional.
    std::unique_ptr<Invoker> invoker;        ///< Null without a function.
    std::vector<SinkBinding> bindings;
    PipelineConfig config;
  };

  Line(PipelineRunner::Shared shared, Parts parts);
  Line(const Line&) = delete;
  Line& operator=(const Line&) = delete;

  /// Opens, runs and closes. A transient failure to open is tried again for as long as it takes.
  Task<> run();
  void drain();

  /// Dead letters of it were marked for their replay, or are no longer. One that does not run yet
  /// looks when it does.
  void replay() {
    if (runner_) runner_->replay();
  }

  PipelineId id() const { return parts_.config.id; }
  const std::string& name() const { return parts_.config.name; }
  /// Its name in the plan; empty without one.
  const std::string& function() const { return parts_.config.function; }
  LineState state() const { return state_; }
  const std::string& error() const { return error_; }
  /// Events that the source knows of and has not handed over; empty where it does not know.
  /// Of sources inside the store it reads the store.
  std::optional<std::uint64_t> behind() const;
  /// Which sink, or what of its source, the pipeline waits for, and why; empty: nothing.
  std::string trouble() const;
  PipelineStats stats() const { return runner_ ? runner_->stats() : PipelineStats{}; }
  std::vector<ArchiveStatus> archives() const;

 private:
  Task<Result<>> open_all();
  Task<Result<>> decide_transaction();
  Task<Result<>> run_all();
  Task<> run_roller(ArchiveRoller& roller);
  Task<> close_all();
  void end_outlets();
  void fail_with(const Error& error);

  PipelineRunner::Shared shared_;
  Scheduler& scheduler_;
  Parts parts_;
  std::optional<PipelineRunner> runner_;
  LineState state_ = LineState::opening;
  std::string error_;
  bool draining_ = false;
  std::size_t rolling_ = 0;  // Rollers that have not ended.
  Result<> rolled_;          // The first failure of one.
  Signal drained_;           // Or a roller has ended.
};

}  // namespace tidemill
