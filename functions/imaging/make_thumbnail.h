// make_thumbnail: bytes of a picture in, bytes of a small upright picture out.
//
// Pure and thread-safe: no files, no clock, no state between calls; the same input gives the same
// bytes on every machine.
#pragma once

#include <optional>

#include "imaging/decoder.h"
#include "imaging/encode.h"

namespace tidemill::imaging {

struct ThumbnailOptions {
  Size box{.width = 200, .height = 200};  ///< The thumbnail fits into it; 1 to 16383 a side.
  std::optional<Format> format;           ///< Of the output; nothing for the format of the input.
  int quality = 85;                       ///< 1 to 100, of JPEG and WebP.
  Rgb background{.red = 255, .green = 255, .blue = 255};  ///< Behind alpha when output is JPEG.
};

struct Thumbnail {
  Encoded bytes;
  Format format = Format::jpeg;
  Size size;
  Header source;
};

/// Errors: bad_event for a picture that cannot be read or passes a limit; cancelled when
/// limits.expired says so; transient when out of memory.
Result<Thumbnail> make_thumbnail(Bytes bytes, const ThumbnailOptions& options,
                                 const Limits& limits);

}  // namespace tidemill::imaging
