// An engine whose store cannot write, by a write that is no commit: it waits like after a failed
// commit, says why, and goes on once there is space.
#include <gmock/gmock.h>

#include "core/pipeline/engine.h"
#include "tests/disk/unsynced_disk.h"
#include "tidemill/testing/recording_log.h"
#include "tidemill/testing/temp_folder.h"
#include "tidemill/testing/virtual_scheduler.h"

namespace tidemill {
namespace {

using namespace std::chrono_literals;

struct FewConfig {
  std::uint32_t count = 3;
};

// So many events, and the end.
class FewSource final : public Source {
 public:
  explicit FewSource(FewConfig config) : config_(config) {}
  SourceTraits traits() const override { return {}; }
  std::string identity() const override { return "few"; }
  bool sees(std::string_view) const override { return false; }
  Task<Result<>> open(const Progress& progress) override {
    next_ = progress.next(Partition(0)).value_or(Offset(0)).value;
    co_return Result<>{};
  }
  Task<Result<PollEnd>> poll(Credit credit, std::vector<Event>& out) override {
    for (; next_ < config_.count && out.size() < credit.events; ++next_) {
      Event event;
      event.offset = Offset(next_);
      event.offset_next = Offset(next_ + 1);
      event.source = "few";
      event.data = Bytes::copy(R"({"id":")" + std::to_string(next_) + R"("})");
      out.push_back(std::move(event));
    }
    co_return PollEnd::exhausted;
  }
  void interrupt() override {}
  Task<Result<>> settle(std::span<const Settled>) override { co_return Result<>{}; }
  Task<> close() override { co_return; }

 private:
  FewConfig config_;
  std::uint64_t next_ = 0;
};

class EngineOnAFullDisk : public ::testing::Test {
 protected:
  EngineOnAFullDisk() {
    registry_.add_source(
        "few", ConfigSpec<FewConfig>("A few.").field("count", &FewConfig::count, "Many."),
        [](FewConfig config, const Services&) { return std::make_unique<FewSource>(config); });
    PipelinePlan pipeline;
    pipeline.name = "p";
    pipeline.source = {"few", {{"count", "3"}}, {}};
    SinkPlan rows;
    rows.name = "rows";
    rows.from = "event";
    rows.connector = {"table", {{"key", ".id"}}, {}};
    pipeline.sinks.push_back(std::move(rows));
    plan_.pipelines.push_back(std::move(pipeline));
  }
  ~EngineOnAFullDisk() override { scheduler_.abandon(); }

  sim::UnsyncedDisk disk_;
  testing::TempFolder folder_;
  testing::VirtualScheduler scheduler_;
  testing::RecordingLog log_;
  Registry registry_;
  PluginCatalog plugins_{PluginPath({})};
  Plan plan_;
};

TEST_F(EngineOnAFullDisk, TheFirstOpeningOfAPipelineWaitsForSpaceAndThenGoesOn) {
  auto built = Engine::build(plan_, registry_, plugins_, scheduler_, log_,
                             {.data_folder = folder_.path(),
                              .until_idle = true,
                              .env = disk_.env(),
                              .function_threads = 1});
  ASSERT_TRUE(built) << built.error().message;
  Engine& engine = **built;
  disk_.set_space(disk_.used());

  std::optional<Result<>> ran;
  boost::asio::co_spawn(scheduler_.executor(), engine.run(),
                        [&](std::exception_ptr, Result<> result) { ran = result; });
  const Instant start = scheduler_.now();
  scheduler_.run_until([&] { return ran || scheduler_.now() >= start + 1min; });
  ASSERT_FALSE(ran) << "nothing can be written, so nothing has ended";
  EXPECT_FALSE(engine.ready());
  EXPECT_THAT(engine.status()[0].error, ::testing::HasSubstr("the state cannot be written"));

  disk_.set_space(1u << 30);
  scheduler_.run_until([&] { return ran.has_value(); });

  ASSERT_TRUE(ran);
  EXPECT_TRUE(*ran) << ran->error().message;
  EXPECT_EQ(engine.status()[0].stats.committed, 3u);
}

}  // namespace
}  // namespace tidemill
