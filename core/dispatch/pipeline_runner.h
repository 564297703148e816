// PipelineRunner: moves the events of one pipeline from its source to their end.
//
//     poll -> admit (ledger, credits, dedupe) -> steps
//       -> batch -> invoke -> judge -> sinks
//       -> commit -> ack
//
// Driven from one executor; invocations and writes suspend, so several batches are under way at
// once. It holds no event that its credits do not cover. Nothing is settled upstream before its
// effects are durable; whatever is dropped half-way (a drain, a crash) is delivered again.
#pragma once

#include <atomic>
#include <boost/container/deque.hpp>
#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/latencies.h"
#include "core/config/plan.h"
#include "core/dispatch/ack_queue.h"
#include "core/dispatch/aggregate_fold.h"
#include "core/dispatch/batch_window.h"
#include "core/dispatch/commit_sequencer.h"
#include "core/dispatch/dedupe.h"
#include "core/dispatch/event_clock.h"
#include "core/dispatch/invoker.h"
#include "core/dispatch/memory_budget.h"
#include "core/dispatch/outbox_pump.h"
#include "core/dispatch/partition_ledger.h"
#include "core/dispatch/replay_feed.h"
#include "core/dispatch/shaping.h"
#include "core/dispatch/sink_binding.h"
#include "core/dispatch/steps.h"
#include "core/dispatch/stream_ports.h"
#include "core/dispatch/suspects.h"
#include "core/dispatch/tap.h"
#include "core/dispatch/told.h"
#include "core/dispatch/transactor.h"
#include "core/dispatch/turnstile.h"
#include "core/dispatch/verdict.h"
#include "tidemill/log.h"
#include "tidemill/sink.h"
#include "tidemill/source.h"

namespace tidemill {

class PipelineMetrics;

struct PipelineConfig {
  std::string name;
  PipelineId id;
  std::string life;      ///< Of the engine: another one at each start of the pipeline, for ever.
  std::string function;  ///< Its name; empty without one.
  std::vector<Step> steps{};  ///< In front of it.
  Executor maps_on{};         ///< Where jq runs; empty: Scheduler::blocking().
  Duration timeout = std::chrono::seconds(30);
  BatchLimits batch;
  Parallel parallel;
  OrderBy order_by = OrderBy::partition;
  RetryPolicy retry;
  DedupePolicy dedupe;
  Durability durability = Durability::sync;
  DeadLetterPolicy dead_letter;
  Transactor* transactor = nullptr;    ///< Outlives the runner; null: no sink has transactions.
  const Suspects* suspects = nullptr;  ///< Outlives the runner; null: no event is suspected.
  EntrySource* entries = nullptr;      ///< The source, where its events leave it in commits.
  PipelineTaps* taps = nullptr;        ///< Outlives the runner; null: nobody can watch.
  PipelineMetrics* metrics = nullptr;  ///< Likewise; learns how long calls and commits take.
};

/// Since the start. At rest, events = committed + filtered + duplicates + dead_lettered.
struct PipelineStats {
  std::uint64_t events = 0;
  std::uint64_t bytes = 0;  ///< Taken from the source; see Event::bytes().
  std::uint64_t batches = 0;
  std::uint64_t invocations = 0;
  std::uint64_t failed_invocations = 0;  ///< Of these, those that failed their batch, or events.
  std::uint64_t committed = 0;
  std::uint64_t retried = 0;
  std::uint64_t filtered = 0;
  std::uint64_t duplicates = 0;
  std::uint64_t dead_lettered = 0;
  std::uint64_t dead_effects = 0;  ///< Given up behind an outbox; their events had committed.
  std::uint64_t late = 0;          ///< Settled behind the watermark, counted once per aggregate.
  std::uint64_t late_dropped = 0;  ///< Of these, those whose every window had closed.
  // Of dead letters that were played again, none of which is an event here: those that are no more,
  // and those that failed again.
  std::uint64_t replayed = 0;
  std::uint64_t failed_replays = 0;
  std::uint64_t in_flight_events = 0;
  std::uint64_t in_flight_bytes = 0;
  Latencies invoked{};  ///< From asking for an invocation to its answer.
  Latencies settled{};  ///< From taking the first event of a batch in to its commit; per event.

  /// Adds what happened; what is in flight is of this one alone.
  PipelineStats& operator+=(const PipelineStats& other);
};

class PipelineRunner {
 public:
  /// The parts of the engine that a pipeline shares with others. All outlive the runner.
  struct Shared {
    Scheduler& scheduler;
    Log& log;
    Store& store;
    CommitSequencer& sequencer;
    MemoryBudget& budget;
  };

  /// What an event costs beside its own bytes: its record here, its batch's, its ledger's.
  static constexpr std::uint64_t event_overhead = 400;

