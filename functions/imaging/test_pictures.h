// Pictures for the tests of this folder and of the functions that use it: files of tests/data, and
// pixels of what was made from them.
#pragma once

#include <cmath>
#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <ostream>
#include <string>
#include <string_view>
#include <vector>

#include "imaging/decoder.h"
#include "imaging/pixels.h"
#include "imaging/reduce.h"

namespace tidemill::imaging {

inline std::ostream& operator<<(std::ostream& out, Rgb colour) {
  return out << "rgb(" << int{colour.red} << ", " << int{colour.green} << ", " << int{colour.blue}
             << ")";
}

inline std::ostream& operator<<(std::ostream& out, Size size) {
  return out << size.width << "x" << size.height;
}

namespace testing {

inline std::vector<std::uint8_t> read_file(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

inline std::filesystem::path pictures() {
  return std::filesystem::path(TIDEMILL_SOURCE_DIR) / "tests/data/images";
}

inline std::vector<std::uint8_t> picture(const std::string& name) {
  return read_file(pictures() / name);
}

/// The bytes of a picture as an object.
inline std::string object(const std::vector<std::uint8_t>& bytes) {
  return {bytes.begin(), bytes.end()};
}

/// Decodes in full, upright. Empty pixels when the file is not a picture.
inline Pixels decode(Bytes bytes) {
  const Limits limits;
  const auto decoder = open(bytes, limits);
  if (!decoder) return {};
  const auto reduced = reduce(**decoder, {.width = 1 << 20, .height = 1 << 20}, Chroma::full);
  if (!reduced) return {};
  return transparent_pixels((*decoder)->header(), *reduced);
}

inline Rgb at(const Pixels& pixels, int x, int y) {
  const auto channels = static_cast<std::size_t>(pixels.channels);
  const std::uint8_t* sample = pixels.samples.data() +
                               static_cast<std::size_t>(y) * pixels.stride() +
                               static_cast<std::size_t>(x) * channels;
  if (channels == 1) return {.red = sample[0], .green = sample[0], .blue = sample[0]};
  return {.red = sample[0], .green = sample[1], .blue = sample[2]};
}

/// Whether two colours look alike after lossy coding.
inline bool alike(Rgb a, Rgb b, int tolerance = 40) {
  return std::abs(a.red - b.red) <= tolerance && std::abs(a.green - b.green) <= tolerance &&
         std::abs(a.blue - b.blue) <= tolerance;
}

/// Mean difference of a sample of two pictures of one size.
inline double difference(const Pixels& a, const Pixels& b) {
  double sum = 0;
  for (int y = 0; y < a.size.height; ++y) {
    for (int x = 0; x < a.size.width; ++x) {
      const Rgb p = at(a, x, y);
      const Rgb q = at(b, x, y);
      sum += std::abs(p.red - q.red) + std::abs(p.green - q.green) + std::abs(p.blue - q.blue);
    }
  }
  return sum / (3.0 * a.size.width * a.size.height);
}

}  // namespace testing
}  // namespace tidemill::imaging
