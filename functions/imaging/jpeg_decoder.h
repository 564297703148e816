// The JPEG codec behind the Decoder seam; decoder.h states the contract.
#pragma once

#include "imaging/decoder.h"

namespace tidemill::imaging {

/// Precondition: sniff(bytes) is Format::jpeg.
Result<std::unique_ptr<Decoder>> open_jpeg(Bytes bytes, const Limits& limits);

}  // namespace tidemill::imaging