  /// Everything referred to outlives the runner. `invoker` may be null (no function).
  PipelineRunner(Shared shared, Source& source, Invoker* invoker, std::vector<SinkBinding> sinks,
                 PipelineConfig config, std::vector<LogProgress> restored);
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

  /// Dead letters were marked for their replay, or are no longer.
  void replay() { replays_.look_again(); }

  const PipelineStats& stats() const { return stats_; }

  /// Which sink is waited for, and why; empty: none.
  std::string trouble() const;

  const std::string& name() const { return config_.name; }

 private:
  enum class End : std::uint8_t { invoke, condemned, duplicate };

  // Events that go one way together.
  struct Work {
    std::vector<Event> events;
    std::uint32_t attempt = 1;
    Instant not_before{};
    End end = End::invoke;
    std::uint32_t put_offs = 0;    // Invocations in a row that did not take place.
    Stage stage = Stage::source;   // End::condemned: where they were given up,
    std::string reason{};          // why,
    std::uint32_t tries = 0;       // and after how many invocations.
    bool too_old = false;          // They passed max_age.
    bool fresh = false;            // A batch as it was closed, rather than a part of one.
    std::uint32_t overtaken = 0;   // So often its reads were,
    std::vector<RowRead> reads{};  // the last time these.
    std::vector<Told> told{};      // End::duplicate: what their senders are told, if anything.

    std::uint32_t invocations() const { return end == End::condemned ? tries : attempt; }
  };

  // Stays in place while it grows. Every batch has some, mostly empty: these cost nothing then.
  template <class T>
  using Kept = boost::container::deque<T>;

  struct Domain;

  // What is worked in order: a partition, or a slice of its keys.
  struct Lane {
    Lane(Domain& d, BatchLimits limits) : domain(d), window(limits) {}
    Domain& domain;
    BatchWindow window;
    std::deque<Work> ready;
    std::uint32_t running = 0;
  };

  // Events that a step left out, and that no commit has settled yet.
  struct Filtered {
    std::uint64_t events = 0;
    std::uint64_t kept = 0;        // Of these, those that something below is about,
    std::uint64_t held = 0;        // and what that takes.
    std::vector<Settled> settled;  // Of a log's, its ledger knows.
    Kept<std::string> texts;       // What those view.
    std::vector<DedupeId> ids;     // Under way until then.
  };

  // One partition of a log source, or the whole of another source.
  struct Domain {
    Partition partition;
    std::optional<PartitionLedger> ledger;  // Log sources only.
    std::vector<EventClock> clocks;         // Beside it, one for each of `windowed_`.
    Offset seen_until;                      // By these.
    std::vector<Lane*> lanes;               // One, or one for each slice of keys.
    std::uint32_t running = 0;
    bool blocked = false;  // Its ledger is at its bound.
    Filtered filtered;
    bool moved = false;  // Its ledger has, and no commit says so yet.
  };

  // One event's way out, other than success.
  struct Death {
    Stage stage;
    std::string sink;
    std::string reason;
    std::string code{};                   // In a word.
    std::vector<std::string> taken_by{};  // The sinks that have its effects already.
  };

  // What one event adds at an aggregate.
  struct Share {
    std::uint32_t event;
    EventClock::Sight sight;
    Contribution contribution;
  };

  // A target that folds into windows, and how far it has told the store that these are over.
  struct Windowed {
    const Target* target;
    EventTime closed{};
    EventTime removed{};
  };

  // A batch between its answer and its commit.
  struct Settlement {
    Work work;
    Answer answer;
    Duration took{0};                       // Its invocation,
    std::string request_id;                 // and the name of that.
    std::vector<Fate> fates;                // Invariant: one per event, once judged.
    std::map<std::uint32_t, Death> deaths;  // Of events whose fate is dead_letter.
    Kept<std::string> texts;                // Own the keys and records that were made here.
    CommitPart part;
    // Of part.rows, one table after the other: where its rows end, and how long they are kept.
    std::vector<std::pair<std::size_t, std::optional<Duration>>> kept;
    std::vector<std::pair<const SinkBinding*, std::vector<Share>>> shares;  // By aggregate.
    Kept<AggregateFold> folds;  // What became of them; own what part.rows refers to.
    // Dead events whose record `on_failure` refused: these are kept in the dead letters at any
    // rate.
    std::set<std::uint32_t> unrecorded;
    std::vector<Told> told;            // By event; empty where no sender waits for it.
    std::vector<std::string> written;  // Awaited sinks that have all that they were to get.
    // What sinks with a `when` or a `map` get.
    std::map<const SinkBinding*, Shaped> shaped;
    std::uint64_t shaped_bytes = 0;
    Filtered filtered;    // What its commit takes along.
    bool claims = false;  // The rows that it read, in the sequencer's RowClaims.
    // Given up half-way because the runner stops: nothing of it may be committed.
    bool abandoned = false;
  };

