#include "core/config/suggest.h"

#include <gtest/gtest.h>

#include <vector>

namespace tidemill::config {
namespace {

const std::vector<std::string> known{"width", "height", "quality"};

TEST(Suggest, CountsEditsAndSwapsOfNeighbours) {
  EXPECT_EQ(edit_distance("width", "width"), 0u);
  EXPECT_EQ(edit_distance("widht", "width"), 1u);
  EXPECT_EQ(edit_distance("", "abc"), 3u);
  EXPECT_EQ(edit_distance("kitten", "sitting"), 3u);
}

TEST(Suggest, OffersTheClosestName) {
  EXPECT_EQ(suggest("widht", known, "known keys"), "did you mean 'width'?");
  EXPECT_EQ(suggest("qualty", known, "known keys"), "did you mean 'quality'?");
}

TEST(Suggest, ListsAllWhenNothingIsClose) {
  EXPECT_EQ(suggest("colour", known, "known keys"), "known keys: width, height, quality");
  EXPECT_EQ(suggest("x", {}, "known keys"), "known keys: none");
  EXPECT_EQ(suggest(std::string(1 << 20, 'w'), known, "keys"), "keys: width, height, quality");
}

}  // namespace
}  // namespace tidemill::config
