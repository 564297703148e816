// reduce: from a decoder to small upright planes, in one pass over the picture.
#pragma once

#include <vector>

#include "imaging/decoder.h"
#include "imaging/plane.h"

namespace tidemill::imaging {

/// Whether the chroma planes of a YCbCr picture are wanted in full or, as a JPEG stores them, in
/// half the width and height.
enum class Chroma { full, half };

struct Reduced {
  Size size;                  ///< Upright.
  std::vector<Plane> planes;  ///< Upright; in the order of Header.
};

/// The upright size of a picture before any reduction.
Size upright_size(const Header& header);

/// The largest size within `box` that keeps the proportions of `picture` and enlarges nothing; each
/// side has at least one pixel.
Size fit(Size picture, Size box);

/// Decodes, scales into `box` and turns upright. Uses up the decoder's one decode.
///
/// Errors: those of Decoder::decode.
Result<Reduced> reduce(Decoder& decoder, Size box, Chroma chroma);

}  // namespace tidemill::imaging
