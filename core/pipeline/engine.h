// Engine: the whole of a plan at work - the store, every pipeline, the functions they share.
//
// Built from a checked plan on the main thread, then driven from the scheduler's executor. One
// pipeline that fails stops alone. A write to the store that fails holds them all up, until the
// store can be opened again.
#pragma once

#include <cstddef>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <shared_mutex>
#include <string>
#include <utility>
#include <vector>

#include "core/config/plan.h"
#include "core/dispatch/commit_sequencer.h"
#include "core/dispatch/pipeline_runner.h"
#include "core/dispatch/suspects.h"
#include "core/dispatch/tap.h"
#include "core/invoke/catalog.h"
#include "core/invoke/crash_record.h"
#include "core/pipeline/function_host.h"
#include "core/pipeline/function_set.h"
#include "core/pipeline/line.h"
#include "core/pipeline/line_builder.h"
#include "core/state/rocks_store.h"
#include "core/streams/stream_hub.h"
#include "tidemill/registry.h"

namespace rocksdb {
class Env;
}  // namespace rocksdb

namespace tidemill {

class Metrics;

struct EngineOptions {
  std::string data_folder;  ///< Absolute; made when missing.
  bool until_idle = false;
  std::uint64_t memory_bytes = MemoryBudget::default_bytes;  ///< For events under way, in all.
  rocksdb::Env* env = nullptr;  ///< Stands between the store and the disk; null: nothing does.
  Executor disk;                ///< Where the store's calls block; empty: Scheduler::blocking().
  std::size_t function_threads = 2;   ///< Invocations of one blocking function at once.
  WorkerOptions workers{};            ///< How functions with `isolation: worker` start.
  FunctionHost* functions = nullptr;  ///< Runs the functions; null: the engine itself does.
  Metrics* metrics = nullptr;  ///< Learns how long calls and commits take; null: nobody does.
};

/// What became of a pipeline so far.
struct PipelineStatus {
  std::string name;
  LineState state = LineState::opening;
  std::string error;     ///< With LineState::failed, or why opening takes long or batches wait.
  std::string function;  ///< Empty without one.
  std::optional<std::uint64_t> lag{};  ///< Events that are there and not settled, if known.
  PipelineStats stats;
  std::vector<ArchiveStatus> archives;
};

/// How the engine as a whole is.
struct EngineStatus {
  std::uint64_t memory_bytes = 0;  ///< Of the budget for events under way,
  std::uint64_t memory_used = 0;   ///< and how much of it they hold.
  std::string store_trouble;       ///< Why no pipeline can commit; empty: they can.
  std::size_t lost_threads = 0;
  std::vector<std::pair<std::string, std::string>> unhealthy;  ///< Functions, and why.
};

class Engine {
 public:
  /// Opens the store, loads the functions and builds every connector. Connects to nothing yet.
  ///
  /// Errors: bad_config, transient (the store).
  static Result<std::unique_ptr<Engine>> build(const Plan& plan, const Registry& registry,
                                               PluginCatalog& plugins, Scheduler& scheduler,
                                               Log& log, EngineOptions options);
  ~Engine();

  /// Runs all pipelines until each has ended: with `until_idle` when nothing is left to do,
  /// otherwise after drain(). Answers the first failure, after the others have ended.
  Task<Result<>> run();

  /// Takes no more events and lets what is under way end. From the executor.
  void drain();

  /// Asks running handlers to stop: a drain has waited long enough. From any thread.
  void cancel_functions();

  /// Waits no longer for handlers; their events are not settled. From the executor.
  void abandon_functions();

  /// Threads that are in the hands of handlers that do not return.
  std::size_t lost_threads() const { return functions_->lost_threads(); }

  /// Bytes of the events that these hold. They count against the memory of the engine.
  std::uint64_t lost_bytes() const { return functions_->lost_bytes(); }

  /// For a process that ends with lost threads, after run(): closes the store. The
  /// threads run on, so this must not be destroyed and the process has to _exit().
  void leave();

  /// Pipelines that play their dead letters again, now or once they are open. From the executor, as
  /// the next three.
  std::set<PipelineId> replaying() const;
  /// Dead letters of these were marked for their replay, or are no longer.
  void replay(const std::set<PipelineId>& pipelines);
  /// Of these dead letters those that wait still do so no longer. In the background.
  void end_replay(std::vector<DeadLetterId> letters, std::set<PipelineId> pipelines);
  /// It is asked to stop, or nothing is left to do.
  bool stopping() const { return draining_ || housekeeping_ends_; }

  std::vector<PipelineStatus> status() const;
  EngineStatus state() const;
  /// Every pipeline is open, and none has failed.
  bool ready() const;

  /// Live events, for who watches. Whoever serves taps closes them before the engine goes.
  TapBoard& taps() { return taps_; }

  RocksStore& store() { return *store_; }
  const CommitSequencer::Stats& commit_stats() const { return sequencer_.stats(); }

 private:
  Engine(const Plan& plan, const Registry& registry, std::unique_ptr<RocksStore> store,
         std::unique_ptr<CrashRecord> record, Scheduler& scheduler, Log& log,
         EngineOptions options);

  Result<std::optional<Bytes>> read_row(std::string_view table, std::string_view key,
                                        std::vector<RowRead>& reads);
  Result<Bytes> scan_rows(const TableScan& scan, std::vector<RowRead>& reads);
  Task<> run_lines();
  Task<> run_line(Line& line);
  std::vector<ArchiveStatus> archives_of(const Line& line) const;
  Task<Result<>> start_over();
  Task<> housekeeping();
  Task<> drop_expired();
  Task<> unmark(std::vector<DeadLetterId> letters, std::set<PipelineId> pipelines);

  Scheduler& scheduler_;
  Log& log_;
  const Plan plan_;
  EngineOptions options_;
  std::unique_ptr<RocksStore> store_;
  std::shared_mutex store_open_;  // Held by threads that read rows, and by leave().
  std::unique_ptr<CrashRecord> record_;
  CommitSequencer sequencer_;
  MemoryBudget budget_;
  std::unique_ptr<FunctionHost> own_functions_;  // Null where another host was given.
  FunctionHost* functions_;
  StreamHub streams_;
  TapBoard taps_;
  LineBuilder builder_;
  std::vector<std::unique_ptr<Line>> lines_;
  std::vector<std::unique_ptr<Line>> retired_;   // Ended, but lost threads may look at them.
  std::map<std::string, PipelineStats> before_;  // Of lines that a failed write ended, by name.
  std::map<std::string, std::vector<ArchiveStatus>> archives_before_;  // Likewise.
  std::string store_trouble_;  // Why the pipelines wait; empty: they do not.
  bool draining_ = false;
  std::size_t running_ = 0;  // Lines that have not ended.
  bool housekeeping_ends_ = false;
  bool house_ended_ = false;
  std::size_t unmarking_ = 0;  // Replays that are being ended.
  Signal ended_;               // A line or the housekeeping has ended.
  Signal house_wake_;          // Housekeeping is to end, or a log is to be trimmed.
};

}  // namespace tidemill
