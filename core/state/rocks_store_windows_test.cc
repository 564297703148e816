// Rows of windows: folded, read, told when their window closes, and removed after it.
#include <gmock/gmock.h>

#include <string>
#include <vector>

#include "core/state/aggregate.h"
#include "core/state/keys.h"
#include "core/state/rocks_store_fixture.h"

namespace tidemill {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

constexpr std::uint64_t second = 1'000'000;

class RocksStoreWindows : public RocksStoreTest {
 protected:
  void SetUp() override {
    views_ = table("views");
    auto fed = store_->feed_changes("views");
    ASSERT_TRUE(fed);
    changes_ = fed->id;
  }

  /// One event more in the window of ten seconds that starts at `start`.
  RowChange count(std::string_view key, std::uint64_t start, bool announced = false,
                  bool removed = false) {
    RowChange change{.table = views_,
                     .kind = EffectKind::merge_row,
                     .time = EventTime((start + 1) * second),
                     .key = key,
                     .aggregate = &one_};
    change.window = RowWindow{.start = EventTime(start * second),
                              .end = EventTime((start + 10) * second),
                              .announced = announced,
                              .removed = removed};
    return change;
  }

  WindowsOver over(std::uint64_t closed, std::uint64_t removed = 0) const {
    return {views_, EventTime(closed * second), EventTime(removed * second)};
  }

  void commit(std::vector<RowChange> rows, std::vector<WindowsOver> windows_over = {}) {
    CommitPart part{.pipeline = PipelineId(1), .rows = std::move(rows)};
    part.windows_over = std::move(windows_over);
    RocksStoreTest::commit({part});
  }

  /// "key@start in seconds: count".
  std::vector<std::string> rows(std::string_view after = "") {
    std::vector<std::string> all;
    EXPECT_TRUE(store_->each_row(views_, "", after, now, [&](std::string_view key, const Row& row) {
      const std::uint64_t start = row.window ? row.window->value / second : 0;
      all.push_back(std::string(key) + "@" + std::to_string(start) + ": " + row.body);
      return true;
    }));
    return all;
  }

  std::vector<std::string> told() {
    std::vector<std::string> all;
    const auto page = store_->read_stream(changes_, Partition(0), 0, 1000, 1u << 20);
    EXPECT_TRUE(page);
    for (const StreamRecord& record : page->records) all.emplace_back(record.data);
    return all;
  }

