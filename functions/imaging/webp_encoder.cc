#include <cstdint>
#include <cstdlib>
#include <memory>

#include <webp/encode.h>

#include "imaging/encode.h"

namespace tidemill::imaging {
namespace {

Pixels grey_to_rgb(const Pixels& grey) {
  Pixels rgb{.size = grey.size, .channels = 3, .samples = {}};
  rgb.samples.reserve(grey.samples.size() * 3);
  for (const std::uint8_t sample : grey.samples) rgb.samples.insert(rgb.samples.end(), 3, sample);
  return rgb;
}

struct FreeWebp {
  void operator()(std::uint8_t* bytes) const { WebPFree(bytes); }
};

}  // namespace

Result<Encoded> encode_webp(const Pixels& pixels, int quality) {
  if (pixels.channels == 1) return encode_webp(grey_to_rgb(pixels), quality);
  std::uint8_t* bytes = nullptr;
  const auto encode = pixels.channels == 4 ? WebPEncodeRGBA : WebPEncodeRGB;
  const std::size_t count =
      encode(pixels.samples.data(), pixels.size.width, pixels.size.height,
             static_cast<int>(pixels.stride()), static_cast<float>(quality), &bytes);
  const std::unique_ptr<std::uint8_t, FreeWebp> owner(bytes);
  if (count == 0) return fail(Fault::transient, "cannot encode a WebP: libwebp is out of memory");
  return Encoded(bytes, bytes + count);
}

}  // namespace tidemill::imaging
