// What queues need: marks of settled events, outboxes.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <string>
#include <vector>

#include "core/state/rocks_store.h"
#include "core/state/rocks_store_fixture.h"

namespace tidemill {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;

using std::chrono::hours;
using std::chrono::minutes;

constexpr WallTime start(1'800'000'000'000'000);

WallTime after(Duration passed) {
  return WallTime(start.value + static_cast<std::uint64_t>(passed.count()));
}

class RocksStoreMarksTest : public RocksStoreTest {
 protected:
  void settle(std::uint64_t id, WallTime at, PipelineId of = PipelineId(1)) {
    commit({{.pipeline = of, .settled_ids = {{.high = 7, .low = id}}}}, at);
  }

  std::vector<bool> settled(const std::vector<std::uint64_t>& numbers, WallTime since = {},
                            PipelineId of = PipelineId(1)) {
    std::vector<DedupeId> ids;
    for (const std::uint64_t number : numbers) ids.push_back({.high = 7, .low = number});
    return store_->settled_before(of, ids, since).value();
  }
};

TEST_F(RocksStoreMarksTest, WhatWasSettledIsKnownAndNothingElse) {
  settle(1, start);
  settle(2, after(hours(3)));
  EXPECT_THAT(settled({2, 9, 1}), ElementsAre(true, false, true));
  EXPECT_THAT(settled({}), IsEmpty());
  EXPECT_THAT(settled({1}, {}, PipelineId(2)), ElementsAre(false)) << "pipelines share no marks";
  crash();
  EXPECT_THAT(settled({2, 9, 1}), ElementsAre(true, false, true));
}

TEST_F(RocksStoreMarksTest, AMarkIsFoundAsLongAsTheHorizonSays) {
  ASSERT_TRUE(store_->keep_marks(PipelineId(1), hours(6)));
  settle(1, start);
  EXPECT_THAT(settled({1}, start), ElementsAre(true));
  EXPECT_THAT(settled({1}, after(hours(1))), ElementsAre(false)) << "a bucket is an hour wide";
}

TEST_F(RocksStoreMarksTest, ASmallerHorizonDoesNotForgetWhatALargerBucketHolds) {
  ASSERT_TRUE(store_->keep_marks(PipelineId(1), hours(60)));
  settle(1, after(hours(9)));
  ASSERT_TRUE(store_->keep_marks(PipelineId(1), hours(6)));
  settle(2, after(hours(9)));
  EXPECT_THAT(settled({1, 2}, after(hours(9))), ElementsAre(true, true));
  reopen();
  EXPECT_THAT(settled({1, 2}, after(hours(9))), ElementsAre(true, true));
}

TEST_F(RocksStoreMarksTest, OldBucketsGoAndTheirHorizonIsRememberedWithThem) {
  const PipelineId other(2);
  ASSERT_TRUE(store_->keep_marks(PipelineId(1), hours(6)));
  ASSERT_TRUE(store_->keep_marks(other, hours(600)));
  for (int hour = 0; hour < 12; ++hour) {
    settle(static_cast<std::uint64_t>(hour), after(hours(hour)));
  }
  settle(0, start, other);
  ASSERT_TRUE(store_->flush());
  settle(12, after(hours(12)));

  reopen(after(hours(12)));
  EXPECT_THAT(settled({0, 4, 5, 6, 12}), ElementsAre(false, false, false, true, true));
  EXPECT_THAT(settled({0}, {}, other), ElementsAre(true));
  settle(5, after(hours(12)));
  EXPECT_THAT(settled({5}), ElementsAre(true)) << "settled again";

  ASSERT_TRUE(store_->drop_expired(after(hours(1000))));
  EXPECT_THAT(settled({12, 5}), ElementsAre(false, false));
  EXPECT_THAT(settled({0}, {}, other), ElementsAre(false));
}

TEST_F(RocksStoreMarksTest, ManyMarksAreAnsweredEachForItself) {
  std::vector<DedupeId> ids;
  for (std::uint64_t i = 0; i < 2000; i += 2) ids.push_back({.high = i * 0x9E3779B97F4A7C15u});
  commit({{.pipeline = PipelineId(1), .settled_ids = ids}}, start);
  ASSERT_TRUE(store_->flush());
  std::vector<DedupeId> asked;
  for (std::uint64_t i = 0; i < 2000; ++i) asked.push_back({.high = i * 0x9E3779B97F4A7C15u});
  const auto answers = store_->settled_before(PipelineId(1), asked, start).value();
  ASSERT_THAT(answers, SizeIs(2000));
  for (std::size_t i = 0; i < answers.size(); ++i) EXPECT_EQ(answers[i], i % 2 == 0) << i;
}

class RocksStoreOutboxTest : public RocksStoreTest {
 protected:
  void queue(std::vector<std::pair<OutboxId, std::string>> effects) {
    CommitPart part{.pipeline = PipelineId(1)};
    for (auto& [outbox, data] : effects) {
      QueuedEffect effect;
      effect.outbox = outbox;
      effect.data = std::move(data);
      part.queued.push_back(std::move(effect));
    }
    commit({part});
  }

  void deliver(OutboxId outbox, const std::vector<std::uint64_t>& numbers) {
    CommitPart part{.pipeline = PipelineId(1)};
    for (const std::uint64_t number : numbers) part.delivered.emplace_back(outbox, number);
    commit({part});
  }

  // "number:data" of each.
  std::vector<std::string> waiting(OutboxId outbox, std::uint64_t from = 0,
                                   std::size_t effects_max = 100, std::uint64_t bytes_max = 1000) {
    std::vector<std::string> waiting;
    const auto read = store_->queued(outbox, from, effects_max, bytes_max).value();
    for (const QueuedEffect& effect : read) {
      EXPECT_EQ(effect.outbox, outbox);
      waiting.push_back(std::to_string(effect.number) + ":" + effect.data);
    }
    return waiting;
  }
};

TEST_F(RocksStoreOutboxTest, EffectsComeOutInOrderUntilTheyAreDelivered) {
  const OutboxId mails = store_->outbox(PipelineId(1), "mails").value();
  const OutboxId files = store_->outbox(PipelineId(1), "files").value();
  queue({{mails, "a"}, {files, "f"}, {mails, "b"}});
  queue({{mails, "c"}});
  EXPECT_THAT(waiting(mails), ElementsAre("1:a", "2:b", "3:c"));
  EXPECT_THAT(waiting(files), ElementsAre("1:f"));
  deliver(mails, {2});
  EXPECT_THAT(waiting(mails), ElementsAre("1:a", "3:c"));
  EXPECT_THAT(waiting(mails, 1), ElementsAre("3:c"));
  crash();
  EXPECT_THAT(waiting(mails), ElementsAre("1:a", "3:c"));
  EXPECT_EQ(store_->outbox(PipelineId(1), "mails").value(), mails);
}

TEST_F(RocksStoreOutboxTest, AnAnswerHasOneEffectAtLeastAndNoMoreThanEitherLimit) {
  const OutboxId mails = store_->outbox(PipelineId(1), "mails").value();
  queue({{mails, "aaaa"}, {mails, "bbb"}, {mails, "c"}, {mails, "d"}});
  EXPECT_THAT(waiting(mails, 0, 1), ElementsAre("1:aaaa"));
  EXPECT_THAT(waiting(mails, 0, 100, 1), ElementsAre("1:aaaa"));
  EXPECT_THAT(waiting(mails, 0, 100, 7), ElementsAre("1:aaaa", "2:bbb"));
  EXPECT_THAT(waiting(mails, 1, 100, 4), ElementsAre("2:bbb", "3:c"));
  EXPECT_THAT(waiting(mails, 4), IsEmpty());
}

TEST_F(RocksStoreOutboxTest, ANumberIsNeverGivenTwiceAlsoWhenTheOutboxWasEmptied) {
  const OutboxId mails = store_->outbox(PipelineId(1), "mails").value();
  queue({{mails, "a"}, {mails, "b"}});
  deliver(mails, {1, 2});
  EXPECT_THAT(waiting(mails), IsEmpty());
  reopen();
  ASSERT_EQ(store_->outbox(PipelineId(1), "mails").value(), mails);
  queue({{mails, "c"}});
  EXPECT_THAT(waiting(mails), ElementsAre("3:c"));
}

TEST_F(RocksStoreOutboxTest, AnOutboxFollowsItsPipelineThroughARename) {
  const PipelineId before = pipeline("before");
  const OutboxId mails = store_->outbox(before, "mails").value();
  EXPECT_NE(store_->outbox(pipeline("other"), "mails").value(), mails);
  reopen();
  const PipelineId renamed = store_->pipeline("renamed", "before").value();
  EXPECT_EQ(store_->outbox(renamed, "mails").value(), mails);
  EXPECT_THAT(store_->pipelines(), SizeIs(2)) << "an outbox is no pipeline";
}

}  // namespace
}  // namespace tidemill
