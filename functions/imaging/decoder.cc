#include "imaging/decoder.h"

#include <string>

#include "imaging/jpeg_decoder.h"
#include "imaging/png_decoder.h"
#include "imaging/webp_decoder.h"

namespace tidemill::imaging {

int planes_of(Colour colour) {
  switch (colour) {
    case Colour::grey:
      return 1;
    case Colour::ycc:
      return 3;
    case Colour::rgb:
      return 3;
    case Colour::cmyk:
      return 4;
    case Colour::ycck:
      return 4;
  }
  return 0;
}

Result<std::unique_ptr<Decoder>> open(Bytes bytes, const Limits& limits) {
  if (bytes.size() > limits.bytes_max) {
    return fail(Fault::bad_event, "the file may have at most " + std::to_string(limits.bytes_max) +
                                      " bytes (bytes_max); it has " + std::to_string(bytes.size()));
  }
  const Result<Format> format = sniff(bytes);
  if (!format) return std::unexpected(format.error());
  switch (*format) {
    case Format::jpeg:
      return open_jpeg(bytes, limits);
    case Format::png:
      return open_png(bytes, limits);
    case Format::webp:
      return open_webp(bytes, limits);
  }
  return fail(Fault::bad_event, "no decoder");
}

Result<> check_size(const Limits& limits, std::uint64_t width, std::uint64_t height) {
  const std::string size = std::to_string(width) + "x" + std::to_string(height);
  if (width == 0 || height == 0) {
    return fail(Fault::bad_event, "a picture needs at least one pixel; its header says " + size);
  }
  // Each side fits 32 bits in every format, so the product fits 64.
  if (width * height > limits.pixels_max) {
    return fail(Fault::bad_event, "the picture may have at most " +
                                      std::to_string(limits.pixels_max) +
                                      " pixels (pixels_max); its header says " + size);
  }
  return {};
}

Result<> check_workspace(const Limits& limits, std::uint64_t bytes) {
  if (bytes <= limits.workspace_max) return {};
  return fail(Fault::bad_event, "decoding may use at most " +
                                    std::to_string(limits.workspace_max >> 20) +
                                    " MiB; this kind of picture in this size needs " +
                                    std::to_string(bytes >> 20) + " MiB");
}

}  // namespace tidemill::imaging
