// Rows with an expiry: when they are absent, what a merge makes of them, when they leave the disk.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>

#include "core/state/rocks_store.h"
#include "core/state/rocks_store_fixture.h"

namespace tidemill {
namespace {

using ::testing::ElementsAre;

RowChange until(WallTime expires, RowChange row) {
  row.expires = expires;
  return row;
}

class RocksStoreExpiryTest : public RocksStoreTest {
 protected:
  void commit_at(WallTime at, std::vector<RowChange> rows) {
    commit({CommitPart{.pipeline = PipelineId(1), .rows = std::move(rows)}}, at);
  }

  std::optional<std::string> body_at(WallTime at, TableId table, std::string_view key) {
    const auto row = store_->row(table, key, at);
    EXPECT_TRUE(row);
    if (!row || !*row) return std::nullopt;
    return (*row)->body;
  }
};

TEST_F(RocksStoreExpiryTest, ARowIsAbsentFromItsExpiryOn) {
  const TableId t = table("t");
  commit_at(WallTime(100), {until(WallTime(500), put(t, "k", "old")), put(t, "other", "1")});
  reopen(WallTime(100));

  EXPECT_EQ(body_at(WallTime(499), t, "k"), "old");
  EXPECT_EQ(body_at(WallTime(500), t, "k"), std::nullopt);
  EXPECT_THAT(keys(t), ElementsAre("other"));
}

TEST_F(RocksStoreExpiryTest, APutWithoutExpiryStaysForEver) {
  const TableId t = table("t");
  commit_at(WallTime(100), {until(WallTime(500), put(t, "k", "old"))});
  commit_at(WallTime(200), {put(t, "k", "new")});
  EXPECT_EQ(body_at(WallTime(1'000'000), t, "k"), "new");
}

TEST_F(RocksStoreExpiryTest, AMergeMovesTheExpiryOfTheWholeRow) {
  const TableId t = table("t");
  commit_at(WallTime(100), {until(WallTime(200), merge(t, "k", MergeKind::count))});
  commit_at(WallTime(199), {until(WallTime(299), merge(t, "k", MergeKind::count))});
  EXPECT_EQ(body_at(WallTime(298), t, "k"), "2");
  EXPECT_EQ(body_at(WallTime(299), t, "k"), std::nullopt);
}

TEST_F(RocksStoreExpiryTest, ACounterThatExpiredBeginsAgain) {
  const TableId t = table("t");
  commit_at(WallTime(100), {until(WallTime(200), merge(t, "k", MergeKind::count))});
  commit_at(WallTime(200), {until(WallTime(300), merge(t, "k", MergeKind::count))});
  EXPECT_EQ(body_at(WallTime(250), t, "k"), "1");
  ASSERT_TRUE(store_->flush());
  commit_at(WallTime(299), {until(WallTime(399), merge(t, "k", MergeKind::count)),
                            until(WallTime(399), merge(t, "k", MergeKind::count))});
  EXPECT_EQ(body_at(WallTime(350), t, "k"), "3");
  commit_at(WallTime(400), {until(WallTime(500), merge(t, "k", MergeKind::max, -1))});
  EXPECT_EQ(body_at(WallTime(450), t, "k"), "-1");
}

}  // namespace
}  // namespace tidemill
