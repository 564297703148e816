#include "imaging/row_scaler.h"

#include <gmock/gmock.h>

#include <functional>

namespace tidemill::imaging {
namespace {

using ::testing::Each;

Axis axis(int in, int out) {
  return {.in = in,
          .out = out,
          .in_extent = static_cast<double>(in),
          .out_extent = static_cast<double>(out)};
}

Plane scale(const Axis& x, const Axis& y, const std::function<int(int, int)>& sample) {
  RowScaler scaler(x, y);
  std::vector<std::uint8_t> row(static_cast<std::size_t>(x.in));
  for (int v = 0; v < y.in; ++v) {
    for (int u = 0; u < x.in; ++u) {
      row[static_cast<std::size_t>(u)] = static_cast<std::uint8_t>(sample(u, v));
    }
    scaler.push(row.data());
  }
  EXPECT_TRUE(scaler.complete());
  return scaler.take();
}

TEST(RowScaler, AFlatAreaKeepsItsValueAtEverySize) {
  for (const int in : {1, 2, 3, 31, 32, 33, 400, 1000, 4001}) {
    for (const int out : {1, 2, 17, 200}) {
      if (out > in) continue;
      const Plane plane = scale(axis(in, out), axis(37, 5), [](int, int) { return 201; });
      ASSERT_THAT(plane.samples, Each(201)) << in << " to " << out;
    }
  }
}

TEST(RowScaler, AtFullSizeNothingChanges) {
  const auto noise = [](int x, int y) { return (x * 37 + y * 101) % 256; };
  const Plane plane = scale(axis(61, 61), axis(23, 23), noise);
  for (int y = 0; y < 23; ++y) {
    for (int x = 0; x < 61; ++x) ASSERT_EQ(plane.row(y)[x], noise(x, y)) << x << "," << y;
  }
}

TEST(RowScaler, ARampStaysARamp) {
  const Plane plane = scale(axis(512, 64), axis(512, 64), [](int x, int) { return x / 2; });
  for (int x = 4; x < 60; ++x) ASSERT_NEAR(plane.row(30)[x], x * 4 + 1.75, 1.0) << x;
}

TEST(RowScaler, AveragesLargeReductionsWithoutShiftingThePicture) {
  // A step in the middle must stay in the middle, with overshoot only beside it.
  const Plane plane =
      scale(axis(30000, 200), axis(3, 1), [](int x, int) { return x < 15000 ? 0 : 255; });
  EXPECT_LE(plane.row(0)[95], 8);
  EXPECT_GE(plane.row(0)[104], 247);
  EXPECT_NEAR(plane.row(0)[99] + plane.row(0)[100], 255, 2);
}

TEST(RowScaler, ExtentsKeepPlanesOfDifferentResolutionInRegister) {
  // 1001 pixels at an eighth: 126 samples of which the last lies mostly outside.
  const Axis eighth{.in = 126, .out = 10, .in_extent = 125.125, .out_extent = 10};
  const Plane fine = scale(axis(1001, 10), axis(8, 1), [](int x, int) { return x / 4; });
  const Plane coarse = scale(eighth, axis(1, 1), [](int x, int) { return (x * 8 + 3) / 4; });
  for (int x = 1; x < 9; ++x) ASSERT_NEAR(fine.row(0)[x], coarse.row(0)[x], 2) << x;
}

TEST(RowScaler, ChromaOfAFlippedPictureStaysUnderItsLuma) {
  // 25 pixels in half resolution are twelve and a half samples; flipped, the half one is the first.
  const Axis plain{.in = 50, .out = 13, .in_extent = 50, .out_extent = 12.5};
  Axis flipped = plain;
  flipped.flipped = true;
  const auto ramp = [](int x, int) { return x * 5; };
  const Plane a = scale(plain, axis(1, 1), ramp);
  const Plane b = scale(flipped, axis(1, 1), ramp);
  EXPECT_NEAR(a.row(0)[6] - b.row(0)[6], 10, 1);  // Half an output sample, two input samples.
}

}  // namespace
}  // namespace tidemill::imaging