  // Taking in (intake.cc).
  Task<> poll_loop();
  Task<> pause_after(const Error& error);
  Credit credit() const;
  std::uint64_t room_min() const;
  Task<> take_in(std::vector<Event>& events);
  bool admit(const Event& event);
  void take_charge(std::vector<Event>& events);
  static std::uint64_t charge_of(const Event& event);
  void into_lanes(std::vector<Event>& events);
  Lane* one_lane(const std::vector<Event>& events);
  void into_lane(Event&& event, Instant now);
  void take_closed(Lane& lane);
  void repeat(std::vector<Event> events, const Told& told = {});
  void repeat(Event event, Told told);
  void condemn(Lane& lane, Event event, Stage stage, std::string reason, std::uint32_t tries);
  void travel_alone(Lane& lane, Event event, Work work);
  Domain& domain_of(Partition partition);
  Lane& lane_of(const Event& event);
  void review(Domain& domain);

  // Steps (filtering.cc).
  Task<> through_steps(std::vector<Event>& events);
  Task<> room_for_mapped(std::size_t waiting);
  void sort_out(std::span<Event> events, std::span<Steps::Passage> passages);
  void filter_out(Domain& domain, const Event& event);
  void settle_before_long();
  void settle_filtered(Instant now);
  Task<> commit_filtered(Domain& domain);
  void release(const Filtered& filtered);

  // Event time (event_time.cc).
  void add_clocks(Domain& domain, const std::vector<ClockProgress>& restored);
  void see(Domain& domain, const Event& event, bool pending);
  void add_shares(const Domain& domain, const SinkBinding& binding, Settlement& settlement);
  Result<EventClock::Sight> sight_of(const Domain& domain, const SinkBinding& binding,
                                     const Event& event) const;
  void fold_shares(Settlement& settlement);
  void count_late_replay(const SinkBinding& binding, const EventClock::Sight& sight);
  void move_clocks(Domain& domain);
  void add_clock_progress(const Domain& domain, CommitPart& part);
  std::size_t clock_of(const SinkBinding& binding) const;
  std::optional<EventTime> latest_of_all(std::size_t windowed) const;

  // Playing dead letters again (replay.cc).
  Task<> replay_loop();
  std::size_t replay_room() const;
  Task<> replay_events(std::vector<DeadLetter> letters);
  void enter_again(std::span<Event> events, std::span<Steps::Passage> passages);
  Task<> replay_effects(std::vector<DeadLetter> letters);
  bool behind_an_outbox(const DeadLetter& letter) const;
  bool took_before(const SinkBinding& binding, const Event& event) const;
  void settle_letters(const Settlement& settlement, CommitPart& part) const;
  void add_history(const Event& event, DeadLetter& letter) const;
  Lane& replay_lane();
  const Target* target_of(std::string_view sink) const;
  void release_letter(const Event& event, Fate fate);

  // Starting work (pipeline_runner.cc).
  Task<> dispatch_loop();
  Task<> ack_loop();
  Task<> pump_loop(OutboxPump& pump);
  void start_ready(Instant now);
  bool may_start(const Lane& lane) const;
  bool start_one(Lane& lane, Instant now, bool in_vain);
  bool may_close_window(const Lane& lane) const;
  bool close_window(Lane& lane, Instant now, bool in_vain);
  std::optional<Work> next_due(Lane& lane, Instant now) const;
  static std::optional<Work> next_due_of_keys(Lane& lane, Instant now);
  void take_out_the_old(Lane& lane, Work& work);
  std::optional<Instant> next_deadline(Instant now);
  bool worked_off() const;
  Task<> process(Lane& lane, Work work);
  Task<> claim_rows(Settlement& settlement);
  Task<> invoke(Settlement& settlement);
  bool judge_answer(Lane& lane, Settlement& settlement);
  void split(Lane& lane, Work work);
  void requeue(Lane& lane, Settlement& settlement);
  bool may_commit(const Settlement& settlement);
  bool overtaken(Lane& lane, Settlement& settlement);
  void leave_lane(Lane& lane);
  Ordering ordering() const;

  // Showing (tapping.cc).
  bool tapped(TapPoint at) const { return config_.taps != nullptr && config_.taps->any(at); }
  void tap_source(std::span<const Event> events);
  void tap_function(const Settlement& settlement, const Verdict& verdict);
  void tap_sinks(Settlement& settlement);

