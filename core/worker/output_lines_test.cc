#include "core/worker/output_lines.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace tidemill::worker {
namespace {

using ::testing::ElementsAre;
using ::testing::SizeIs;

class OutputLinesTest : public ::testing::Test {
 protected:
  std::vector<std::string> written_;
  OutputLines lines_{[this](std::string_view line) { written_.emplace_back(line); }};
  Instant now_{std::chrono::seconds(100)};
};

TEST_F(OutputLinesTest, LinesComeWholeHoweverTheyWereRead) {
  lines_.add("one\ntw", now_);
  lines_.add("o\n\n", now_);
  lines_.add("three", now_);
  EXPECT_THAT(written_, ElementsAre("one", "two"));
  lines_.finish(now_);
  EXPECT_THAT(written_, ElementsAre("one", "two", "three"));
}

TEST_F(OutputLinesTest, ALongLineIsCut) {
  lines_.add(std::string(10'000, 'x'), now_);
  lines_.add(std::string(10'000, 'y') + "\nnext\n", now_);
  ASSERT_THAT(written_, SizeIs(2));
  EXPECT_EQ(written_[0], std::string(OutputLines::line_bytes_max, 'x'));
  EXPECT_EQ(written_[1], "next");
}

TEST_F(OutputLinesTest, AFloodIsCountedAndDropped) {
  for (std::uint32_t i = 0; i < OutputLines::lines_per_second + 7; ++i) lines_.add("x\n", now_);
  EXPECT_THAT(written_, SizeIs(OutputLines::lines_per_second));
  now_ += std::chrono::seconds(1);
  lines_.add("later\n", now_);
  ASSERT_THAT(written_, SizeIs(OutputLines::lines_per_second + 2));
  EXPECT_EQ(written_[OutputLines::lines_per_second], "(7 lines dropped)");
  EXPECT_EQ(written_.back(), "later");
}

TEST_F(OutputLinesTest, TheEndTellsOfWhatWasDropped) {
  for (std::uint32_t i = 0; i <= OutputLines::lines_per_second; ++i) lines_.add("x\n", now_);
  lines_.finish(now_);
  EXPECT_EQ(written_.back(), "(1 lines dropped)");
}

}  // namespace
}  // namespace tidemill::worker
