// PipelineRunnerTest: one PipelineRunner between fake edges, on virtual time.
//
// A test changes `config_`, `bindings_` and the fakes, pushes events and calls run(). crash() drops
// the runner with all that is under way and begins a new life from what FakeStore holds.
#pragma once

#include <gtest/gtest.h>

#include <boost/asio/co_spawn.hpp>
#include <initializer_list>
#include <optional>
#include <string_view>
#include <vector>

#include "core/dispatch/pipeline_runner.h"
#include "core/dispatch/testing/fake_edges.h"
#include "core/dispatch/testing/fake_store.h"
#include "tidemill/testing/virtual_scheduler.h"

namespace tidemill::testing {

class PipelineRunnerTest : public ::testing::Test {
 protected:
  PipelineRunnerTest() {
    config_.name = "p";
    config_.function = "f";
    config_.batch.events = 10;
    config_.retry.backoff.jitter = Jitter::none;
    messages_.retry.backoff.jitter = Jitter::none;
  }
  // Frames that still wait refer to the objects below.
  ~PipelineRunnerTest() override { scheduler_.abandon(); }

  void push(std::initializer_list<std::string_view> events, std::uint32_t partition = 0) {
    for (const std::string_view data : events) source_.push(data, partition);
  }

  void start(std::vector<LogProgress> restored = {}) {
    Invoker* invoker = with_function_ ? &invoker_ : nullptr;
    runner_.emplace(PipelineRunner::Shared{scheduler_, log_, store_, sequencer_, budget_}, source_,
                    invoker, bindings_, config_, std::move(restored));
    boost::asio::co_spawn(scheduler_.executor(), runner_->run(),
                          [this](std::exception_ptr, Result<> result) { result_ = result; });
  }

  /// Until nothing is left to do; the runner must have ended.
  void run() {
    start();
    scheduler_.run();
    ASSERT_TRUE(result_.has_value()) << "the runner is stuck";
  }

  PipelineStats stats() const { return runner_->stats(); }

  VirtualScheduler scheduler_;
  FakeLog log_;
  FakeStore store_;
  CommitSequencer sequencer_{scheduler_, store_, scheduler_.blocking()};
  MemoryBudget budget_{MemoryBudget::default_bytes};
  FakeSource source_{scheduler_};
  FakeInvoker invoker_{scheduler_};
  FakeSink sink_{scheduler_};
  bool with_function_ = true;
  PipelineConfig config_;
  SinkBinding messages_{.name = "out", .sink = &sink_, .output = 0};
  SinkBinding rows_{.name = "rows", .table = TableId(1), .output = 1};
  std::vector<SinkBinding> bindings_{rows_};
  std::optional<PipelineRunner> runner_;
  std::optional<Result<>> result_;
};

}  // namespace tidemill::testing
