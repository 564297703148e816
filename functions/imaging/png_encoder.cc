#include <cstring>

#include <png.h>

#include "imaging/encode.h"

namespace tidemill::imaging {

Result<Encoded> encode_png(const Pixels& pixels) {
  // libpng's simplified interface: no setjmp, and all that a thumbnail needs.
  png_image image{};
  image.version = PNG_IMAGE_VERSION;
  image.width = static_cast<png_uint_32>(pixels.size.width);
  image.height = static_cast<png_uint_32>(pixels.size.height);
  image.format = pixels.channels == 1   ? PNG_FORMAT_GRAY
                 : pixels.channels == 3 ? PNG_FORMAT_RGB
                                        : PNG_FORMAT_RGBA;
  png_alloc_size_t bytes = PNG_IMAGE_PNG_SIZE_MAX(image);
  Encoded encoded(bytes);
  constexpr int convert_to_8_bit = 0;
  if (png_image_write_to_memory(&image, encoded.data(), &bytes, convert_to_8_bit,
                                pixels.samples.data(), 0, nullptr) == 0) {
    return fail(Fault::transient, std::string("cannot encode a PNG: ") + image.message);
  }
  encoded.resize(bytes);
  return encoded;
}

}  // namespace tidemill::imaging
