#include "core/rehearsal/edit_script.h"

#include <gtest/gtest.h>

#include <random>
#include <string>

namespace tidemill::rehearsal {
namespace {

std::vector<char> letters(std::string_view text) { return {text.begin(), text.end()}; }

std::string script(std::string_view from, std::string_view to) {
  std::string signs;
  for (const Edit edit : edit_script(letters(from), letters(to)))
    signs += edit == Edit::keep ? '=' : edit == Edit::remove ? '-' : '+';
  return signs;
}

TEST(EditScript, KeepsWhatIsCommonAndTouchesNothingElse) {
  EXPECT_EQ(script("", ""), "");
  EXPECT_EQ(script("abc", "abc"), "===");
  EXPECT_EQ(script("abc", ""), "---");
  EXPECT_EQ(script("", "ab"), "++");
  EXPECT_EQ(script("abcd", "abxd"), "==-+=");
  EXPECT_EQ(script("abcd", "acd"), "=-==");
  EXPECT_EQ(script("ad", "abcd"), "=++=");
}

TEST(EditScript, MakesAnySequenceOutOfAnyOther) {
  std::mt19937 dice(7);
  for (int round = 0; round < 2000; ++round) {
    std::vector<char> from(dice() % 12), to(dice() % 12);
    for (char& c : from) c = static_cast<char>('a' + dice() % 3);
    for (char& c : to) c = static_cast<char>('a' + dice() % 3);
    std::vector<char> made;
    std::size_t i = 0, j = 0;
    for (const Edit edit : edit_script(from, to)) {
      if (edit == Edit::keep) {
        ASSERT_EQ(from[i], to[j]);
      }
      if (edit != Edit::remove) made.push_back(to[j++]);
      if (edit != Edit::insert) ++i;
    }
    ASSERT_EQ(i, from.size());
    ASSERT_EQ(made, to);
  }
}

TEST(EditScript, ReplacesTheMiddleOfWhatIsTooLongToCompare) {
  std::vector<int> from(10'000, 1), to(10'000, 2);
  from.front() = to.front() = 0;
  const auto edits = edit_script(from, to);
  EXPECT_EQ(std::ranges::count(edits, Edit::keep), 1);
  EXPECT_EQ(std::ranges::count(edits, Edit::remove), 9'999);
  EXPECT_EQ(std::ranges::count(edits, Edit::insert), 9'999);
}

}  // namespace
}  // namespace tidemill::rehearsal