  // Carrying out, with the sinks (settlement.cc).
  Task<> carry_out(Lane& lane, Settlement& settlement);
  Task<> shape(Settlement& settlement);
  Task<> write_sinks(Settlement& settlement, Takes takes);
  std::string_view life() const;
  Task<> write_sink(Target& target, Settlement& settlement);
  std::vector<Effect> effects_for(const SinkBinding& binding, Settlement& settlement) const;

  // Committing (settlement_commit.cc).
  void collect_rows(const Domain& domain, Settlement& settlement);
  void add_rows(const SinkBinding& binding, Settlement& settlement, CommitPart& part);
  CommitPart& complete_part(Domain& domain, Settlement& settlement);
  void set_expiries(Settlement& settlement);
  void add_marks(const Settlement& settlement, CommitPart& part) const;
  void add_progress(Domain& domain, const Settlement& settlement, CommitPart& part);
  bool outlets_full() const;
  std::vector<Settled> settled_of(const Domain& domain, const Settlement& settlement) const;
  Task<> commit(Domain& domain, Settlement& settlement);
  Transactor::Share share_for_transaction(Domain& domain, Settlement& settlement,
                                          std::vector<Settled>& settled);
  const CommitPart& before_commit(Domain& domain, Settlement& settlement,
                                  std::vector<Settled>& settled);
  void fail_pipeline(Error error);
  void tell_pumps(const CommitPart& part);
  void release(const Settlement& settlement);

  // Answering who waits (replying.cc).
  void collect_told(Settlement& settlement) const;
  static void keep_told(const Settlement& settlement, std::size_t event, DedupeId id,
                        CommitPart& part);

  // Putting where others take from (records.cc; into the stage of an archive: staging.cc).
  std::string lasting_id(const Event& event) const;
  SinkBatch batch_for(const SinkBinding& binding, const Settlement& settlement) const;
  void add_records(const SinkBinding& binding, Settlement& settlement, CommitPart& part);
  void add_staged(const SinkBinding& binding, Settlement& settlement, CommitPart& part);
  void add_queued(const SinkBinding& binding, Settlement& settlement, CommitPart& part);
  void set_delays(CommitPart& part) const;

  // Giving up (deaths.cc).
  void bury(Settlement& settlement);
  void name_deaths(Settlement& settlement);
  static Death died_at(const SinkBinding& binding, const Error& error);
  void kill(Settlement& settlement, std::uint32_t event, Death death);
  DeadLetter dead_letter(const Work& work, const Event& event, const Death& death) const;
  void effect_died(const DeadLetter& letter);
  void report_death(std::string_view event, std::string_view sink, std::string_view reason);

  Scheduler& scheduler_;
  Log& log_;
  CommitSequencer& sequencer_;
  Source& source_;
  Invoker* invoker_;
  PipelineConfig config_;
  const SourceTraits traits_;
  const Executor maps_on_;
  Steps steps_;
  Steps replay_steps_;  // The same, for what is replayed: one call of each at a time.
  MemoryBudget::Share share_;
  std::vector<Target> targets_;
  std::vector<Windowed> windowed_;  // Those of `targets_`.
  std::vector<std::unique_ptr<OutboxPump>> pumps_;
  std::optional<Dedupe> dedupe_;
  AckQueue acks_;
  ReplayFeed replays_;
  std::unique_ptr<Domain> replay_domain_;  // Of the events that come from there.
  std::uint64_t replaying_ = 0;            // Those that have not ended.
  std::map<Partition, Domain> domains_;
  std::vector<std::unique_ptr<Lane>> lanes_;
  Domain* last_domain_ = nullptr;  // The one that the last event came from.
  std::size_t turn_ = 0;           // Where start_ready() begins: the lane after the last started.
  std::uint32_t blocked_ = 0;      // Domains that are.
  std::uint32_t running_ = 0;      // Works between start_one() and leave_lane().
  std::uint32_t unfinished_ = 0;   // Works, the poll and the replay loop that have not ended.
  std::uint32_t helpers_ = 0;      // ack_loop() and pump_loop()s that have not ended.
  std::uint64_t reported_deaths_ = 0;
  bool source_ended_ = false;
  bool draining_ = false;
  std::atomic<bool> stopping_ = false;  // The same, for what runs on other threads.
  // When filtered events, or progress alone, get a commit of their own, if any.
  std::optional<Instant> filtered_due_;
  std::uint64_t filtered_kept_ = 0;  // Of those that something is kept of, over all domains.
  std::optional<Error> failure_;
  PipelineStats stats_;
  bool busy_ = false;     // The last poll brought about as much as it could.
  bool cramped_ = false;  // The source's next event needs more room than there is.
  std::vector<BatchWindow::Events> closed_;  // Scratch of take_closed().
  Signal room_;  // Credits came back, or the runner is to stop: poll_loop() looks again.
  Signal work_;  // Something became ready or ended: dispatch_loop() looks again.
};

}  // namespace tidemill
