// OutboxPump: carries the effects of one outbox to their sink (`delivery: queue`), in their order,
// independently of the pipeline that put them there: a sink that is slow or down stalls only this.
//
// An effect leaves the outbox in the same commit that says what became of it: delivered, or given
// up to the dead letters. A crash in between writes it again; its effect_id() stays the same.
//
// Lives on the scheduler's executor, beside the runner of its pipeline.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "core/dispatch/commit_sequencer.h"
#include "core/dispatch/sink_binding.h"
#include "tidemill/log.h"

namespace tidemill {

class OutboxPump {
 public:
  /// So many effects may wait, and so many bytes; beyond, the pipeline takes in no more events.
  static constexpr std::uint64_t effects_max = 1'000'000;
  static constexpr std::uint64_t bytes_max = 1ull << 30;

  struct Config {
    std::string pipeline;
    PipelineId id;
    Durability durability = Durability::sync;
    DeadLetterPolicy dead_letter;
  };

  /// What it counts of an effect.
  static std::uint64_t bytes_of(const QueuedEffect& effect);

  struct Callbacks {
    std::function<void()> room_came;              ///< It is full no longer.
    std::function<void(const DeadLetter&)> died;  ///< An effect was given up, durably.
  };

  /// Everything referred to outlives the pump.
  OutboxPump(Scheduler& scheduler, Log& log, Store& store, CommitSequencer& sequencer,
             Target& target, Config config, Callbacks callbacks);
  OutboxPump(const OutboxPump&) = delete;
  OutboxPump& operator=(const OutboxPump&) = delete;

  /// Runs until stop(), or until finish() was called and the outbox is empty.
  ///
  /// Errors: transient (a commit failed; a read that fails is tried again).
  Task<Result<>> run();

  /// So many effects were committed into the outbox.
  void added(std::uint64_t effects, std::uint64_t bytes);
  void finish();
  void stop();

  OutboxId outbox() const { return target_.binding.outbox; }
  /// Until what an earlier life left is counted, too.
  bool full() const { return !counted_ || at_bound(); }

 private:
  struct Page;

  Task<std::optional<std::vector<QueuedEffect>>> read(std::uint64_t after, std::size_t effects);
  Task<bool> deliver(Page& page);
  Task<bool> commit(Page& page);
  Task<> count();
  void set_waiting(std::uint64_t effects, std::uint64_t bytes);
  bool at_bound() const { return waiting_ >= effects_max || waiting_bytes_ >= bytes_max; }

  Scheduler& scheduler_;
  Log& log_;
  Store& store_;
  CommitSequencer& sequencer_;
  Target& target_;
  const Config config_;
  const Callbacks callbacks_;
  std::uint64_t delivered_ = 0;  // The number of the last effect that left.
  std::uint64_t waiting_ = 0;
  std::uint64_t waiting_bytes_ = 0;
  bool counted_ = false;  // What an earlier life left, up to the bounds.
  bool finishing_ = false;
  bool stopping_ = false;
  Signal wake_;
};

}  // namespace tidemill
