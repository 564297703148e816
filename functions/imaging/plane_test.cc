#include "imaging/plane.h"

#include <gmock/gmock.h>

namespace tidemill::imaging {
namespace {

using ::testing::ElementsAre;

// 1 2 3
// 4 5 6
Plane stored() {
  Plane plane(3, 2);
  plane.samples = {1, 2, 3, 4, 5, 6};
  return plane;
}

std::vector<std::uint8_t> upright(int orientation) {
  return turned(stored(), turn_for(orientation)).samples;
}

TEST(Plane, EachOrientationTurnsAsExifSays) {
  EXPECT_THAT(upright(1), ElementsAre(1, 2, 3, 4, 5, 6));
  EXPECT_THAT(upright(2), ElementsAre(3, 2, 1, 6, 5, 4));
  EXPECT_THAT(upright(3), ElementsAre(6, 5, 4, 3, 2, 1));
  EXPECT_THAT(upright(4), ElementsAre(4, 5, 6, 1, 2, 3));
  EXPECT_THAT(upright(5), ElementsAre(1, 4, 2, 5, 3, 6));
  EXPECT_THAT(upright(6), ElementsAre(4, 1, 5, 2, 6, 3));
  EXPECT_THAT(upright(7), ElementsAre(6, 3, 5, 2, 4, 1));
  EXPECT_THAT(upright(8), ElementsAre(3, 6, 2, 5, 1, 4));
}

TEST(Plane, ExchangingTheAxesExchangesTheSides) {
  const Plane plane = turned(stored(), turn_for(6));
  EXPECT_EQ(plane.width, 2);
  EXPECT_EQ(plane.height, 3);
}

}  // namespace
}  // namespace tidemill::imaging
