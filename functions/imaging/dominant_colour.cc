#include "imaging/dominant_colour.h"

#include <algorithm>
#include <array>
#include <cstdint>

#include "imaging/reduce.h"

namespace tidemill::imaging {
namespace {

constexpr Size tiny{.width = 64, .height = 64};
constexpr int range_bits = 3;  // Of each channel: ranges of 32 levels, 512 in all.

struct Range {
  std::uint32_t pixels = 0;
  std::uint32_t red = 0;
  std::uint32_t green = 0;
  std::uint32_t blue = 0;
};

std::size_t range_of(Rgb colour) {
  constexpr int shift = 8 - range_bits;
  return static_cast<std::size_t>((colour.red >> shift) << (2 * range_bits) |
                                  (colour.green >> shift) << range_bits | colour.blue >> shift);
}

std::uint8_t mean(std::uint32_t sum, std::uint32_t count) {
  return static_cast<std::uint8_t>((sum + count / 2) / count);
}

}  // namespace

Result<Rgb> dominant_colour(Decoder& decoder) {
  const Result<Reduced> picture = reduce(decoder, tiny, Chroma::full);
  if (!picture) return std::unexpected(picture.error());
  const Pixels pixels = transparent_pixels(decoder.header(), *picture);

  std::array<Range, std::size_t{1} << (3 * range_bits)> ranges{};
  const auto channels = static_cast<std::size_t>(pixels.channels);
  for (std::size_t i = 0; i + channels <= pixels.samples.size(); i += channels) {
    const std::uint8_t* sample = pixels.samples.data() + i;
    if (channels == 4 && sample[3] < 128) continue;
    const Rgb colour = channels == 1 ? Rgb{.red = sample[0], .green = sample[0], .blue = sample[0]}
                                     : Rgb{.red = sample[0], .green = sample[1], .blue = sample[2]};
    Range& range = ranges[range_of(colour)];
    ++range.pixels;
    range.red += colour.red;
    range.green += colour.green;
    range.blue += colour.blue;
  }
  const Range& top = *std::ranges::max_element(ranges, {}, &Range::pixels);
  // A picture that is transparent all over has no colour; it shows white.
  if (top.pixels == 0) return Rgb{.red = 255, .green = 255, .blue = 255};
  return Rgb{.red = mean(top.red, top.pixels),
             .green = mean(top.green, top.pixels),
             .blue = mean(top.blue, top.pixels)};
}

}  // namespace tidemill::imaging
