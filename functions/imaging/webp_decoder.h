// The WebP codec behind the Decoder seam; decoder.h states the contract.
#pragma once

#include "imaging/decoder.h"

namespace tidemill::imaging {

/// Precondition: sniff(bytes) is Format::webp.
Result<std::unique_ptr<Decoder>> open_webp(Bytes bytes, const Limits& limits);

}  // namespace tidemill::imaging
