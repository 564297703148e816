#include "app/text_table.h"

#include <gmock/gmock.h>

namespace tidemill::app {
namespace {

using ::testing::ElementsAre;

class TextTableTest : public ::testing::Test {
 protected:
  TextTableTest() { use_utf8(); }
};

TEST_F(TextTableTest, KnowsHowWideLettersAre) {
  EXPECT_EQ(display_width("abc"), 3u);
  EXPECT_EQ(display_width("Zürich"), 6u);
  EXPECT_EQ(display_width("東京"), 4u);
  EXPECT_EQ(display_width("e\u0301"), 1u) << "an accent of its own takes no column";
  EXPECT_EQ(display_width("\xFF\xC3"), 2u) << "what is not UTF-8 is one each";
}

TEST_F(TextTableTest, CutsBetweenLetters) {
  EXPECT_EQ(cut("abc", 3), "abc");
  EXPECT_EQ(cut("abcd", 3), "ab…");
  EXPECT_EQ(cut("東京都", 4), "東…") << "half a letter does not fit";
  EXPECT_EQ(cut("abc", 0), "");
}

TEST_F(TextTableTest, ColumnsAreAsWideAsTheirWidestCell) {
  TextTable table({{"NAME", TextTable::Align::left}, {"N"}});
  table.add({"東京", "1"});
  table.add({"long name", "1000"});

  EXPECT_THAT(table.lines(80),
              ElementsAre("NAME          N", "東京          1", "long name  1000"));
}

TEST_F(TextTableTest, WithoutRoomTheColumnsOfLeastWorthGoFirst) {
  TextTable table({{"NAME", TextTable::Align::left},
                   {"LEAST", TextTable::Align::right, 1},
                   {"MORE", TextTable::Align::right, 5}});
  table.add({"a", "1", "2"});

  EXPECT_THAT(table.lines(10), ElementsAre("NAME  MORE", "a        2"));
  EXPECT_THAT(table.lines(9), ElementsAre("NAME", "a"));
  EXPECT_THAT(table.lines(3), ElementsAre("NA…", "a"));
}

}  // namespace
}  // namespace tidemill::app
