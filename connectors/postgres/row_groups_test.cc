#include "row_groups.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <deque>

namespace tidemill::postgres {
namespace {

using ::testing::ElementsAre;

class RowGroups : public ::testing::Test {
 protected:
  void row(std::string key, Shape shape, bool removal = false) {
    const std::size_t number = rows_.size();
    rows_.push_back({number, removal, std::move(shape), {}, std::move(key)});
  }

  // The numbers of the rows of each group.
  std::vector<std::vector<std::size_t>> groups(OnConflict on_conflict) {
    table_.on_conflict = on_conflict;
    std::vector<const Row*> all;
    for (const Row& row : rows_) all.push_back(&row);
    std::vector<std::vector<std::size_t>> numbers;
    for (const RowGroup& group : group_rows(table_, all)) {
      auto& of_group = numbers.emplace_back();
      for (const Row* row : group.rows) {
        EXPECT_EQ(*group.shape, row->shape);
        EXPECT_EQ(group.removal, row->removal);
        of_group.push_back(row->effect);
      }
    }
    return numbers;
  }

  Table table_{.name = "t", .columns = {{"id", "text"}, {"a", "text"}, {"b", "text"}}, .key = {0}};
  std::deque<Row> rows_;
};

TEST_F(RowGroups, RowsOfTheSameColumnsAreOneStatement) {
  row("1", {0, 1});
  row("2", {0, 1});
  EXPECT_THAT(groups(OnConflict::update), ElementsAre(ElementsAre(0, 1)));
  EXPECT_THAT(groups(OnConflict::ignore), ElementsAre(ElementsAre(0, 1)));
  EXPECT_THAT(groups(OnConflict::error), ElementsAre(ElementsAre(0, 1)));
}

TEST_F(RowGroups, TheLastRowOfAKeyTakesThePlaceOfThoseBefore) {
  row("1", {0, 1});
  row("2", {0, 1});
  row("1", {0, 1});
  EXPECT_THAT(groups(OnConflict::update), ElementsAre(ElementsAre(2, 1)));
}

TEST_F(RowGroups, WhereRowsAreLeftAsTheyAreTheFirstOfAKeyCounts) {
  row("1", {0, 1});
  row("1", {0, 2});
  EXPECT_THAT(groups(OnConflict::ignore), ElementsAre(ElementsAre(0)));
}

TEST_F(RowGroups, WhereAKeyIsAnErrorTheServerHearsOfEachRow) {
  row("1", {0, 1});
  row("1", {0, 1});
  EXPECT_THAT(groups(OnConflict::error), ElementsAre(ElementsAre(0, 1)));
}

TEST_F(RowGroups, OfOneKeyAndOtherColumnsBothAreWrittenInTheirOrder) {
  row("1", {0, 1});
  row("2", {0, 2});
  row("1", {0, 2});
  row("2", {0, 1});
  EXPECT_THAT(groups(OnConflict::update),
              ElementsAre(ElementsAre(0), ElementsAre(2, 1), ElementsAre(3)));
}

TEST_F(RowGroups, ARemovalStandsBetweenTheRowsBeforeAndBehindIt) {
  row("1", {0, 1});
  row("1", {0}, true);
  row("1", {0, 1});
  row("2", {0}, true);
  EXPECT_THAT(groups(OnConflict::update),
              ElementsAre(ElementsAre(0), ElementsAre(1, 3), ElementsAre(2)));
}

TEST_F(RowGroups, KeysAreLockedInOneOrder) {
  row("b", {0, 1});
  row("c", {0, 1});
  row("a", {0, 1});
  EXPECT_THAT(groups(OnConflict::update), ElementsAre(ElementsAre(2, 0, 1)));
}

}  // namespace
}  // namespace tidemill::postgres
