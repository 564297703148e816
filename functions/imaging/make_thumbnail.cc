#include "imaging/make_thumbnail.h"

#include <utility>

#include "imaging/reduce.h"

namespace tidemill::imaging {
namespace {

Result<Encoded> encode(const Header& header, const Reduced& picture, Format format,
                       const ThumbnailOptions& options) {
  switch (format) {
    case Format::jpeg: {
      // The common case: what came as Y, Cb and Cr leaves as Y, Cb and Cr.
      const bool as_stored = header.colour == Colour::ycc || header.colour == Colour::grey;
      if (as_stored && !header.alpha) return encode_jpeg(picture.planes, options.quality);
      return encode_jpeg(opaque_pixels(header, picture, options.background), options.quality);
    }
    case Format::png:
      return encode_png(transparent_pixels(header, picture));
    case Format::webp:
      return encode_webp(transparent_pixels(header, picture), options.quality);
  }
  return fail(Fault::bad_config, "no encoder");
}

}  // namespace

Result<Thumbnail> make_thumbnail(Bytes bytes, const ThumbnailOptions& options,
                                 const Limits& limits) {
  const auto decoder = open(bytes, limits);
  if (!decoder) return std::unexpected(decoder.error());
  const Header& header = (*decoder)->header();
  const Format format = options.format.value_or(header.format);

  const Chroma chroma = format == Format::jpeg ? Chroma::half : Chroma::full;
  const Result<Reduced> picture = reduce(**decoder, options.box, chroma);
  if (!picture) return std::unexpected(picture.error());
  Result<Encoded> encoded = encode(header, *picture, format, options);
  if (!encoded) return std::unexpected(encoded.error());
  return Thumbnail{
      .bytes = *std::move(encoded), .format = format, .size = picture->size, .source = header};
}

}  // namespace tidemill::imaging
