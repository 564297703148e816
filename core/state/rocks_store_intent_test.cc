// Intents: what a pipeline changes if a transaction takes place.
#include <gmock/gmock.h>

#include "core/state/aggregate.h"
#include "core/state/intents.h"
#include "core/state/rocks_store_fixture.h"

namespace tidemill {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

class RocksStoreIntentTest : public RocksStoreTest {
 protected:
  // Everything that a commit can hold, of things that the store knows.
  CommitPart part() {
    aggregate_.add(JsonNumber::of(std::int64_t{5}), {}, {}, {});
    CommitPart part{.pipeline = pipeline_};
    part.rows = {put(table_, "k", "v", EventTime(7)), merge(table_, "n", MergeKind::sum, -3)};
    RowChange folded = merge(table_, "sum", MergeKind::sum);
    folded.aggregate = &aggregate_;
    folded.window = RowWindow{EventTime(10), EventTime(20), false, true};
    part.rows.push_back(folded);
    part.logs = {{Partition(2), Offset(9), {{Offset(11), Offset(12)}}, {{table_, EventTime(5)}}}};
    part.objects = {{"object", "v1"}};
    part.settled_ids = {{1, 2}};
    DeadLetter letter;
    letter.event_id = "s/0@8";
    letter.reason = "no";
    part.dead_letters = {letter};
    QueuedEffect effect;
    effect.outbox = outbox_;
    effect.data = "queued";
    part.queued = {effect};
    StreamAppend record{};
    record.stream = log_;
    record.data = "record";
    record.extensions = extensions_;
    part.appended = {record};
    part.windows_over = {{table_, EventTime(3), EventTime(2)}};
    return part;
  }

  void intend() {
    CommitPart intends{.pipeline = pipeline_};
    intends.intent = Intent{"out", 4, WallTime(6), std::make_shared<CommitPart>(part())};
    commit({intends});
  }

  void expect_unchanged() {
    EXPECT_THAT(keys(table_), IsEmpty());
    EXPECT_THAT(dead_letters(pipeline_), IsEmpty());
    EXPECT_THAT(store_->log_progress(pipeline_).value(), IsEmpty());
  }

  PipelineId pipeline_ = pipeline("p");
  TableId table_ = table("t");
  OutboxId outbox_ = store_->outbox(pipeline_, "queued").value();
  StreamId log_ = store_->stream(StreamKind::log, "l", 1).value().id;
  std::vector<Attribute> extensions_{{"name", "value"}};
  state::Aggregate aggregate_{.shows_count = true, .sum = state::ExactSum{}};
};

TEST_F(RocksStoreIntentTest, ChangesNothingUntilItIsCarriedOut) {
  intend();
  expect_unchanged();
  crash();
  expect_unchanged();
  const auto intent = store_->intent(pipeline_);
  ASSERT_TRUE(intent && *intent);
  EXPECT_EQ((*intent)->sink, "out");
  EXPECT_EQ((*intent)->number, 4u);
  EXPECT_EQ((*intent)->since, WallTime(6));
}

TEST_F(RocksStoreIntentTest, IsCarriedOutWholeAfterACrash) {
  intend();
  crash();
  // Others give numbers away meanwhile.
  DeadLetter others;
  others.reason = "other";
  commit({CommitPart{.pipeline = pipeline("other"), .dead_letters = {others}}});
  const auto intent = store_->intent(pipeline_);
  ASSERT_TRUE(intent && *intent);
  CommitPart part = *(*intent)->part;
  part.ends_intent = true;
  commit({part});
  crash();
  EXPECT_FALSE(store_->intent(pipeline_).value());
  EXPECT_EQ(body(table_, "k"), "v");
  EXPECT_EQ(body(table_, "n"), "-3");
  EXPECT_EQ(keys(table_).size(), 3u);
  const auto logs = store_->log_progress(pipeline_);
  ASSERT_TRUE(logs);
  ASSERT_EQ(logs->size(), 1u);
  EXPECT_EQ(logs->front().next, Offset(9));
  EXPECT_THAT(logs->front().settled, ElementsAre(OffsetRange{Offset(11), Offset(12)}));
  EXPECT_THAT(dead_letters(pipeline_), ElementsAre(2));
  const auto queued = store_->queued(outbox_, 0, 10, 1000);
  ASSERT_TRUE(queued);
  ASSERT_EQ(queued->size(), 1u);
  EXPECT_EQ(queued->front().data, "queued");
  ASSERT_TRUE(store_->stream(StreamKind::log, "l", 1));
  const auto page = store_->read_stream(log_, Partition(0), 0, 10, 1000);
  ASSERT_TRUE(page);
  ASSERT_EQ(page->records.size(), 1u);
  EXPECT_EQ(page->records[0].data, "record");
  ASSERT_EQ(page->records[0].extensions.size(), 1u);
  EXPECT_EQ(page->records[0].extensions[0].value, "value");
}

TEST_F(RocksStoreIntentTest, IsDroppedWithoutATrace) {
  intend();
  commit({CommitPart{.pipeline = pipeline_, .ends_intent = true}});
  crash();
  EXPECT_FALSE(store_->intent(pipeline_).value());
  expect_unchanged();
}

TEST_F(RocksStoreIntentTest, IsOfItsPipelineAlone) {
  intend();
  EXPECT_FALSE(store_->intent(pipeline("other")).value());
}

TEST_F(RocksStoreIntentTest, GoesWhenTheProgressIsReset) {
  intend();
  ASSERT_TRUE(store_->reset_progress(pipeline_));
  EXPECT_FALSE(store_->intent(pipeline_).value());
}

TEST_F(RocksStoreIntentTest, IsNoneWhereBytesAreMissing) {
  std::string whole;
  state::append_intent(whole, Intent{"out", 4, WallTime(6), std::make_shared<CommitPart>(part())});
  EXPECT_TRUE(state::read_intent(whole));
  for (std::size_t size = 0; size < whole.size(); ++size)
    ASSERT_FALSE(state::read_intent(whole.substr(0, size))) << size;
  EXPECT_FALSE(state::read_intent(whole + "x"));
}

}  // namespace
}  // namespace tidemill
