#include "core/dispatch/row_guard.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace tidemill {
namespace {

RowRead read(std::string_view key, std::uint64_t commit, std::uint32_t table = 1) {
  return {TableId(table), RowGuard::hash_of(key), commit};
}

RowChange change(std::string_view key, std::uint32_t table = 1) {
  RowChange row;
  row.table = TableId(table);
  row.key = key;
  return row;
}

class RowGuardTest : public ::testing::Test {
 protected:
  explicit RowGuardTest(std::size_t rows_max = 1u << 20) : guard_(rows_max) {}

  bool stale(RowRead one) { return guard_.stale({&one, 1}, last_); }
  void submit(const std::vector<RowChange>& rows) { guard_.note(rows, ++last_, visible_); }
  void commit(const std::vector<RowChange>& rows) {
    submit(rows);
    visible_ = last_;
  }
  // As the first function that reads the table does.
  void watch(std::uint32_t table = 1) { EXPECT_FALSE(stale(read("any", last_, table))); }

  RowGuard guard_;
  std::uint64_t last_ = 0;
  std::uint64_t visible_ = 0;
};

TEST_F(RowGuardTest, ARowThatChangedAfterItWasReadIsStale) {
  watch();
  commit({change("a")});

  EXPECT_TRUE(stale(read("a", 0)));
  EXPECT_FALSE(stale(read("a", 1))) << "this one saw the change";
  EXPECT_FALSE(stale(read("b", 0))) << "another row";
}

TEST_F(RowGuardTest, AReadOfTheSameKeyInAnotherTableIsNotStale) {
  watch(1);
  watch(2);
  commit({change("a", 1)});

  EXPECT_FALSE(stale(read("a", 0, 2)));
}

TEST_F(RowGuardTest, OneStaleReadAmongManyIsEnough) {
  watch();
  commit({change("b")});
  const std::vector<RowRead> reads = {read("a", 0), read("b", 0), read("c", 0)};

  EXPECT_TRUE(guard_.stale(reads, last_));
}

TEST_F(RowGuardTest, WhatChangedATableBeforeItWasWatchedIsNotKnownSoTheFirstReadIsStale) {
  commit({change("a")});

  EXPECT_TRUE(stale(read("b", 0)));
  EXPECT_FALSE(stale(read("b", 1))) << "read again, it is known";
  commit({change("a")});
  EXPECT_FALSE(stale(read("b", 1)));
}

// The first reader is invoked again at once, and may read the same old row once more.
TEST_F(RowGuardTest, AReadIsStaleAsLongAsItDoesNotSeeACommitSubmittedBeforeItsTableWasWatched) {
  commit({change("a")});
  submit({change("a")});

  EXPECT_TRUE(stale(read("a", 1)));
  EXPECT_TRUE(stale(read("a", 1))) << "the change of commit 2 is still being written";
  EXPECT_FALSE(stale(read("a", 2)));
}

TEST_F(RowGuardTest, AReadThatSawEverythingIsNeverStale) {
  commit({change("a")});

  EXPECT_FALSE(stale(read("a", last_)));
}

TEST_F(RowGuardTest, ChangesAreRememberedAsLongAsAnInvocationUnderWayMayHaveReadBefore) {
  watch();
  guard_.enter(0);
  commit({change("a")});
  std::vector<std::string> keys;
  for (int i = 0; i < 20'000; ++i) keys.push_back(std::to_string(i));
  for (const std::string& key : keys) commit({change(key)});

  EXPECT_TRUE(stale(read("a", 0)));
  EXPECT_TRUE(stale(read("19999", 0)));
  guard_.leave(0);
}

TEST_F(RowGuardTest, AChangeThatIsNotVisibleYetIsRememberedThoughNobodyReadsNow) {
  watch();
  std::vector<std::string> keys;
  for (int i = 0; i < 5000; ++i) keys.push_back(std::to_string(i));
  std::vector<RowChange> rows;
  for (const std::string& key : keys) rows.push_back(change(key));
  submit(rows);
  guard_.enter(visible_);

  EXPECT_TRUE(stale(read("0", visible_)));
  guard_.leave(visible_);
}

class SmallRowGuardTest : public RowGuardTest {
 protected:
  SmallRowGuardTest() : RowGuardTest(100) {}
};

TEST_F(SmallRowGuardTest, ALongInvocationThatMissedMoreThanCanBeRememberedIsStale) {
  watch();
  guard_.enter(0);
  std::vector<std::string> keys;
  for (int i = 0; i < 10'000; ++i) keys.push_back(std::to_string(i));
  for (const std::string& key : keys) {
    commit({change(key)});
    ASSERT_LE(guard_.remembered(), 100u);
  }

  EXPECT_TRUE(stale(read("a row that nobody changed", 0))) << "what changed by then is forgotten";
  EXPECT_FALSE(stale(read("a row that nobody changed", last_)));
  EXPECT_TRUE(stale(read("9999", last_ - 1))) << "the last changes are known";
  guard_.leave(0);
}

TEST_F(SmallRowGuardTest, WhatIsNotVisibleYetIsRememberedHoweverMuchItIs) {
  watch();
  std::vector<std::string> keys;
  for (int i = 0; i < 1000; ++i) keys.push_back(std::to_string(i));
  for (const std::string& key : keys) submit({change(key)});

  EXPECT_EQ(guard_.remembered(), 1000u);
  EXPECT_TRUE(stale(read("0", 0)));
  EXPECT_FALSE(stale(read("a row that nobody changed", 0)));
}

}  // namespace
}  // namespace tidemill
