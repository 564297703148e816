// Encoders: from small planes or pixels to a file's bytes, without any metadata.
//
// Errors of all of them: transient when the library is out of memory; nothing else can fail for
// sizes from 1x1 to 16383x16383 (WebP's limit, the smallest of the three).
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "imaging/pixels.h"
#include "imaging/plane.h"

namespace tidemill::imaging {

using Encoded = std::vector<std::uint8_t>;

/// Baseline JPEG. Planes are Y, or Y, Cb and Cr with chroma of half the width and height.
Result<Encoded> encode_jpeg(std::span<const Plane> planes, int quality);

/// Baseline JPEG, 4:2:0. Precondition: 1 or 3 channels.
Result<Encoded> encode_jpeg(const Pixels& pixels, int quality);

Result<Encoded> encode_png(const Pixels& pixels);

/// Lossy WebP, alpha without loss.
Result<Encoded> encode_webp(const Pixels& pixels, int quality);

}  // namespace tidemill::imaging
