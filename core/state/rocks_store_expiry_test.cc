// Rows with an expiry: when they are absent, what a merge makes of them, when they leave the disk.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rocksdb/db.h>

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

  std::vector<std::string> keys_after_compaction(WallTime at, TableId table) {
    store_.reset();
    {
      auto database =
          state::Database::open(folder_ / "state", "data", {}, state::IfMissing::fail).value();
      database->set_clock(at);
      EXPECT_TRUE(database->db().CompactRange({}, database->table(table), nullptr, nullptr).ok());
    }
    reopen(WallTime(0));
    std::vector<std::string> keys;
    // At the beginning of time nothing has expired.
    EXPECT_TRUE(store_->each_row(table, "", WallTime(0), [&](std::string_view key, const Row&) {
      keys.emplace_back(key);
      return true;
    }));
    return keys;
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

// Keys that lie on the disk, read or not.
TEST_F(RocksStoreExpiryTest, ACompactionLeavesOutExpiredText) {
  const TableId t = table("t");
  commit_at(WallTime(100), {until(WallTime(200), put(t, "gone", "{}")),
                            until(WallTime(300), put(t, "later", "{}")), put(t, "stays", "{}"),
                            until(WallTime(200), merge(t, "number", MergeKind::count))});
  ASSERT_TRUE(store_->flush());
  EXPECT_THAT(keys_after_compaction(WallTime(200), t), ElementsAre("later", "number", "stays"));
}

TEST_F(RocksStoreExpiryTest, CommitsRemoveNumbersThatHousekeepingFoundExpired) {
  const TableId t = table("t");
  commit_at(WallTime(100),
            {until(WallTime(200), merge(t, "gone", MergeKind::count)),
             until(WallTime(200), merge(t, "again", MergeKind::count)),
             until(WallTime(300), merge(t, "later", MergeKind::count)),
             merge(t, "stays", MergeKind::count), until(WallTime(200), put(t, "put", "12"))});
  ASSERT_TRUE(store_->drop_expired(WallTime(200)));
  EXPECT_EQ(body_at(WallTime(150), t, "gone"), "1") << "only a commit removes it";
  commit_at(WallTime(210), {until(WallTime(310), merge(t, "again", MergeKind::count))});
  EXPECT_EQ(body_at(WallTime(150), t, "gone"), std::nullopt);
  EXPECT_EQ(body_at(WallTime(150), t, "put"), std::nullopt);
  EXPECT_EQ(body_at(WallTime(250), t, "again"), "1");
  EXPECT_EQ(body_at(WallTime(250), t, "later"), "1");
  EXPECT_EQ(body_at(WallTime(250), t, "stays"), "1");
}

TEST_F(RocksStoreExpiryTest, ANumberThatWasMergedOntoAfterItWasFoundStays) {
  const TableId t = table("t");
  commit_at(WallTime(100), {until(WallTime(200), merge(t, "k", MergeKind::count))});
  ASSERT_TRUE(store_->drop_expired(WallTime(199)));
  // By the clock of the look it had expired, by that of this merge it had not.
  ASSERT_TRUE(store_->drop_expired(WallTime(200)));
  commit_at(WallTime(199), {until(WallTime(299), merge(t, "k", MergeKind::count))});
  commit_at(WallTime(200), {});
  EXPECT_EQ(body_at(WallTime(250), t, "k"), "2");
}

}  // namespace
}  // namespace tidemill
