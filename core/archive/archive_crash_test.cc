// Lives of an archive over a real store that end at any moment.
#include <gmock/gmock.h>

#include <algorithm>
#include <map>
#include <memory>
#include <optional>
#include <random>
#include <string>
#include <vector>

#include "core/archive/archive_roller.h"
#include "core/archive/testing/memory_archive.h"
#include "core/state/rocks_store.h"
#include "tidemill/testing/recording_log.h"
#include "tidemill/testing/temp_folder.h"
#include "tidemill/testing/virtual_scheduler.h"

namespace tidemill {
namespace {

using namespace std::chrono_literals;

constexpr PipelineId pipeline{1};
constexpr std::uint64_t events = 400;

// A pipeline that stages numbers, with its progress in the same commits, and its archive.
class Life {
 public:
  Life(const std::string& folder, testing::MemoryBucket& bucket, std::uint64_t seed)
      : chance_(seed), scheduler_(seed, testing::Order::shuffled) {
    auto opened = RocksStore::open(
        folder, {.engine_id = "11111111-2222-3333-4444-555555555555", .now = scheduler_.wall()});
    store_ = std::move(*opened);
    std::ignore = store_->progress(*store_->pipeline("p", ""), "numbers");
    const auto stream = store_->stream(StreamKind::archive, "1/lake", 0);
    sequencer_.emplace(scheduler_, *store_, scheduler_.blocking());
    const StagePolicy policy{.object_bytes = 60, .object_age = 1min, .staged_bytes_max = 1000};
    sink_.emplace(bucket, policy);
    stage_.emplace(stream->id, scheduler_, policy.staged_bytes_max);
    roller_.emplace(scheduler_, log_, *store_, *sequencer_, *stage_, *sink_,
                    ArchiveRoller::Config{.pipeline = "p",
                                          .sink = "lake",
                                          .id = pipeline,
                                          .object_name = "p.lake",
                                          .backoff = {.initial = 1ms, .max = 1ms}});
    spawn(scheduler_, roll());
    spawn(scheduler_, stage_numbers());
  }
  ~Life() {
    scheduler_.abandon();
    roller_.reset();
  }

  /// True when it ended by itself.
  bool run(std::uint64_t steps) {
    while (!ended_ && steps-- > 0)
      if (!scheduler_.step()) break;
    return ended_;
  }

  std::size_t partitions() { return store_->stream_partitions(stage_->stream())->size(); }

 private:
  Task<> roll() {
    const Result<> rolled = co_await roller_->run();
    EXPECT_TRUE(rolled);
    ended_ = true;
  }

  Task<> stage_numbers() {
    std::uint64_t next = 0;
    const auto logs = store_->log_progress(pipeline);
    for (const LogProgress& progress : *logs) next = progress.next.value;
    while (next < events) {
      while (stage_->full()) co_await sleep_until(scheduler_, scheduler_.now() + 1ms);
      CommitPart part{.pipeline = pipeline};
      std::vector<std::string> texts;
      const std::uint64_t count = std::min(1 + chance_() % 20, events - next);
      for (std::uint64_t i = 0; i < count; ++i) texts.push_back(std::to_string(next + i));
      for (std::uint64_t i = 0; i < count; ++i) {
        StreamAppend record;
        record.stream = stage_->stream();
        record.time = EventTime(hour_of(next + i) * 3'600'000'000ull);
        record.partition = stage_->partition_for("", record.time);
        record.data = texts[i];
        part.appended.push_back(record);
      }
      next += count;
      part.logs.push_back({Partition(0), Offset(next), {}});
      stage_->submitted(part);
      const Durability durability = chance_() % 2 == 0 ? Durability::sync : Durability::periodic;
      const auto committed = co_await sequencer_->commit(part, durability);
      EXPECT_TRUE(committed);
      stage_->committed(part);
      if (chance_() % 4 == 0) {
        const Instant later = scheduler_.now() + 20s;
        co_await sleep_until(scheduler_, later);
      }
    }
    roller_->finish();
  }

 public:
  static std::uint64_t hour_of(std::uint64_t number) { return 1000 + number / 100 - number % 3; }

 private:
  std::mt19937_64 chance_;
  testing::VirtualScheduler scheduler_;
  testing::RecordingLog log_;
  std::unique_ptr<RocksStore> store_;
  std::optional<CommitSequencer> sequencer_;
  std::optional<testing::MemoryArchive> sink_;
  std::optional<ArchiveStage> stage_;
  std::optional<ArchiveRoller> roller_;
  bool ended_ = false;
};

TEST(ArchiveUnderKills, EveryCommittedEventIsInOneObjectOfItsHour) {
  for (std::uint64_t seed = 1; seed <= 4; ++seed) {
    const testing::TempFolder folder;
    testing::MemoryBucket bucket;
    std::mt19937_64 chance(seed);
    int kills = 0;
    for (bool ended = false; !ended;) {
      Life life(folder / "data", bucket, chance());
      // At last one has to come through.
      ended = life.run(kills < 25 ? chance() % 400 : 1'000'000);
      EXPECT_TRUE(!ended || life.partitions() == 0) << "an empty archive holds nothing";
      if (!ended) ++kills;
    }
    EXPECT_GE(kills, 3) << "too little was left to be killed; seed " << seed;

    std::vector<std::uint64_t> numbers;
    for (const auto& [key, content] : bucket.objects) {
      testing::MemoryBucket one{.objects = {{key, content}}};
      for (const std::string& line : one.lines()) {
        numbers.push_back(std::stoull(line));
        EXPECT_TRUE(key.starts_with(std::to_string(Life::hour_of(numbers.back())) + "/")) << key;
      }
    }
    std::ranges::sort(numbers);
    ASSERT_EQ(numbers.size(), events) << "seed " << seed;
    for (std::uint64_t i = 0; i < events; ++i) ASSERT_EQ(numbers[i], i) << "seed " << seed;
  }
}

}  // namespace
}  // namespace tidemill
