// Pipelines that archive, as the engine runs them.
#include <gmock/gmock.h>

#include <chrono>
#include <optional>
#include <string>
#include <vector>

#include "core/archive/testing/memory_archive.h"
#include "core/pipeline/testing/engine_fixture.h"

namespace tidemill {
namespace {

using ::testing::AllOf;
using ::testing::Each;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;
using ::testing::StartsWith;

using namespace std::chrono_literals;

struct VaultConfig {
  std::uint64_t staged = 1u << 20;
};

class EngineArchiveTest : public testing::EngineTest {
 protected:
  EngineArchiveTest() {
    registry_.add_sink("vault", Idempotence::atomic,
                       ConfigSpec<VaultConfig>("Keeps.").field("staged", &VaultConfig::staged,
                                                               "How much may wait."),
                       [this](const VaultConfig& config, const Services&) {
                         auto made = std::make_unique<testing::MemoryArchive>(
                             bucket_, StagePolicy{.object_bytes = 1000,
                                                  .object_age = 10min,
                                                  .staged_bytes_max = config.staged});
                         made->fails = fails_;
                         vault_ = made.get();
                         return made;
                       });
  }

  static PipelinePlan archiving(std::string name, int count, ResolvedOptions options = {}) {
    PipelinePlan plan = counting(std::move(name), {{"count", std::to_string(count)}});
    plan.sinks.front() = SinkPlan{.name = "lake", .from = "event"};
    plan.sinks.front().connector = {"vault", std::move(options), {}};
    plan.retry.backoff.jitter = Jitter::none;
    return plan;
  }

  Result<> run(std::vector<PipelinePlan> plans) {
    engine_.reset();
    auto built = build(std::move(plans), true);
    if (!built) return built;
    return scheduler_.run(engine_->run());
  }

  testing::MemoryBucket bucket_;
  testing::MemoryArchive* vault_ = nullptr;
  std::optional<std::string> fails_;
};

TEST_F(EngineArchiveTest, ARunUntilIdleLeavesNothingStaged) {
  ASSERT_TRUE(run({archiving("p", 2500)}));
  EXPECT_THAT(bucket_.lines(), SizeIs(2500));
  EXPECT_THAT(bucket_.keys(), Each(HasSubstr("/p.lake-")));
  EXPECT_EQ(engine_->status()[0].stats.committed, 2500);
  const ArchiveStatus archive = engine_->status()[0].archives.at(0);
  EXPECT_EQ(archive.sink, "lake");
  EXPECT_EQ(archive.objects, bucket_.objects.size());
  EXPECT_EQ(archive.staged_events, 0);

  ASSERT_TRUE(run({archiving("p", 2600)}));
  EXPECT_THAT(bucket_.lines(), SizeIs(2500 + 2600)) << "another source, from its beginning";
}

TEST_F(EngineArchiveTest, ABucketThatStaysDownFailsTheRunAndTheNextOneMakesTheObjects) {
  fails_ = "no route to the bucket";
  const Result<> ran = run({archiving("p", 5)});
  ASSERT_FALSE(ran);
  EXPECT_THAT(ran.error().message, AllOf(StartsWith("p: "), HasSubstr("no route")));
  EXPECT_EQ(engine_->status()[0].stats.committed, 5);
  EXPECT_THAT(bucket_.objects, IsEmpty());

  fails_.reset();
  ASSERT_TRUE(run({archiving("p", 5)}));
  EXPECT_EQ(engine_->status()[0].stats.committed, 0);
  EXPECT_THAT(bucket_.lines(), SizeIs(5));
}

TEST_F(EngineArchiveTest, AFullStageHoldsItsPipelineBackAndNoOther) {
  fails_ = "no route to the bucket";
  ASSERT_TRUE(build(
      {archiving("p", 100'000, {{"staged", "5000"}}), counting("q", {{"count", "40000"}})}, false));
  bool ended = false;
  boost::asio::co_spawn(scheduler_.executor(), engine_->run(),
                        [&ended](std::exception_ptr, const Result<>&) { ended = true; });
  bool over = false;
  scheduler_.call_at(scheduler_.now() + 5min, [&over] { over = true; });
  scheduler_.run_until([&over] { return over; });

  auto status = engine_->status();
  EXPECT_EQ(status[1].stats.committed, 40'000);
  EXPECT_EQ(status[1].state, LineState::ended);
  EXPECT_LT(status[0].stats.committed, 20'000);
  EXPECT_GE(status[0].archives.at(0).staged_bytes, 5000);
  EXPECT_THAT(status[0].error, AllOf(StartsWith("archive lake: "), HasSubstr("no route")));

  vault_->fails.reset();
  EXPECT_TRUE(scheduler_.run_until([&ended] { return ended; }));
  EXPECT_THAT(bucket_.lines(), SizeIs(100'000));
  status = engine_->status();
  EXPECT_EQ(status[0].state, LineState::ended);
  EXPECT_THAT(status[0].error, IsEmpty());
}

TEST_F(EngineArchiveTest, AStoppedEngineLeavesWhatIsStagedToTheNext) {
  fails_ = "no route to the bucket";
  ASSERT_TRUE(build({archiving("p", 100'000, {{"staged", "5000"}})}, false));
  bool ended = false;
  boost::asio::co_spawn(scheduler_.executor(), engine_->run(),
                        [&ended](std::exception_ptr, const Result<>&) { ended = true; });
  scheduler_.run_until([this] { return engine_->status()[0].stats.committed > 0; });
  engine_->drain();
  EXPECT_TRUE(scheduler_.run_until([&ended] { return ended; }));
  const std::uint64_t committed = engine_->status()[0].stats.committed;
  EXPECT_GT(engine_->status()[0].archives.at(0).staged_events, 0);
  EXPECT_THAT(bucket_.objects, IsEmpty());

  fails_.reset();
  ASSERT_TRUE(run({archiving("p", 100'000, {{"staged", "5000"}})}));
  EXPECT_EQ(engine_->status()[0].stats.committed + committed, 100'000);
  EXPECT_THAT(bucket_.lines(), SizeIs(100'000));
}

}  // namespace
}  // namespace tidemill
