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
  /// So many effects may wait; beyond, the pipeline takes in no more events.
  static constexpr std::uint64_t effects_max = 1'000'000;

  struct Config {
    std::string pipeline;
    PipelineId id;
    Durability durability = Durability::sync;
    DeadLetterPolicy dead_letter;
  };

  /// Everything referred to outlives the pump. `room_came` is called when it is full no longer.
  OutboxPump(Scheduler& scheduler, Log& log, Store& store, CommitSequencer& sequencer,
             Target& target, Config config, std::function<void()> room_came);
  OutboxPump(const OutboxPump&) = delete;
  OutboxPump& operator=(const OutboxPump&) = delete;

  /// Runs until stop(), or until finish() was called and the outbox is empty.
  ///
  /// Errors: transient (a commit failed; a read that fails is tried again).
  Task<Result<>> run();

  /// So many effects were committed into the outbox.
  void added(std::uint64_t effects);
  void finish();
  void stop();

  OutboxId outbox() const { return target_.binding.outbox; }
  bool full() const { return waiting_ >= effects_max; }
  std::uint64_t dead_lettered() const { return dead_lettered_; }

 private:
  struct Page;

  Task<std::optional<std::vector<QueuedEffect>>> read(std::uint64_t after, std::size_t effects);
  Task<bool> deliver(Page& page);
  Task<bool> commit(Page& page);
  void set_waiting(std::uint64_t effects);

  Scheduler& scheduler_;
  Log& log_;
  Store& store_;
  CommitSequencer& sequencer_;
  Target& target_;
  const Config config_;
  const std::function<void()> room_came_;
  std::uint64_t delivered_ = 0;  // The number of the last effect that left.
  std::uint64_t waiting_ = 0;    // As far as it was seen here.
  std::uint64_t dead_lettered_ = 0;
  bool finishing_ = false;
  bool stopping_ = false;
  Signal wake_;
};

}  // namespace tidemill
