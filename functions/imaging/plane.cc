#include "imaging/plane.h"

#include <cassert>

namespace tidemill::imaging {

Turn turn_for(int orientation) {
  assert(orientation >= 1 && orientation <= 8);
  return {.flip_x = orientation == 2 || orientation == 3 || orientation == 7 || orientation == 8,
          .flip_y = orientation == 3 || orientation == 4 || orientation == 6 || orientation == 7,
          .transposed = orientation >= 5};
}

Plane turned(const Plane& stored, Turn turn) {
  Plane upright(turn.transposed ? stored.height : stored.width,
                turn.transposed ? stored.width : stored.height);
  // Walks the stored samples in upright order: a start and one step for each upright axis.
  const std::ptrdiff_t row_step = stored.width;
  const std::ptrdiff_t along_x = turn.flip_x ? -1 : 1;
  const std::ptrdiff_t along_y = turn.flip_y ? -row_step : row_step;
  const std::ptrdiff_t step_x = turn.transposed ? along_y : along_x;
  const std::ptrdiff_t step_y = turn.transposed ? along_x : along_y;
  const std::ptrdiff_t start =
      (turn.flip_x ? stored.width - 1 : 0) + (turn.flip_y ? (stored.height - 1) * row_step : 0);
  for (int y = 0; y < upright.height; ++y) {
    const std::uint8_t* from = stored.samples.data() + start + y * step_y;
    std::uint8_t* to = upright.row(y);
    for (int x = 0; x < upright.width; ++x) to[x] = from[x * step_x];
  }
  return upright;
}

}  // namespace tidemill::imaging
