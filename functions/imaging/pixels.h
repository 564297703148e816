// Pixels: a small picture as encoders take it, channels interleaved; and the way there from planes.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "imaging/decoder.h"
#include "imaging/reduce.h"

namespace tidemill::imaging {

struct Rgb {
  std::uint8_t red = 0;
  std::uint8_t green = 0;
  std::uint8_t blue = 0;

  bool operator==(const Rgb&) const = default;
};

/// Reads "#rrggbb"; nothing for anything else.
std::optional<Rgb> parse_rgb(std::string_view text);

struct Pixels {
  Size size;
  int channels = 3;  ///< 1 grey, 3 RGB, 4 RGBA.
  std::vector<std::uint8_t> samples;

  std::size_t stride() const {
    return static_cast<std::size_t>(size.width) * static_cast<std::size_t>(channels);
  }
};

/// Converts any colour model to grey or RGB and composes transparent pixels onto `background`.
/// Precondition: all planes have the full size.
Pixels opaque_pixels(const Header& header, const Reduced& picture, Rgb background);

/// The same, but transparency is kept: pictures with alpha become RGBA.
Pixels transparent_pixels(const Header& header, const Reduced& picture);

}  // namespace tidemill::imaging
