// How close a thumbnail comes to the best that can be made: SSIM of luma against a full decode and
// a plain Lanczos-3, computed here in double precision and shared with neither arm.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace tidemill::bench {

struct Luma {
  int width = 0;
  int height = 0;
  std::vector<double> values;
};

/// Decodes a JPEG in full, upright. Exits the program if libvips cannot.
Luma decode_luma(std::span<const std::uint8_t> file);

Luma lanczos3(const Luma& picture, int width, int height);

/// Mean structural similarity (Wang et al. 2004): 11x11 Gaussian window of sigma 1.5.
/// Precondition: equal sizes, at least 11x11.
double ssim(const Luma& a, const Luma& b);

}  // namespace tidemill::bench
