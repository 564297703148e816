#include "core/archive/archive_roller.h"

#include <gmock/gmock.h>

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/archive/testing/memory_archive.h"
#include "core/dispatch/testing/fake_edges.h"
#include "core/dispatch/testing/fake_store.h"
#include "tidemill/testing/recording_log.h"
#include "tidemill/testing/virtual_scheduler.h"

namespace tidemill {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

using namespace std::chrono_literals;

class ArchiveRollerTest : public ::testing::Test {
 protected:
  ~ArchiveRollerTest() override {
    scheduler_.abandon();
    roller_.reset();
  }

  // A new life of the same archive, that knows what the one before has left.
  void start(std::uint32_t last_attempts = 0) {
    launch(last_attempts);
    pass(1ms);
  }

  void launch(std::uint32_t last_attempts = 0) {
    scheduler_.abandon();
    roller_.reset();
    sequencer_.emplace(scheduler_, store_, scheduler_.blocking());
    stage_.emplace(StreamId(1), scheduler_, policy_.staged_bytes_max);
    sink_.emplace(bucket_, policy_);
    roller_.emplace(scheduler_, log_, store_, *sequencer_, *stage_, *sink_,
                    ArchiveRoller::Config{.pipeline = "clicks",
                                          .sink = "lake",
                                          .id = PipelineId(1),
                                          .object_name = "clicks.lake",
                                          .backoff = {.jitter = Jitter::none},
                                          .last_attempts = last_attempts});
    ended_.reset();
    spawn(scheduler_, run());
  }

  Task<> run() {
    Result<> ended = co_await roller_->run();
    ended_ = std::move(ended);
  }

