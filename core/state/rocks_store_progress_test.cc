// Names, progress and dead letters.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "core/state/rocks_store.h"
#include "core/state/rocks_store_fixture.h"

namespace tidemill {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Pair;
using ::testing::SizeIs;

using namespace std::string_literals;

TEST_F(RocksStoreTest, NumbersOfNamesStayOverReopenAndAreNeverUsedTwice) {
  const PipelineId a = pipeline("a");
  const TableId t = table("a");
  const PipelineId b = pipeline("b");
  EXPECT_NE(a.value, t.value);
  EXPECT_NE(a, b);
  reopen();
  const TableId later = table("later");
  EXPECT_EQ(pipeline("b"), b);
  EXPECT_EQ(table("a"), t);
  EXPECT_EQ(pipeline("a"), a);
  EXPECT_GT(later.value, b.value);
  EXPECT_THAT(store_->tables(), ElementsAre(Pair("a", t), Pair("later", later)));
  EXPECT_THAT(store_->pipelines(), ElementsAre(Pair("a", a), Pair("b", b)));
}

TEST_F(RocksStoreTest, ARenamedPipelineKeepsItsNumberAndItsProgress) {
  const PipelineId old = pipeline("old");
  ASSERT_TRUE(store_->progress(old, "folder:/in"));
  commit({{.pipeline = old, .objects = {{"a.jpg", "v1"}}}});
  reopen();

  EXPECT_EQ(store_->pipeline("new", "old").value(), old);
  EXPECT_THAT(objects(old, "folder:/in"), ElementsAre(Pair("a.jpg", "v1")));
  EXPECT_EQ(store_->pipeline("new", "old").value(), old);
  EXPECT_NE(pipeline("old"), old);
  reopen();
  EXPECT_EQ(store_->pipeline("new", "old").value(), old);
}

TEST_F(RocksStoreTest, ARenameFromANameThatNeverWasMakesANewPipeline) {
  EXPECT_TRUE(store_->pipeline("new", "never"));
}

TEST_F(RocksStoreTest, ALivePipelineCannotBeTakenOver) {
  pipeline("old");
  const auto taken = store_->pipeline("new", "old");
  ASSERT_FALSE(taken);
  EXPECT_EQ(taken.error().fault, Fault::bad_config);
  EXPECT_THAT(taken.error().message, HasSubstr("\"old\""));
}

TEST_F(RocksStoreTest, LogProgressIsReadBackWithItsSettledRanges) {
  const PipelineId p = pipeline("p");
  ASSERT_TRUE(store_->progress(p, "file:/events"));
  const std::vector<OffsetRange> settled = {{Offset(12), Offset(15)}, {Offset(20), Offset(21)}};
  commit({{.pipeline = p,
           .logs = {{Partition(0), Offset(10), settled}, {Partition(300), Offset(4), {}}}}});
  reopen();

  const auto progress = store_->progress(p, "file:/events");
  ASSERT_TRUE(progress);
  EXPECT_EQ((*progress)->next(Partition(0)), Offset(10));
  EXPECT_EQ((*progress)->next(Partition(300)), Offset(4));
  EXPECT_EQ((*progress)->next(Partition(1)), std::nullopt);
  const auto logs = store_->log_progress(p);
  ASSERT_TRUE(logs);
  ASSERT_THAT(*logs, SizeIs(2));
  EXPECT_EQ((*logs)[0].partition, Partition(0));
  EXPECT_EQ((*logs)[0].settled, settled);
  EXPECT_EQ((*logs)[1].partition, Partition(300));
}

TEST_F(RocksStoreTest, ALaterPartOfAGroupWinsOverAnEarlierOne) {
  const PipelineId p = pipeline("p");
  ASSERT_TRUE(store_->progress(p, "file:/events"));
  const TableId t = table("t");
  commit({{.pipeline = p, .rows = {put(t, "k", "1")}, .logs = {{Partition(0), Offset(10), {}}}},
          {.pipeline = p, .rows = {put(t, "k", "2")}, .logs = {{Partition(0), Offset(20), {}}}}});
  EXPECT_EQ(body(t, "k"), "2");
  EXPECT_EQ((*store_->progress(p, "file:/events"))->next(Partition(0)), Offset(20));
}

TEST_F(RocksStoreTest, ProgressShowsWhatIsCommittedLater) {
  const PipelineId p = pipeline("p");
  const auto progress = store_->progress(p, "file:/events");
  ASSERT_TRUE(progress);
  EXPECT_EQ((*progress)->next(Partition(0)), std::nullopt);
  commit({{.pipeline = p, .logs = {{Partition(0), Offset(10), {}}}}});
  EXPECT_EQ((*progress)->next(Partition(0)), Offset(10));
}

TEST_F(RocksStoreTest, AnotherSourceStartsAfreshAndTheOldOneComesBack) {
  const PipelineId p = pipeline("p");
  EXPECT_THAT(objects(p, "folder:/a"), IsEmpty());
  commit({{.pipeline = p, .objects = {{"1.jpg", "v1"}}}});
  EXPECT_THAT(objects(p, "folder:/b"), IsEmpty());
  commit({{.pipeline = p, .objects = {{"2.jpg", "v2"}}}});
  reopen();

  EXPECT_EQ(store_->source_identity(p), "folder:/b");
  EXPECT_THAT(objects(p, "folder:/b"), ElementsAre(Pair("2.jpg", "v2")));
  EXPECT_THAT(objects(p, "folder:/a"), ElementsAre(Pair("1.jpg", "v1")));
}

TEST_F(RocksStoreTest, PipelinesDoNotShareProgress) {
  const PipelineId p = pipeline("p");
  const PipelineId q = pipeline("q");
  objects(p, "folder:/in");
  objects(q, "folder:/in");
  commit({{.pipeline = p, .objects = {{"1.jpg", "v1"}}}});
  EXPECT_THAT(objects(q, "folder:/in"), IsEmpty());
}

TEST_F(RocksStoreTest, AnObjectWithAnEmptyVersionIsForgotten) {
  const PipelineId p = pipeline("p");
  objects(p, "folder:/in");
  commit({{.pipeline = p, .objects = {{"b", "1"}, {"a\0z"s, "2"}, {"a", "3"}}}});
  commit({{.pipeline = p, .objects = {{"b", ""}, {"a", "4"}}}});
  EXPECT_THAT(objects(p, "folder:/in"), ElementsAre(Pair("a", "4"), Pair("a\0z"s, "2")));
}

TEST_F(RocksStoreTest, ResetForgetsOnePipelineUnderEveryIdentity) {
  const PipelineId p = pipeline("p");
  const PipelineId q = pipeline("q");
  for (const PipelineId each : {p, q}) {
    objects(each, "folder:/a");
    commit({{.pipeline = each, .objects = {{"1.jpg", "v1"}}}});
    objects(each, "folder:/b");
    commit({{.pipeline = each,
             .logs = {{Partition(0), Offset(1), {}}},
             .objects = {{"2.jpg", "v2"}}}});
  }
  const auto removed = store_->reset_progress(p);
  ASSERT_TRUE(removed);
  EXPECT_EQ(removed->objects, 2u);
  EXPECT_EQ(removed->partitions, 1u);
  reopen();

  EXPECT_EQ(store_->source_identity(p), "folder:/b");
  EXPECT_THAT(objects(p, "folder:/b"), IsEmpty());
  EXPECT_THAT(objects(p, "folder:/a"), IsEmpty());
  EXPECT_THAT(objects(q, "folder:/a"), SizeIs(1));
  EXPECT_THAT(*store_->log_progress(p), IsEmpty());
}

TEST_F(RocksStoreTest, ADeadLetterKeepsEverythingAboutItsEvent) {
  const PipelineId p = pipeline("p");
  DeadLetter letter;
  letter.event_id = "folder:/in/a.jpg@v1";
  letter.stage = Stage::sink;
  letter.sink = "small";
  letter.reason = "no space left";
  letter.function = "thumbnail";
  letter.function_version = "cafe";
  letter.attempts = 3;
  letter.died = WallTime(77);
  letter.partition = Partition(4);
  letter.offset = Offset(5);
  letter.source = "folder:/in";
  letter.type = "created";
  letter.subject = "a.jpg";
  letter.version = "v1";
  letter.content_type = "image/jpeg";
  letter.key = "k";
  letter.data = "\0\xFF"s;
  letter.time = EventTime(66);
  letter.object_bytes = 1234;
  commit({{.pipeline = p, .dead_letters = {letter}}});
  reopen();

  int seen = 0;
  ASSERT_TRUE(store_->each_dead_letter(
      p, now, [&](PipelineId pipeline, std::uint64_t number, const DeadLetter& read) {
        ++seen;
        EXPECT_EQ(pipeline, p);
        EXPECT_EQ(number, 1u);
        EXPECT_EQ(read.event_id, letter.event_id);
        EXPECT_EQ(read.stage, letter.stage);
        EXPECT_EQ(read.sink, letter.sink);
        EXPECT_EQ(read.reason, letter.reason);
        EXPECT_EQ(read.function, letter.function);
        EXPECT_EQ(read.function_version, letter.function_version);
        EXPECT_EQ(read.attempts, letter.attempts);
        EXPECT_EQ(read.died, letter.died);
        EXPECT_EQ(read.partition, letter.partition);
        EXPECT_EQ(read.offset, letter.offset);
        EXPECT_EQ(read.source, letter.source);
        EXPECT_EQ(read.type, letter.type);
        EXPECT_EQ(read.subject, letter.subject);
        EXPECT_EQ(read.version, letter.version);
        EXPECT_EQ(read.content_type, letter.content_type);
        EXPECT_EQ(read.key, letter.key);
        EXPECT_EQ(read.data, letter.data);
        EXPECT_EQ(read.time, letter.time);
        EXPECT_EQ(read.object_bytes, letter.object_bytes);
        return true;
      }));
  EXPECT_EQ(seen, 1);
}

TEST_F(RocksStoreTest, DeadLettersExpireAndTheirNumbersAreNotUsedAgain) {
  const PipelineId p = pipeline("p");
  const PipelineId q = pipeline("q");
  commit({{.pipeline = p, .dead_letters = {{.expires = WallTime(2'000'000)}}},
          {.pipeline = q, .dead_letters = {{}, {.expires = WallTime(3'000'000)}}}});
  EXPECT_THAT(dead_letters(std::nullopt), ElementsAre(1, 2, 3));
  EXPECT_THAT(dead_letters(q), ElementsAre(2, 3));
  EXPECT_THAT(dead_letters(p, WallTime(2'000'000)), IsEmpty());

  reopen(WallTime(4'000'000));
  EXPECT_THAT(dead_letters(p), IsEmpty());
  EXPECT_THAT(dead_letters(q), ElementsAre(2, 3)) << "behind one that is kept for ever";
  EXPECT_THAT(dead_letters(q, WallTime(4'000'000)), ElementsAre(2));
  commit({{.pipeline = p, .dead_letters = {{}}}});
  EXPECT_THAT(dead_letters(p), ElementsAre(4));
}

}  // namespace
}  // namespace tidemill
