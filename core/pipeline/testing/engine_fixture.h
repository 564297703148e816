// EngineTest: a whole engine in virtual time, over a real store, with a source made up here.
#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "core/pipeline/engine.h"
#include "tidemill/testing/recording_log.h"
#include "tidemill/testing/temp_folder.h"
#include "tidemill/testing/virtual_scheduler.h"

namespace tidemill::testing {

// Delivers `count` events and ends, or waits for ever when `count` is 0.
struct CountConfig {
  std::uint32_t count = 0;
  std::uint32_t opens_after = 1;  ///< The try at which open() succeeds; 0: it is misconfigured.
  ByteSize buffer{};              ///< What its client would hold.
};

class CountSource final : public Source {
 public:
  CountSource(CountConfig config, Scheduler& scheduler) : config_(config), wake_(scheduler) {}

  SourceTraits traits() const override {
    return {.progress = ProgressKind::log,
            .can_exhaust = config_.count > 0,
            .buffer_bytes = config_.buffer.value};
  }
  std::string identity() const override { return "count:" + std::to_string(config_.count); }
  bool sees(std::string_view) const override { return false; }

  Task<Result<>> open(const Progress& progress) override {
    if (config_.opens_after == 0) co_return fail(Fault::bad_config, "there is nothing to count");
    if (++tries_ < config_.opens_after) co_return fail(Fault::transient, "not there yet");
    next_ = progress.next(Partition(0)).value_or(Offset(0)).value;
    co_return Result<>{};
  }

  Task<Result<PollEnd>> poll(Credit credit, std::vector<Event>& out) override {
    while (config_.count == 0 && !interrupted_) co_await wake_.wait();
    if (interrupted_) co_return fail(Fault::cancelled, "interrupted");
    for (; next_ < config_.count && credit.events > 0; --credit.events, ++next_) {
      Event event;
      event.offset = Offset(next_);
      event.offset_next = Offset(next_ + 1);
      event.source = "count";
      event.key = "same";
      event.data = Bytes::copy(std::to_string(next_));
      out.push_back(std::move(event));
    }
    co_return next_ < config_.count ? PollEnd::more : PollEnd::exhausted;
  }

  void interrupt() override {
    interrupted_ = true;
    wake_.notify();
  }
  Task<Result<>> settle(std::span<const Settled>) override { co_return Result<>{}; }
  Task<> close() override { co_return; }

 private:
  CountConfig config_;
  Signal wake_;
  std::uint32_t tries_ = 0;
  std::uint64_t next_ = 0;
  bool interrupted_ = false;
};

class EngineTest : public ::testing::Test {
 protected:
  EngineTest() : plugins_(PluginPath({})) {
    registry_.add_source("count",
                         ConfigSpec<CountConfig>("Counts.")
                             .field("count", &CountConfig::count, "How far.")
                             .field("opens_after", &CountConfig::opens_after, "Tries to open.")
                             .field("buffer", &CountConfig::buffer, "What it holds ahead."),
                         [](CountConfig config, const Services& services) {
                           return std::make_unique<CountSource>(config, services.scheduler);
                         });
  }

  ~EngineTest() override { scheduler_.abandon(); }

  static PipelinePlan counting(std::string name, ResolvedOptions options) {
    PipelinePlan plan;
    plan.name = std::move(name);
    plan.source = {"count", std::move(options), {}};
    SinkPlan rows;
    rows.name = plan.name + "_rows";
    rows.from = "event";
    rows.connector = {"table", {{"key", "$event.id"}}, {}};
    plan.sinks.push_back(std::move(rows));
    return plan;
  }

  Result<> build(std::vector<PipelinePlan> pipelines, bool until_idle) {
    plan_.pipelines = std::move(pipelines);
    auto built = Engine::build(
        plan_, registry_, plugins_, scheduler_, log_,
        {.data_folder = folder_.path(), .until_idle = until_idle, .function_threads = 1});
    if (!built) return std::unexpected(built.error());
    engine_ = std::move(*built);
    return {};
  }

  std::uint64_t rows_in(const std::string& table, Duration later = Duration(0)) {
    std::uint64_t rows = 0;
    const auto id = engine_->store().find_table(table);
    if (!id) return 0;
    const WallTime at(scheduler_.wall().value + static_cast<std::uint64_t>(later.count()));
    const auto read = engine_->store().each_row(
        *id, "", at, [&](std::string_view, const Row&) { return ++rows; });
    EXPECT_TRUE(read);
    return rows;
  }

  TempFolder folder_;
  VirtualScheduler scheduler_;
  RecordingLog log_;
  Registry registry_;
  PluginCatalog plugins_;
  Plan plan_;
  std::unique_ptr<Engine> engine_;
};

}  // namespace tidemill::testing