  // As a pipeline does it.
  void put(std::uint32_t hour, const std::vector<std::string>& data) {
    CommitPart part{.pipeline = PipelineId(1)};
    for (const std::string& text : data) {
      StreamAppend record;
      record.stream = stage_->stream();
      record.time = EventTime(hour * 3'600'000'000ull + 5);
      record.partition = stage_->partition_for("", record.time);
      record.data = text;
      part.appended.push_back(record);
    }
    stage_->submitted(part);
    ASSERT_TRUE(scheduler_.run(sequencer_->commit(part, Durability::sync)));
    stage_->committed(part);
  }

  // Everything that happens until then.
  void pass(Duration time) {
    const Instant end = scheduler_.now() + time;
    bool over = false;
    scheduler_.call_at(end, [&over] { over = true; });
    scheduler_.run_until([&over] { return over; });
  }

  Result<> finish() {
    roller_->finish();
    EXPECT_TRUE(scheduler_.run_until([this] { return ended_.has_value(); }));
    return *ended_;
  }

  std::uint64_t stored() {
    std::uint64_t records = 0;
    const auto partitions = store_.stream_partitions(StreamId(1));
    for (const Partition partition : *partitions)
      records += store_.stream_state(StreamId(1), partition)->records;
    return records;
  }

  testing::VirtualScheduler scheduler_;
  testing::RecordingLog log_;
  testing::FakeStore store_;
  testing::MemoryBucket bucket_;
  StagePolicy policy_{.object_bytes = 10, .object_age = 10min, .staged_bytes_max = 100};
  std::optional<CommitSequencer> sequencer_;
  std::optional<ArchiveStage> stage_;
  std::optional<testing::MemoryArchive> sink_;
  std::optional<ArchiveRoller> roller_;
  std::optional<Result<>> ended_;
};

TEST_F(ArchiveRollerTest, AnHourRollsWhenItHasItsSizeAndOthersWait) {
  start();
  put(7, {"aaaa", "bbbb"});
  put(8, {"cccc"});
  pass(1s);
  EXPECT_THAT(bucket_.objects, IsEmpty());

  put(7, {"dddd"});
  pass(1s);
  EXPECT_THAT(bucket_.objects,
              ElementsAre(std::pair("7/clicks.lake-000000000001", "aaaa\nbbbb\ndddd\n")));
  EXPECT_EQ(stage_->events(), 1);
  EXPECT_EQ(stored(), 1);
}

TEST_F(ArchiveRollerTest, AnObjectEndsWithTheEventThatFillsIt) {
  start();
  sink_->fails = "the bucket is down";
  put(7, {"aaaa", "bbbb", "cccc", "dddd", "eeee", "ffff", "gggg"});
  pass(1s);
  sink_->fails.reset();
  pass(5min);
  EXPECT_THAT(bucket_.keys(),
              ElementsAre("7/clicks.lake-000000000001", "7/clicks.lake-000000000004"));
  EXPECT_EQ(bucket_.objects["7/clicks.lake-000000000004"], "dddd\neeee\nffff\n");
  EXPECT_EQ(stage_->events(), 1) << "gggg is too little, and young";
}

TEST_F(ArchiveRollerTest, WhatIsOldRollsHoweverLittleItIs) {
  start();
  put(7, {"a"});
  pass(4min);
  put(8, {"b"});
  put(7, {"c"});
  pass(6min - 1s);
  EXPECT_THAT(bucket_.objects, IsEmpty());
  pass(2s);
  EXPECT_THAT(bucket_.lines(), ElementsAre("a", "c"));
  pass(4min);
  EXPECT_THAT(bucket_.lines(), ElementsAre("a", "c", "b"));
  EXPECT_EQ(stored(), 0);
}

TEST_F(ArchiveRollerTest, ALateEventIsInItsHoursNextObject) {
  start();
  put(7, {"aaaaaaaaaa"});
  pass(1s);
  put(8, {"b"});
  put(7, {"late"});
  pass(11min);
  EXPECT_THAT(bucket_.lines(), ElementsAre("aaaaaaaaaa", "late", "b"));
  EXPECT_THAT(bucket_.objects, SizeIs(3));
}

TEST_F(ArchiveRollerTest, TheAgeOfWhatIsLeftBehindAnObjectIsItsOwn) {
  start();
  put(7, {"a"});
  pass(9min);
  sink_->fails = "the bucket is down";
  put(7, {"bbbbbbbbbb", "c"});
  pass(1s);
  sink_->fails.reset();
  pass(5min);
  EXPECT_THAT(bucket_.lines(), ElementsAre("a", "bbbbbbbbbb"));
  pass(5min);
  EXPECT_THAT(bucket_.lines(), ElementsAre("a", "bbbbbbbbbb", "c"));
}

TEST_F(ArchiveRollerTest, FinishingMakesObjectsOfAllThatIsStaged) {
  start();
  put(9, {"c"});
  put(7, {"a", "b"});
  EXPECT_TRUE(finish());
  EXPECT_THAT(bucket_.lines(), ElementsAre("a", "b", "c"));
  EXPECT_EQ(stored(), 0);
  EXPECT_EQ(roller_->status().objects, 2);
}

TEST_F(ArchiveRollerTest, StoppingLeavesTheStageToTheNextStart) {
  start();
  put(7, {"a"});
  roller_->stop();
  ASSERT_TRUE(scheduler_.run_until([this] { return ended_.has_value(); }));
  EXPECT_TRUE(*ended_);
  EXPECT_THAT(bucket_.objects, IsEmpty());

  pass(9min);
  launch();
  EXPECT_TRUE(stage_->full()) << "nobody knows yet how much there is";
  pass(30s);
  EXPECT_EQ(stage_->events(), 1);
  EXPECT_FALSE(stage_->full());
  put(7, {"b"});
  pass(31s);
  EXPECT_THAT(bucket_.lines(), ElementsAre("a", "b")) << "its age goes on";
}

TEST_F(ArchiveRollerTest, AStopInTheMiddleOfAnObjectGivesItUpAndTheNextStartMakesTheSame) {
  policy_.object_bytes = 1u << 20;
  start();
  sink_->on_add = [this] { roller_->stop(); };
  std::vector<std::string> many(5000, "12345678");
  put(7, many);
  ASSERT_TRUE(scheduler_.run_until([this] { return ended_.has_value(); }));
  EXPECT_THAT(bucket_.objects, IsEmpty());
  EXPECT_EQ(sink_->abandoned, 1);

  start();
  put(7, {"young"});
  EXPECT_TRUE(finish());
  EXPECT_THAT(bucket_.keys(),
              ElementsAre("7/clicks.lake-000000000001", "7/clicks.lake-000000005001"));
}

TEST_F(ArchiveRollerTest, ABucketThatIsDownIsTriedAgainWithGrowingPausesAndFillsTheStage) {
  start();
  sink_->fails = "no route to the bucket";
  for (int i = 0; i < 10; ++i) put(7, {"0123456789"});
  pass(1min);
  EXPECT_TRUE(stage_->full());
  const auto failures = roller_->status().failures;
  EXPECT_GT(failures, 4);
  EXPECT_LT(failures, 15);
  EXPECT_THAT(roller_->status().trouble, HasSubstr("no route"));
  EXPECT_EQ(sink_->abandoned, failures) << "nothing half-made stays";

  testing::VirtualScheduler& scheduler = scheduler_;
  Signal room(scheduler);
  stage_->subscribe(room);
  sink_->fails.reset();
  const bool told = scheduler_.run(room.wait_until(scheduler_.now() + 1min));
  stage_->unsubscribe(room);
  EXPECT_TRUE(told);
  EXPECT_FALSE(stage_->full());
  pass(1min);
  EXPECT_THAT(bucket_.lines(), SizeIs(10));
  EXPECT_THAT(roller_->status().trouble, IsEmpty());
}

TEST_F(ArchiveRollerTest, AtTheEndABucketThatStaysDownIsAnErrorAndWhatIsStagedStays) {
  start(3);
  sink_->fails = "no route to the bucket";
  put(7, {"a"});
  const Result<> ended = finish();
  ASSERT_FALSE(ended);
  EXPECT_THAT(ended.error().message, HasSubstr("no route"));
  EXPECT_EQ(roller_->status().failures, 3);

  start(3);
  EXPECT_TRUE(finish());
  EXPECT_THAT(bucket_.lines(), ElementsAre("a"));
}

TEST_F(ArchiveRollerTest, ACrowdedStageGivesItsLargestHourBeforeItIsDue) {
  policy_.object_bytes = 40;
  start();
  put(7, {"0123456789"});
  put(8, {"0123456789", "0123456789"});
  put(9, {"0123456789"});
  pass(1s);
  EXPECT_THAT(bucket_.objects, IsEmpty());
  put(10, {"0123456789"});
  pass(1s);
  EXPECT_THAT(bucket_.keys(), ElementsAre("8/clicks.lake-000000000001"));
}

TEST_F(ArchiveRollerTest, AnObjectThatWasPlannedKeepsItsNameAndFormatWhateverTheOptionsSay) {
  start();
  sink_->format = "old format";
  sink_->fails = "the bucket is down";
  put(7, {"0123456789"});
  pass(1s);

  start();
  sink_->format = "new format";
  put(7, {"0123456789"});
  pass(1s);
  EXPECT_THAT(bucket_.lines(), ElementsAre("old format", "0123456789", "new format", "0123456789"));
}

TEST_F(ArchiveRollerTest, AReadThatFailsIsTriedAgain) {
  store_.read_failure = Error{Fault::transient, "a bad sector", {}};
  store_.stream_names["1/lake"] = {StreamId(1), 0};
  start();
  put(7, {"0123456789"});
  pass(1s);
  EXPECT_THAT(bucket_.objects, IsEmpty());
  store_.read_failure.reset();
  pass(1min);
  EXPECT_THAT(bucket_.lines(), ElementsAre("0123456789"));
}

TEST_F(ArchiveRollerTest, ACommitThatFailsEndsIt) {
  start();
  pass(1s);
  put(7, {"a"});
  store_.failure = Error{Fault::transient, "the disk is gone", {}};
  pass(11min);
  ASSERT_TRUE(ended_.has_value());
  EXPECT_FALSE(*ended_);
  EXPECT_THAT(bucket_.objects, IsEmpty());
}

TEST(ObjectNote, IsReadAsItWasWritten) {
  const std::string text = text_of({Partition(493'000), 12, 3400, {}});
  EXPECT_EQ(text, "493000 12 3400");
  StreamRecord record;
  record.data = text;
  record.key = "dt=2026-03-29/hour=16/x";
  record.type = "zstd 3 none";
  const auto note = note_of(record);
  ASSERT_TRUE(note);
  EXPECT_EQ(note->hour, Partition(493'000));
  EXPECT_EQ(note->first, 12);
  EXPECT_EQ(note->end, 3400);
  EXPECT_EQ(note->object.key, record.key);
  EXPECT_EQ(note->object.format, record.type);
  for (const char* wrong : {"", "1", "1 2", "1 2 x", "1 2 3 4", "1 3 3", "99999999999 1 2"}) {
    record.data = wrong;
    EXPECT_FALSE(note_of(record)) << wrong;
  }
}

}  // namespace
}  // namespace tidemill
