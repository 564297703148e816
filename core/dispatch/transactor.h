// Transactor: commits of one pipeline together with the transactions of one of its sinks.
//
//     write the effects -> write down what the commits change (the intent), synced
//       -> commit the transaction -> make the changes, and end the intent, in one write
//
// After a crash the number of the sink's last transaction says whether the intent is carried out or
// dropped. One transaction at a time; commits that come meanwhile wait together and share the next.
// All commits of the pipeline that say how far it has come go through here, in their order: none
// may tell of what a transaction in front of it has not done yet.
//
// Lives on the scheduler's executor, beside the runner of its pipeline.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "core/config/plan.h"
#include "core/dispatch/commit_sequencer.h"
#include "core/dispatch/stream_ports.h"
#include "core/state/store.h"
#include "tidemill/async.h"
#include "tidemill/log.h"
#include "tidemill/transactional_sink.h"

namespace tidemill {

class Transactor {
 public:
  /// What one transaction takes, but for a single commit that is larger.
  static constexpr std::size_t effects_max = 20'000;
  static constexpr std::size_t bytes_max = 8u << 20;

  struct Config {
    std::string pipeline;
    PipelineId id;
    std::string sink;  ///< Its name in the pipeline.
    Durability durability = Durability::sync;
    Backoff backoff;
  };

  /// The parts of the engine that it works with. All outlive it.
  struct Shared {
    Scheduler& scheduler;
    Log& log;
    Store& store;
    CommitSequencer& sequencer;
  };

  /// One commit, with what its events have for the sink.
  struct Share {
    SinkBatch batch;  ///< But for the effects.
    std::vector<Effect> effects{};
    /// The sink has refused one: its event is given up.
    std::function<void(const Effect& effect, const Error& error)> refuse{};
    /// Was the event of this effect given up?
    std::function<bool(const Effect& effect)> given_up{};
    /// Called once, when the sink has taken all effects, in the order of the commits: what they
    /// change. It stays as it is until commit() returns.
    std::function<const CommitPart&()> complete{};
  };

  Transactor(Shared shared, TransactionalSink& sink, Config config);
  Transactor(const Transactor&) = delete;
  Transactor& operator=(const Transactor&) = delete;

  /// Decides about what an earlier life intended, and carries it out or drops it. The sink is open;
  /// comes before everything is read that a commit could change. `outlets` are the pipeline's.
  ///
  /// Errors: bad_config, transient, unavailable.
  Task<Result<>> open(std::span<StreamOutlet* const> outlets);

  /// Returns the number of the commit (CommitSequencer::commit()) once all of it is done. Its place
  /// in the order is taken before the first suspension. After an error nothing more is committed.
  ///
  /// Errors: cancelled (it was told to stop), transient (the store), fenced, bad_config.
  Task<Result<std::uint64_t>> commit(Share share);

  /// Waits for the sink no longer.
  void stop();

  /// Why the sink is waited for; empty: it is not.
  const std::string& trouble() const { return trouble_; }

 private:
  struct Waiting {
    Share* share;
    Result<std::uint64_t>* answer;
    std::move_only_function<void()> resume;
  };
  using Group = std::deque<Waiting>;

  Task<> work();
  Group next_group();
  void answer(Group group, const Result<std::uint64_t>& outcome);
  void resume_answered();
  Task<Result<std::uint64_t>> carry_out(Group& group);
  Task<Result<std::uint64_t>> carry_out(Group& group, CommitPart all);
  Task<Result<>> commit_transaction(Group& group, InDoubt doubt);
  Task<Result<bool>> took_place(InDoubt doubt);
  Task<Result<bool>> write_until_taken(Group& group, bool refusable);
  Task<Result<>> write(Group& group, bool refusable);
  Task<bool> wait_for_sink(const Error& error, std::uint32_t attempt);

  const Shared shared_;
  TransactionalSink& sink_;
  const Config config_;
  std::uint64_t last_ = 0;  // The last transaction that took place.
  Group waiting_;
  std::deque<std::move_only_function<void()>> answered_;
  bool working_ = false;  // Invariant: true while work() runs.
  bool stopping_ = false;
  std::optional<Error> failure_;
  std::string trouble_;
  Signal wake_;  // It is to stop.
};

}  // namespace tidemill
