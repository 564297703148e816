// The edges of a simulated pipeline: a source that replays, a function that fails by plan, sinks
// that are slow and flaky. They live for one life of the engine; what survives is in world.h.
#pragma once

#include <functional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "core/dispatch/commit_sequencer.h"
#include "core/dispatch/invoker.h"
#include "tests/sim/world.h"
#include "tidemill/sink.h"
#include "tidemill/source.h"

namespace tidemill::sim {

class Witness;

class SimSource final : public Source {
 public:
  SimSource(World& world, const Flow& flow, Scheduler& scheduler);

  SourceTraits traits() const override {
    return {.progress = flow_.progress,
            .can_exhaust = true,
            .can_pause = flow_.seed % 2 == 0,
            .replies = flow_.replies};
  }
  std::string identity() const override { return "sim"; }
  bool sees(std::string_view) const override { return false; }
  Task<Result<>> open(const Progress& progress) override;
  Task<Result<PollEnd>> poll(Credit credit, std::vector<Event>& out) override;
  void pause(Partition partition, bool paused) override;
  void interrupt() override;
  Task<Result<>> settle(std::span<const Settled> settled) override;
  Task<> close() override { co_return; }

 private:
  bool append_one(std::vector<Event>& out, const Credit& credit, std::uint64_t& bytes);
  bool append_of_log(std::vector<Event>& out, const Credit& credit, std::uint64_t& bytes);
  bool append_of_queue(std::vector<Event>& out, const Credit& credit, std::uint64_t& bytes);
  Event make(std::uint32_t partition, std::uint64_t index) const;
  bool exhausted() const;
  void check_told(const Settled& settled, std::uint64_t index);

  World& world_;
  const Flow& flow_;
  Scheduler& scheduler_;
  Upstream& upstream_;
  Signal wake_;
  std::vector<std::uint64_t> next_;
  std::set<std::string, std::less<>> settled_objects_;
  std::set<std::uint32_t> paused_;
  bool interrupted_ = false;
  bool settling_ = false;
  std::uint32_t ack_failures_ = 0;  // In a row.
};

class SimInvoker final : public Invoker {
 public:
  SimInvoker(World& world, const Flow& flow, Scheduler& scheduler, CommitSequencer& sequencer,
             Witness& witness)
      : world_(world),
        flow_(flow),
        scheduler_(scheduler),
        sequencer_(sequencer),
        witness_(witness) {}

  const FunctionTraits& traits() const override { return traits_; }
  std::string_view version() const override { return "sim"; }
  Task<Answer> invoke(const Request& request) override;

 private:
  struct Counts;

  void check(const Request& request);
  bool fails(const Request& request, std::uint32_t index, Answer& answer) const;
  void answer_kinds(const Event& event, std::uint32_t index, Answer& answer, Counts& counts) const;
  void answer_sender(const Event& event, std::uint32_t i, Answer& answer, Counts& counts) const;
  void answer_rows(const Event& event, std::uint32_t index, Answer& answer, Counts& counts) const;

  World& world_;
  const Flow& flow_;
  Scheduler& scheduler_;
  CommitSequencer& sequencer_;
  Witness& witness_;
  FunctionTraits traits_{false, {"messages", "rows", "counts"}};
};

/// Refuses the events that `refuses` names; is busy now and then.
class SimSink final : public Sink {
 public:
  SimSink(World& world, const Flow& flow, Scheduler& scheduler, Witness& witness, std::string name,
          Nature refuses)
      : world_(world),
        flow_(flow),
        scheduler_(scheduler),
        witness_(witness),
        name_(std::move(name)),
        refuses_(refuses) {}

  SinkTraits traits() const override {
    return {.idempotence = Idempotence::at_least_once,
            .takes_messages = true,
            .concurrent_writes = flow_.seed % 3 == 0};
  }
  std::string place() const override { return "sim:"; }
  Task<Result<>> open() override { co_return Result<>{}; }
  Task<std::vector<Result<>>> write(SinkBatch batch) override;
  Task<> close() override { co_return; }

 private:
  World& world_;
  const Flow& flow_;
  Scheduler& scheduler_;
  Witness& witness_;
  const std::string name_;
  const Nature refuses_;
  bool writing_ = false;
};

/// What `received` counts under: "2/p3-17 at out".
std::string receipt(const std::string& event, std::string_view sink);

}  // namespace tidemill::sim
