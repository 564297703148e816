// PipelineRunner: moves the events of one pipeline from its source to their end.
//
//     poll -> admit (ledger, credits) -> batch -> invoke -> judge -> sinks -> commit -> settle
//
// Driven from one executor; invocations and writes suspend, so several batches are under way at
// once. It holds no event that its credits do not cover. Nothing is settled upstream before its
// effects are durable; whatever is dropped half-way (a drain, a crash) is delivered again.
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/config/plan.h"
#include "core/dispatch/batch_window.h"
#include "core/dispatch/commit_sequencer.h"
#include "core/dispatch/invoker.h"
#include "core/dispatch/key_path.h"
#include "core/dispatch/partition_ledger.h"
#include "core/dispatch/suspects.h"
#include "core/dispatch/turnstile.h"
#include "core/dispatch/verdict.h"
#include "tidemill/log.h"
#include "tidemill/sink.h"
#include "tidemill/source.h"

namespace tidemill {

/// Where one output of a pipeline goes: a sink, or a table of the store.
struct SinkBinding {
  std::string name;
  Sink* sink = nullptr;  ///< Null: the table below.
  TableId table;
  std::optional<Duration> expire;  ///< Of the table's rows, from their last change.
  bool from_event = false;         ///< Takes the events themselves rather than an output.
  std::uint32_t output = 0;        ///< Index among the function's outputs.
  KeyPath key;                     ///< Tables fed by events; a row of an output brings its own key.
  RetryPolicy retry;
};

struct PipelineConfig {
  std::string name;
  PipelineId id;
  std::string function;  ///< Its name; empty without one.
  Duration timeout = std::chrono::seconds(30);
  BatchLimits batch;
  Parallel parallel;
  RetryPolicy retry;
  DeadLetterPolicy dead_letter;
  const Suspects* suspects = nullptr;  ///< Outlives the runner; null: no event is suspected.
};

/// Since the start. At rest, events = committed + filtered + duplicates + dead_lettered.
struct PipelineStats {
  std::uint64_t events = 0;
  std::uint64_t batches = 0;
  std::uint64_t invocations = 0;
  std::uint64_t committed = 0;
  std::uint64_t retried = 0;
  std::uint64_t filtered = 0;
  std::uint64_t duplicates = 0;
  std::uint64_t dead_lettered = 0;
  std::uint64_t in_flight_events = 0;
  std::uint64_t in_flight_bytes = 0;
};

class PipelineRunner {
 public:
  /// Everything referred to outlives the runner. `invoker` may be null (no function).
  PipelineRunner(Scheduler& scheduler, Log& log, CommitSequencer& sequencer, Source& source,
                 Invoker* invoker, std::vector<SinkBinding> sinks, PipelineConfig config,
                 std::vector<LogProgress> restored);
  ~PipelineRunner();
  PipelineRunner(const PipelineRunner&) = delete;
  PipelineRunner& operator=(const PipelineRunner&) = delete;

  /// Runs until the source is exhausted and all its events are settled, or until drain() has let
  /// what was under way end. The source and the sinks are open already.
  ///
  /// Errors: bad_config (the source says so), transient (the store failed).
  Task<Result<>> run();

  /// Takes no more events, finishes the invocations under way, drops the rest.
  void drain();

  const PipelineStats& stats() const { return stats_; }
  const std::string& name() const { return config_.name; }

 private:
  struct Work {
    std::vector<Event> events;
    std::uint32_t attempt = 1;
    Instant not_before{};
    std::string condemned{};      // Why these reach no function; empty: they do.
    Stage stage = Stage::source;  // Where they were condemned.
  };

  // An ordering domain: one partition of a log source, or the whole of an object source.
  struct Lane {
    Lane(BatchLimits limits, std::optional<PartitionLedger> progress)
        : window(limits), ledger(std::move(progress)) {}
    BatchWindow window;
    std::optional<PartitionLedger> ledger;  // Log sources only.
    std::deque<Work> ready;
    std::uint32_t running = 0;
  };

  struct Target {
    SinkBinding binding;
    std::unique_ptr<Turnstile> turnstile;
  };

  // One event's way out, other than success.
  struct Death {
    Stage stage;
    std::string sink;
    std::string reason;
  };

  // A batch between its answer and its commit.
  struct Settlement {
    Work work;
    Answer answer;
    std::vector<Fate> fates;                // Invariant: one per event, once judged.
    std::map<std::uint32_t, Death> deaths;  // Of events whose fate is dead_letter.
    std::deque<std::string> keys;           // Own the row keys that were computed here.
    // Given up half-way because the runner stops: nothing of it may be committed.
    bool abandoned = false;
  };

  // Taking in (intake.cc).
  Task<> poll_loop();
  Credit credit() const;
  void admit(std::vector<Event>& events);
  void travel_alone(Lane& lane, Work work);
  Lane& lane_of(Partition partition);
  bool any_lane_blocked() const;

  // Starting work (pipeline_runner.cc).
  Task<> dispatch_loop();
  void close_windows(Instant now);
  void start_ready(Instant now);
  bool start_one(Lane& lane, Instant now);
  std::optional<Instant> next_deadline(Instant now) const;
  bool finished() const;
  Task<> process(Lane& lane, Work work);
  Task<> invoke(Settlement& settlement);
  bool judge_answer(Lane& lane, Settlement& settlement);
  void bury(Settlement& settlement);
  void name_deaths(Settlement& settlement);
  void split(Lane& lane, Work work);
  void bury_the_old(Settlement& settlement);
  void requeue(Lane& lane, Settlement& settlement);
  void leave_lane(Lane& lane);

  // Carrying out (settlement.cc).
  Task<> carry_out(Lane& lane, Settlement& settlement);
  Task<> write_sinks(Settlement& settlement);
  Task<> write_sink(Target& target, Settlement& settlement);
  Task<std::vector<Result<>>> write_once(Target& target, const Settlement& settlement,
                                         std::vector<Effect>& effects);
  std::vector<Effect> effects_for(const SinkBinding& binding, const Settlement& settlement) const;
  CommitPart commit_part(Lane& lane, Settlement& settlement);
  void add_rows(const SinkBinding& binding, Settlement& settlement, CommitPart& part);
  void add_progress(Lane& lane, const Settlement& settlement, CommitPart& part);
  DeadLetter dead_letter(const Work& work, const Event& event, const Death& death) const;
  Task<> commit(Lane& lane, Settlement& settlement);
  void kill(Settlement& settlement, std::uint32_t event, Death death);
  void report_death(const Event& event, const Death& death);
  void fail_pipeline(Error error);
  void release(const Settlement& settlement);

  Scheduler& scheduler_;
  Log& log_;
  CommitSequencer& sequencer_;
  Source& source_;
  Invoker* invoker_;
  PipelineConfig config_;
  const SourceTraits traits_;
  const Ordering ordering_;
  std::vector<Target> targets_;
  std::map<Partition, Lane> lanes_;
  Partition turn_;                // Where start_ready() begins: the lane after the last started.
  std::uint32_t running_ = 0;     // Works between start_one() and leave_lane().
  std::uint32_t unfinished_ = 0;  // Coroutines of this runner that have not ended.
  std::uint64_t reported_deaths_ = 0;
  bool source_ended_ = false;
  bool draining_ = false;
  std::optional<Error> failure_;
  PipelineStats stats_;
  Turnstile settling_;
  Signal room_;  // Credits came back, or the runner is to stop: poll_loop() looks again.
  Signal work_;  // Something became ready or ended: dispatch_loop() looks again.
};

}  // namespace tidemill
