// Lake: the archive of one flow - the product's stage and roller before a bucket that is slow, down
// now and then, and sometimes says so of an object that it has. Made anew with each line; the
// objects are the World's.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "core/archive/archive_roller.h"
#include "core/archive/archive_stage.h"
#include "core/dispatch/sink_binding.h"
#include "tests/sim/world.h"

namespace tidemill::sim {

/// Writes to the bucket of a flow, and looks at what it writes: it has to be on disk by then.
class SimBucket final : public StagedSink {
 public:
  SimBucket(World& world, const Flow& flow, Scheduler& scheduler)
      : world_(world), flow_(flow), scheduler_(scheduler) {}

  SinkTraits traits() const override {
    return {.idempotence = Idempotence::atomic, .takes_messages = true};
  }
  std::string place() const override { return "sim:"; }
  Task<Result<>> open() override { co_return Result<>{}; }
  Task<> close() override { co_return; }

  StagePolicy policy() const override { return flow_.archive; }
  ObjectPlan plan(Hour hour, std::string_view name) const override;
  Task<Result<>> begin(const ObjectPlan& plan) override;
  Task<Result<>> add(std::span<const Event> events) override;
  Task<Result<std::uint64_t>> finish() override;
  Task<> abandon() override;

 private:
  Task<Result<>> work();
  void put();
  bool is_noted() const;

  World& world_;
  const Flow& flow_;
  Scheduler& scheduler_;
  bool begun_ = false;
  std::string key_;
  std::vector<std::string> events_;
};

class Lake {
 public:
  /// All outlive it.
  Lake(World& world, const Flow& flow, Scheduler& scheduler, Log& log, CommitSequencer& sequencer);

  SinkBinding binding();

  /// Until end(), or a write has failed and stop() was called.
  Task<> run();
  /// With `whole`, what is staged becomes objects; returns when run() has ended.
  Task<> end(bool whole);
  void stop() { roller_.stop(); }

 private:
  SimBucket bucket_;
  ArchiveStage stage_;
  ArchiveRoller roller_;
  bool ran_ = false;
  Signal ended_;
};

}  // namespace tidemill::sim
