// The edges of a simulated engine: a source that replays, a function that fails by plan, a sink
// that is slow and flaky. They live for one life of the engine; what survives is in outside.h.
#pragma once

#include <map>
#include <string>
#include <utility>
#include <vector>

#include "core/dispatch/invoker.h"
#include "tests/sim/outside.h"
#include "tests/sim/scenario.h"
#include "tidemill/sink.h"
#include "tidemill/source.h"

namespace tidemill::sim {

class FakeSource final : public Source {
 public:
  FakeSource(const Scenario& scenario, Scheduler& scheduler)
      : scenario_(scenario), scheduler_(scheduler), wake_(scheduler) {}

  SourceTraits traits() const override { return {scenario_.progress, true}; }
  std::string identity() const override { return "sim"; }
  bool sees(std::string_view) const override { return false; }
  Task<Result<>> open(const Progress& progress) override;
  Task<Result<PollEnd>> poll(Credit credit, std::vector<Event>& out) override;
  void interrupt() override { wake_.notify(); }
  Task<Result<>> settle(std::span<const Settled>) override { co_return Result<>{}; }
  Task<> close() override { co_return; }

 private:
  bool append_one(Credit& credit, std::vector<Event>& out);

  const Scenario& scenario_;
  Scheduler& scheduler_;
  Signal wake_;
  std::vector<std::uint64_t> next_;
  std::map<std::string, std::string> settled_objects_;
};

class FakeInvoker final : public Invoker {
 public:
  FakeInvoker(const Scenario& scenario, Scheduler& scheduler, Trace& trace)
      : scenario_(scenario), scheduler_(scheduler), trace_(trace) {}

  const FunctionTraits& traits() const override { return traits_; }
  std::string_view version() const override { return "sim"; }
  Task<Answer> invoke(const Request& request) override;

 private:
  const Scenario& scenario_;
  Scheduler& scheduler_;
  Trace& trace_;
  FunctionTraits traits_{false, {"messages", "rows"}};
};

class FakeSink final : public Sink {
 public:
  FakeSink(const Scenario& scenario, Scheduler& scheduler, Trace& trace, Receiver& receiver)
      : scenario_(scenario), scheduler_(scheduler), trace_(trace), receiver_(receiver) {}

  SinkTraits traits() const override {
    return {.idempotence = Idempotence::at_least_once, .takes_messages = true};
  }
  std::string place() const override { return "sim:"; }
  Task<Result<>> open() override { co_return Result<>{}; }
  Task<std::vector<Result<>>> write(SinkBatch batch) override;
  Task<> close() override { co_return; }

 private:
  const Scenario& scenario_;
  Scheduler& scheduler_;
  Trace& trace_;
  Receiver& receiver_;
};

}  // namespace tidemill::sim
