// Rows: puts, deletes, merges, expiry.
#include "core/state/rocks_store.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "core/state/rocks_store_fixture.h"
#include "core/state/values.h"

namespace tidemill {
namespace {

using ::testing::ElementsAre;

using namespace std::string_literals;

TEST_F(RocksStoreTest, ARowIsWhatWasPutLast) {
  const TableId users = table("users");
  commit_rows({put(users, "ann", "1"), put(users, "bob", "2"), put(users, "ann", "3")});
  commit_rows({remove(users, "bob")});

  EXPECT_EQ(body(users, "ann"), "3");
  EXPECT_EQ(body(users, "bob"), std::nullopt);
  EXPECT_EQ(body(users, "cid"), std::nullopt);
}

TEST_F(RocksStoreTest, KeysMayHoldAnyBytesAndComeInByteOrder) {
  const TableId names = table("names");
  commit_rows({put(names, "a\0b"s, "1"), put(names, "", "2"), put(names, "\xFF", "3"),
               put(names, "a", "4"), put(names, "ab", "5"), put(names, "a\0"s, "6")});

  EXPECT_THAT(keys(names), ElementsAre("", "a", "a\0"s, "a\0b"s, "ab", "\xFF"));
  EXPECT_THAT(keys(names, "a"), ElementsAre("a", "a\0"s, "a\0b"s, "ab"));
  EXPECT_EQ(body(names, "a\0b"s), "1");
}

TEST_F(RocksStoreTest, TablesDoNotSeeEachOther) {
  commit_rows({put(table("one"), "k", "1"), put(table("two"), "k", "2")});
  EXPECT_EQ(body(table("one"), "k"), "1");
  EXPECT_EQ(body(table("two"), "k"), "2");
}

TEST_F(RocksStoreTest, ARowRemembersItsEventTimeAndChangesItsVersion) {
  const TableId t = table("t");
  commit_rows({put(t, "k", "1", EventTime(42))});
  const Row first = store_->row(t, "k", now)->value();
  EXPECT_EQ(first.time, EventTime(42));
  reopen();
  commit_rows({put(t, "k", "1")});
  EXPECT_GT(store_->row(t, "k", now)->value().version, first.version);
}

TEST_F(RocksStoreTest, MergesFoldWithinAGroupAndOverGroups) {
  const TableId t = table("counters");
  commit_rows({merge(t, "views", MergeKind::count), merge(t, "views", MergeKind::count),
               merge(t, "bytes", MergeKind::sum, 40), merge(t, "low", MergeKind::min, 7)});
  commit_rows({merge(t, "views", MergeKind::count), merge(t, "bytes", MergeKind::sum, 2),
               merge(t, "low", MergeKind::min, 9)});
  reopen();

  EXPECT_EQ(body(t, "views"), "3");
  EXPECT_EQ(body(t, "bytes"), "42");
  EXPECT_EQ(body(t, "low"), "7");
}

TEST_F(RocksStoreTest, PutsMergesAndDeletesOfOneRowKeepTheirOrderInAGroup) {
  const TableId t = table("t");
  commit_rows(
      {merge(t, "merge-put", MergeKind::sum, 1), put(t, "merge-put", "10"),
       put(t, "put-merge", "10"), merge(t, "put-merge", MergeKind::sum, 1),
       merge(t, "merge-delete", MergeKind::sum, 1), remove(t, "merge-delete"),
       put(t, "delete-merge", "10"), remove(t, "delete-merge"),
       merge(t, "delete-merge", MergeKind::sum, 1), merge(t, "sum-max-sum", MergeKind::sum, 1),
       merge(t, "sum-max-sum", MergeKind::max, 10), merge(t, "sum-max-sum", MergeKind::sum, 5)});

  EXPECT_EQ(body(t, "merge-put"), "10");
  EXPECT_EQ(body(t, "put-merge"), "11");
  EXPECT_EQ(body(t, "merge-delete"), std::nullopt);
  EXPECT_EQ(body(t, "delete-merge"), "1");
  EXPECT_EQ(body(t, "sum-max-sum"), "15");
}

TEST_F(RocksStoreTest, AScanSeesWhatEachRowWasMergedTo) {
  const TableId t = table("t");
  commit_rows({put(t, "a", "{}"), put(t, "b", "10"), merge(t, "c", MergeKind::sum, 1)});
  ASSERT_TRUE(store_->flush());
  commit_rows({merge(t, "a", MergeKind::sum, 1), merge(t, "b", MergeKind::sum, 1),
               merge(t, "c", MergeKind::sum, 1), merge(t, "d", MergeKind::sum, 1)});

  std::vector<std::string> bodies;
  EXPECT_TRUE(store_->each_row(t, "", now, [&](std::string_view, const Row& row) {
    bodies.push_back(row.body);
    return true;
  }));
  EXPECT_THAT(bodies, ElementsAre("{}", "11", "2", "1"));
}

TEST_F(RocksStoreTest, AMergeOntoJsonIsRefusedAndSeenUntilTheNextPut) {
  const TableId t = table("t");
  commit_rows({put(t, "k", "{\"a\":1}")});
  commit_rows({merge(t, "k", MergeKind::sum, 1)});
  ASSERT_TRUE(store_->flush());
  EXPECT_EQ(store_->row(t, "k", now)->value().body, "{\"a\":1}");
  EXPECT_TRUE(store_->row(t, "k", now)->value().merge_refused);

  commit_rows({put(t, "k", "{}")});
  EXPECT_FALSE(store_->row(t, "k", now)->value().merge_refused);
}

}  // namespace
}  // namespace tidemill
