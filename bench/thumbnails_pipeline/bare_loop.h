// The other arm: the thumbnail library over the photos of a folder, and nothing around it.
#pragma once

#include <string>

#include "bench/thumbnails_pipeline/digest.h"

namespace tidemill::bench {

/// Reads every file of `folder` and makes its thumbnail, on so many threads; each takes the next
/// file. Answers the digest of the thumbnails, which are not written anywhere.
Digest bare_loop(const std::string& folder, unsigned threads);

}  // namespace tidemill::bench
