// Plane: one channel of a picture, 8 bits a sample, rows without gaps; and how EXIF orientation
// turns it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace tidemill::imaging {

struct Plane {
  int width = 0;
  int height = 0;
  std::vector<std::uint8_t> samples;  // Invariant: width * height of them.

  Plane() = default;
  Plane(int plane_width, int plane_height)
      : width(plane_width),
        height(plane_height),
        samples(static_cast<std::size_t>(plane_width) * static_cast<std::size_t>(plane_height)) {}

  std::uint8_t* row(int y) { return samples.data() + offset(y); }
  const std::uint8_t* row(int y) const { return samples.data() + offset(y); }

 private:
  std::size_t offset(int y) const {
    return static_cast<std::size_t>(y) * static_cast<std::size_t>(width);
  }
};

/// The steps from a picture as stored to a picture upright: first flips along the stored axes,
/// then the exchange of the axes.
struct Turn {
  bool flip_x = false;
  bool flip_y = false;
  bool transposed = false;

  bool none() const { return !flip_x && !flip_y && !transposed; }
};

/// Precondition: orientation is an EXIF orientation, 1 to 8.
Turn turn_for(int orientation);

Plane turned(const Plane& stored, Turn turn);

}  // namespace tidemill::imaging
