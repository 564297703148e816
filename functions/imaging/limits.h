// Limits: what one picture may cost before it is refused.
//
// A picture comes from strangers. Its header is checked against these limits before any pixel is
// allocated, and the costs that a header does not tell (scans, time) are counted while decoding.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>

namespace tidemill::imaging {

struct Limits {
  std::uint64_t pixels_max = 100'000'000;              ///< Width times height, from the header.
  std::size_t bytes_max = std::size_t{64} << 20;       ///< The encoded file.
  std::size_t workspace_max = std::size_t{256} << 20;  ///< What a decoder may hold at once, bytes.
  int scans_max = 100;  ///< Of a progressive JPEG; real ones have ~10.

  /// Asked every few rows while decoding; true ends the work with Fault::cancelled. May be empty.
  std::function<bool()> expired;
};

}  // namespace tidemill::imaging
