// dominant_colour: the colour that a viewer would name first.
#pragma once

#include "imaging/decoder.h"
#include "imaging/pixels.h"

namespace tidemill::imaging {

/// Decodes a tiny version and returns the mean of its most frequent range of colours; transparent
/// pixels do not count. Uses up the decoder's one decode.
///
/// Errors: those of Decoder::decode.
Result<Rgb> dominant_colour(Decoder& decoder);

}  // namespace tidemill::imaging
