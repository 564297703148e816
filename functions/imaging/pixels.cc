#include "imaging/pixels.h"

#include <algorithm>
#include <array>
#include <charconv>

namespace tidemill::imaging {
namespace {

std::uint8_t clamp8(int value) { return static_cast<std::uint8_t>(std::clamp(value, 0, 255)); }

std::uint8_t product(int a, int b) { return static_cast<std::uint8_t>((a * b + 127) / 255); }

// JFIF's conversion with 16 fractional bits.
Rgb from_ycc(int y, int cb, int cr) {
  constexpr int half = 1 << 15;
  cb -= 128;
  cr -= 128;
  return {.red = clamp8(y + ((91881 * cr + half) >> 16)),
          .green = clamp8(y - ((22554 * cb + 46802 * cr + half) >> 16)),
          .blue = clamp8(y + ((116130 * cb + half) >> 16))};
}

// Ink is stored inverted, so that a colour is what passes through the ink and the black.
Rgb through_black(Rgb inverted_ink, int black) {
  return {.red = product(inverted_ink.red, black),
          .green = product(inverted_ink.green, black),
          .blue = product(inverted_ink.blue, black)};
}

// The colour of one pixel of any model, still multiplied by alpha if there is any.
Rgb colour_at(Colour colour, const std::array<std::uint8_t, 5>& samples) {
  const auto [a, b, c, d, unused] = samples;
  switch (colour) {
    case Colour::grey:
      return {.red = a, .green = a, .blue = a};
    case Colour::rgb:
      return {.red = a, .green = b, .blue = c};
    case Colour::ycc:
      return from_ycc(a, b, c);
    case Colour::cmyk:
      return through_black({.red = a, .green = b, .blue = c}, d);
    case Colour::ycck: {
      const Rgb ink = from_ycc(a, b, c);
      return through_black({.red = static_cast<std::uint8_t>(255 - ink.red),
                            .green = static_cast<std::uint8_t>(255 - ink.green),
                            .blue = static_cast<std::uint8_t>(255 - ink.blue)},
                           d);
    }
  }
  return {};
}

// Calls visit(colour, alpha) for each pixel.
template <class Visit>
void each_pixel(const Header& header, const Reduced& picture, Visit visit) {
  const std::size_t count = picture.planes.front().samples.size();
  const auto colours = static_cast<std::size_t>(planes_of(header.colour));
  std::array<std::uint8_t, 5> samples{};
  for (std::size_t i = 0; i < count; ++i) {
    for (std::size_t c = 0; c < picture.planes.size(); ++c) {
      samples[c] = picture.planes[c].samples[i];
    }
    visit(colour_at(header.colour, samples), header.alpha ? samples[colours] : 255);
  }
}

Pixels make_pixels(Size size, int channels) {
  Pixels pixels{.size = size, .channels = channels, .samples = {}};
  pixels.samples.resize(pixels.stride() * static_cast<std::size_t>(size.height));
  return pixels;
}

bool is_grey(Rgb colour) { return colour.red == colour.green && colour.green == colour.blue; }

}  // namespace

std::optional<Rgb> parse_rgb(std::string_view text) {
  if (text.size() != 7 || text[0] != '#') return std::nullopt;
  std::uint32_t value = 0;
  const char* end = text.data() + text.size();
  const auto [rest, error] = std::from_chars(text.data() + 1, end, value, 16);
  if (error != std::errc{} || rest != end) return std::nullopt;
  return Rgb{.red = static_cast<std::uint8_t>(value >> 16),
             .green = static_cast<std::uint8_t>(value >> 8),
             .blue = static_cast<std::uint8_t>(value)};
}

Pixels opaque_pixels(const Header& header, const Reduced& picture, Rgb background) {
  if (header.colour == Colour::grey && !header.alpha) {
    return {.size = picture.size, .channels = 1, .samples = picture.planes.front().samples};
  }
  const bool grey = header.colour == Colour::grey && is_grey(background);
  Pixels pixels = make_pixels(picture.size, grey ? 1 : 3);
  std::uint8_t* out = pixels.samples.data();
  each_pixel(header, picture, [&](Rgb colour, int alpha) {
    const int behind = 255 - alpha;
    // Scaling may leave a colour a little above its alpha; the sum is clamped for that.
    *out++ = clamp8(colour.red + product(background.red, behind));
    if (grey) return;
    *out++ = clamp8(colour.green + product(background.green, behind));
    *out++ = clamp8(colour.blue + product(background.blue, behind));
  });
  return pixels;
}

Pixels transparent_pixels(const Header& header, const Reduced& picture) {
  if (!header.alpha) return opaque_pixels(header, picture, Rgb{});
  Pixels pixels = make_pixels(picture.size, 4);
  std::uint8_t* out = pixels.samples.data();
  each_pixel(header, picture, [&](Rgb colour, int alpha) {
    const auto unmultiplied = [alpha](int sample) {
      return alpha == 0 ? std::uint8_t{0} : clamp8((sample * 255 + alpha / 2) / alpha);
    };
    *out++ = unmultiplied(colour.red);
    *out++ = unmultiplied(colour.green);
    *out++ = unmultiplied(colour.blue);
    *out++ = static_cast<std::uint8_t>(alpha);
  });
  return pixels;
}

}  // namespace tidemill::imaging
