#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/state/rocks_store_fixture.h"

namespace tidemill {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

DeadLetter letter(std::string data, WallTime expires = {}) {
  DeadLetter letter;
  letter.data = std::move(data);
  letter.expires = expires;
  return letter;
}

class RocksStoreReplayTest : public RocksStoreTest {
 protected:
  // "number:data" of what waits.
  std::vector<std::string> waiting(PipelineId of, std::uint64_t after = 0,
                                   std::size_t letters_max = 100, WallTime at = now) {
    std::vector<std::string> all;
    const auto page = store_->replays(of, after, letters_max, 1u << 20, at);
    EXPECT_TRUE(page);
    if (!page) return all;
    for (const MarkedLetter& one : *page)
      all.push_back(std::to_string(one.letter.number) + ":" + one.letter.data);
    return all;
  }
};

TEST_F(RocksStoreReplayTest, MarkedLettersWaitInTheOrderOfTheirNumbersAlsoAfterARestart) {
  const PipelineId p = pipeline("p");
  const PipelineId q = pipeline("q");
  commit({{.pipeline = p, .dead_letters = {letter("a"), letter("b"), letter("c")}},
          {.pipeline = q, .dead_letters = {letter("d")}}});
  EXPECT_THAT(waiting(p), IsEmpty());
  const DeadLetterId some[] = {{p, 3}, {p, 1}, {q, 4}};
  ASSERT_TRUE(store_->mark_replays(some, std::chrono::milliseconds(10)));
  reopen();
  EXPECT_THAT(waiting(p), ElementsAre("1:a", "3:c"));
  EXPECT_THAT(waiting(p, 1), ElementsAre("3:c"));
  EXPECT_THAT(waiting(p, 0, 1), ElementsAre("1:a"));
  EXPECT_THAT(waiting(q), ElementsAre("4:d"));
  EXPECT_EQ(store_->replays(p, 0, 1, 1, now)->front().gap, std::chrono::milliseconds(10));
  std::vector<std::uint64_t> numbers;
  ASSERT_TRUE(store_->each_replay(std::nullopt, [&](DeadLetterId id) {
    numbers.push_back(id.number);
    return true;
  }));
  EXPECT_THAT(numbers, ElementsAre(1, 3, 4));
}

TEST_F(RocksStoreReplayTest, WhatWasReplayedLeavesInTheCommitOfItsEffects) {
  const PipelineId p = pipeline("p");
  const TableId table = *store_->table("t");
  commit({{.pipeline = p, .dead_letters = {letter("a"), letter("b")}}});
  const DeadLetterId both[] = {{p, 1}, {p, 2}};
  ASSERT_TRUE(store_->mark_replays(both, Duration(0)));
  CommitPart part{.pipeline = p};
  part.rows = {{.table = table, .kind = EffectKind::put_row, .key = "k", .data = "v"}};
  part.replayed = {1};
  commit({part});
  reopen();
  EXPECT_THAT(dead_letters(p), ElementsAre(2));
  EXPECT_THAT(waiting(p), ElementsAre("2:b"));
  EXPECT_EQ(body(table, "k"), "v");
}

TEST_F(RocksStoreReplayTest, WhatFailsAgainTakesTheOldLettersPlaceAndWaitsNoLonger) {
  const PipelineId p = pipeline("p");
  commit({{.pipeline = p, .dead_letters = {letter("a"), letter("b")}}});
  const DeadLetterId both[] = {{p, 1}, {p, 2}};
  ASSERT_TRUE(store_->mark_replays(both, Duration(0)));
  DeadLetter again = letter("a");
  again.number = 1;
  again.replays = 1;
  again.reason = "still bad";
  commit({{.pipeline = p, .dead_letters = {again}}});
  EXPECT_THAT(dead_letters(p), ElementsAre(1, 2));
  EXPECT_THAT(waiting(p), ElementsAre("2:b"));
  commit({{.pipeline = p, .dead_letters = {letter("new")}}});
  EXPECT_THAT(dead_letters(p), ElementsAre(1, 2, 3));
}

TEST_F(RocksStoreReplayTest, MarksAreTakenBackAndLettersDroppedWithTheirMarks) {
  const PipelineId p = pipeline("p");
  commit({{.pipeline = p, .dead_letters = {letter("a"), letter("b"), letter("c")}}});
  const DeadLetterId all[] = {{p, 1}, {p, 2}, {p, 3}};
  ASSERT_TRUE(store_->mark_replays(all, Duration(0)));
  ASSERT_TRUE(store_->unmark_replays(std::span(all).first(1)));
  ASSERT_TRUE(store_->drop_dead_letters(std::span(all).subspan(1, 1)));
  reopen();
  EXPECT_THAT(waiting(p), ElementsAre("3:c"));
  EXPECT_THAT(dead_letters(p), ElementsAre(1, 3));
}

TEST_F(RocksStoreReplayTest, AMarkWhoseLetterIsGoneOrHasExpiredIsNone) {
  const PipelineId p = pipeline("p");
  commit({{.pipeline = p, .dead_letters = {letter("a", WallTime(2'000'000)), letter("b")}}});
  const DeadLetterId marked[] = {{p, 1}, {p, 2}, {p, 7}};
  ASSERT_TRUE(store_->mark_replays(marked, Duration(0)));
  EXPECT_THAT(waiting(p, 0, 100, WallTime(3'000'000)), ElementsAre("2:b"));
  int left = 0;
  ASSERT_TRUE(store_->each_replay(p, [&](DeadLetterId) { return ++left > 0; }));
  EXPECT_EQ(left, 1);
}

TEST_F(RocksStoreReplayTest, ALetterThatWasReplayedDoesNotKeepThoseBehindItPastTheirTime) {
  const PipelineId p = pipeline("p");
  commit({{.pipeline = p,
           .dead_letters = {letter("a", WallTime(2'000'000)), letter("b", WallTime(2'000'000))}}});
  DeadLetter again = letter("a", WallTime(9'000'000));
  again.number = 1;
  again.replays = 1;
  commit({{.pipeline = p, .dead_letters = {again}}});
  ASSERT_TRUE(store_->drop_expired(WallTime(3'000'000)));
  EXPECT_THAT(dead_letters(p, WallTime(1)), ElementsAre(1)) << "b is removed, not only unseen";
}

}  // namespace
}  // namespace tidemill