  TableId views_;
  StreamId changes_;
  state::Aggregate one_{.shows_count = true, .count = 1};
};

TEST_F(RocksStoreWindows, FoldPerKeyAndWindowOverCommitsAndRestarts) {
  commit({count("/a", 0), count("/b", 0), count("/a", 10), count("/a", 0)});
  commit({count("/a", 0)});
  reopen();
  commit({count("/a", 10)});
  EXPECT_THAT(rows(),
              ElementsAre(R"(/a@0: {"count":3})", R"(/a@10: {"count":2})", R"(/b@0: {"count":1})"));
}

TEST_F(RocksStoreWindows, AreFoundByNameAndReadOnFromThere) {
  commit({count("/a", 0), count("/a", 10), count("/b", 0)});
  const std::string name = state::row_name("/a", EventTime(10 * second));
  EXPECT_EQ(name, "/a@1970-01-01T00:00:10.000000Z");
  const auto row = store_->row_named(views_, name, now);
  ASSERT_TRUE(row && *row);
  EXPECT_EQ((*row)->window, EventTime(10 * second));
  EXPECT_THAT(rows(name), ElementsAre(R"(/b@0: {"count":1})"));
  EXPECT_EQ(store_->row(views_, "/a", now).value(), std::nullopt) << "the key alone is none";
}

TEST_F(RocksStoreWindows, ARowWhoseKeyReadsLikeANameIsFoundAllTheSame) {
  commit_rows({put(views_, "x@1970-01-01T00:00:10Z", "plain")});
  const auto row = store_->row_named(views_, "x@1970-01-01T00:00:10Z", now);
  ASSERT_TRUE(row && *row);
  EXPECT_EQ((*row)->body, "plain");
}

TEST_F(RocksStoreWindows, AreToldOncePerCommitGroupWithBothImages) {
  commit({count("/a", 0), count("/a", 0)});
  commit({count("/a", 0)});
  EXPECT_THAT(told(), ElementsAre(HasSubstr(R"("old":null,"new":{"count":2})"),
                                  HasSubstr(R"("old":{"count":2},"new":{"count":3})")));
}

TEST_F(RocksStoreWindows, ThatAreAnnouncedAreToldWhenTheyCloseAndOnlyThen) {
  commit({count("/a", 0, true), count("/b", 0, true), count("/a", 10, true)});
  commit({count("/a", 0, true)}, {over(9)});
  EXPECT_THAT(told(), IsEmpty());
  crash();
  ASSERT_TRUE(store_->feed_changes("views"));
  commit({count("/b", 0, true), count("/a", 20, true)}, {over(10)});
  EXPECT_THAT(told(),
              ElementsAre(HasSubstr(R"("key":"/a","kind":"close","old":null,"new":{"count":2})"),
                          HasSubstr(R"("key":"/b","kind":"close","old":null,"new":{"count":2})")));
  commit({}, {over(10)});
  EXPECT_THAT(told(), SizeIs(2)) << "what was told is not told again";
  commit({}, {over(30)});
  EXPECT_THAT(told(), SizeIs(4));
}

TEST_F(RocksStoreWindows, ThatBeginAndCloseInOneCommitAreToldInOrderOfTheirEnds) {
  commit({count("/b", 10, true), count("/a", 10, true), count("/z", 0, true)}, {over(20)});
  EXPECT_THAT(told(), ElementsAre(HasSubstr(R"("key":"/z")"), HasSubstr(R"("key":"/a")"),
                                  HasSubstr(R"("key":"/b")")));
}

TEST_F(RocksStoreWindows, ThatGetMoreAfterTheyClosedCloseAgain) {
  commit({count("/a", 0, true)}, {over(10)});
  commit({count("/a", 0, true)});
  commit({}, {over(20)});
  EXPECT_THAT(told(),
              ElementsAre(HasSubstr(R"("new":{"count":1})"), HasSubstr(R"("new":{"count":2})")));
}

TEST_F(RocksStoreWindows, GoWhenTheirRetentionHasPassed) {
  commit({count("/a", 0, false, true), count("/a", 10, false, true), count("/b", 0)});
  commit({}, {over(30, 9)});
  EXPECT_THAT(rows(), SizeIs(3));
  crash();
  commit({count("/a", 20, false, true)}, {over(40, 10)});
  EXPECT_THAT(rows(), ElementsAre(R"(/a@10: {"count":1})", R"(/a@20: {"count":1})",
                                  R"(/b@0: {"count":1})"));
}

TEST_F(RocksStoreWindows, ThatBeginAndEndTheirRetentionInOneCommitAreGone) {
  commit({count("/a", 0, false, true), count("/b", 10, false, true), count("/c", 0)},
         {over(40, 10)});
  EXPECT_THAT(rows(), ElementsAre(R"(/b@10: {"count":1})", R"(/c@0: {"count":1})"));
  commit({}, {over(50, 20)});
  EXPECT_THAT(rows(), ElementsAre(R"(/c@0: {"count":1})"));
}

TEST_F(RocksStoreWindows, GoWithWhatTheLastCommitAddsToThem) {
  commit({count("/a", 0, true, true)});
  commit({count("/a", 0, true, true), count("/a", 10, true, true)}, {over(30, 10)});
  EXPECT_THAT(rows(), ElementsAre(R"(/a@10: {"count":1})"));
  EXPECT_THAT(told(),
              ElementsAre(HasSubstr(R"("new":{"count":2})"), HasSubstr(R"("new":{"count":1})")))
      << "what is told is whole";
}

TEST_F(RocksStoreWindows, AreToldBeforeTheyGo) {
  commit({count("/a", 0, true, true)});
  commit({}, {over(30, 30)});
  EXPECT_THAT(told(), ElementsAre(HasSubstr(R"("new":{"count":1})")));
  EXPECT_THAT(rows(), IsEmpty());
}

TEST_F(RocksStoreWindows, OfOneTableDoNotCloseThoseOfAnother) {
  const TableId other = table("other");
  commit({count("/a", 0, true)}, {{other, EventTime(90 * second), EventTime(90 * second)}});
  EXPECT_THAT(told(), IsEmpty());
}

TEST_F(RocksStoreWindows, WhatClocksHaveSeenIsRestoredWithProgress) {
  const PipelineId id = pipeline("p");
  ASSERT_TRUE(store_->progress(id, "file:/x"));
  LogProgress log{Partition(3), Offset(10), {{Offset(12), Offset(14)}}};
  log.clocks = {{views_, EventTime(7), 2, 1}, {TableId(99), EventTime(), 0, 0}};
  CommitPart part{.pipeline = id};
  part.logs = {log};
  RocksStoreTest::commit({part});
  crash();
  const auto read = store_->log_progress(id);
  ASSERT_TRUE(read);
  ASSERT_THAT(*read, SizeIs(1));
  EXPECT_EQ(read->front().clocks, log.clocks);
  EXPECT_EQ(read->front().settled, log.settled);
}

}  // namespace
}  // namespace tidemill
