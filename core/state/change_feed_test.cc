// Changes of tables, as the stream of a watched table holds them.
#include "core/state/change_feed.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "core/state/rocks_store.h"
#include "core/state/rocks_store_fixture.h"

namespace tidemill {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

class ChangeFeedTest : public RocksStoreTest {
 protected:
  ChangeFeedTest() { watch(); }

  void watch() {
    users_ = table("users");
    stream_ = store_->feed_changes("users").value().id;
  }

  std::vector<std::string> changes() {
    std::vector<std::string> all;
    const auto page = store_->read_stream(stream_, Partition(0), 0, 1000, 1u << 20).value();
    for (const StreamRecord& record : page.records) all.emplace_back(record.data);
    return all;
  }

  TableId users_;
  StreamId stream_;
};

TEST_F(ChangeFeedTest, EveryPutAndDeleteTellsTheRowBeforeAndAfter) {
  commit_rows({put(users_, "ada", R"({"age":36})"), put(users_, "ada", R"({"age":37})")});
  commit_rows({put(users_, "ada", "text"), remove(users_, "ada")});
  EXPECT_THAT(
      changes(),
      ElementsAre(R"({"table":"users","key":"ada","kind":"put","old":null,"new":{"age":36}})",
                  R"({"table":"users","key":"ada","kind":"put","old":{"age":36},)"
                  R"("new":{"age":37}})",
                  R"({"table":"users","key":"ada","kind":"put","old":{"age":37},)"
                  R"("new":"text","new_encoding":"text"})",
                  R"({"table":"users","key":"ada","kind":"delete","old":"text",)"
                  R"("old_encoding":"text","new":null})"));
}

TEST_F(ChangeFeedTest, MergesOfAGroupAreOneChangeToTheRowAsItIsAfterThem) {
  commit_rows({merge(users_, "n", MergeKind::sum, 4), merge(users_, "n", MergeKind::sum, 3)});
  commit_rows({merge(users_, "n", MergeKind::max, 100), merge(users_, "n", MergeKind::sum, 1)});
  EXPECT_THAT(changes(),
              ElementsAre(R"({"table":"users","key":"n","kind":"merge","old":null,"new":7})",
                          R"({"table":"users","key":"n","kind":"merge","old":7,"new":101})"));
  EXPECT_EQ(body(users_, "n"), "101");
}

TEST_F(ChangeFeedTest, AMergeBetweenTwoPutsIsAChangeOfItsOwn) {
  commit_rows({put(users_, "n", "1"), merge(users_, "n", MergeKind::sum, 2), put(users_, "n", "9"),
               merge(users_, "n", MergeKind::sum, 1)});
  EXPECT_THAT(changes(),
              ElementsAre(R"({"table":"users","key":"n","kind":"put","old":null,"new":1})",
                          R"({"table":"users","key":"n","kind":"merge","old":1,"new":3})",
                          R"({"table":"users","key":"n","kind":"put","old":3,"new":9})",
                          R"({"table":"users","key":"n","kind":"merge","old":9,"new":10})"));
}

TEST_F(ChangeFeedTest, WhatIsNotThereCannotBeDeleted) {
  commit_rows({remove(users_, "nobody")});
  EXPECT_THAT(changes(), IsEmpty());
}

TEST_F(ChangeFeedTest, ARowThatHasExpiredIsNoOldImage) {
  RowChange row = put(users_, "ada", "1");
  row.expires = WallTime(now.value + 10);
  commit_rows({row});
  commit({{.pipeline = PipelineId(1), .rows = {put(users_, "ada", "2")}}},
         WallTime(now.value + 10));
  EXPECT_EQ(changes().back(), R"({"table":"users","key":"ada","kind":"put","old":null,"new":2})");
}

TEST_F(ChangeFeedTest, ChangesAreInTheWriteThatMakesThemAndTablesNobodyWatchesHaveNone) {
  const TableId other = table("other");
  commit_rows({put(other, "x", "1"), put(users_, "ada", "1")});
  crash();
  watch();
  EXPECT_EQ(body(table("other"), "x"), "1");
  EXPECT_THAT(changes(),
              ElementsAre(R"({"table":"users","key":"ada","kind":"put","old":null,"new":1})"));
}

TEST_F(ChangeFeedTest, AChangeIsAnEventAboutItsRow) {
  commit_rows({put(users_, "ada", "1", EventTime(77)), put(users_, "bob", "2")});
  const auto page = store_->read_stream(stream_, Partition(0), 1, 1, 1000).value();
  const StreamRecord& record = page.records.at(0);
  EXPECT_EQ(record.id, "table:users/2");
  EXPECT_EQ(record.source, "table:users");
  EXPECT_EQ(record.type, "tidemill.table.put");
  EXPECT_EQ(record.subject, "bob");
  EXPECT_EQ(record.key, "bob");
  EXPECT_EQ(record.content_type, "application/json");
  EXPECT_EQ(record.time, EventTime(now.value)) << "a row without a time has that of its commit";
  const auto first = store_->read_stream(stream_, Partition(0), 0, 1, 1000).value();
  EXPECT_EQ(first.records.at(0).time, EventTime(77));
}

}  // namespace
}  // namespace tidemill
