// Ownership for libvips' reference-counted pictures.
#pragma once

#include <vips/vips.h>

#include <cstdlib>
#include <iostream>
#include <memory>

namespace tidemill::bench {

struct UnrefImage {
  void operator()(VipsImage* image) const { g_object_unref(image); }
};
using Image = std::unique_ptr<VipsImage, UnrefImage>;

/// Ends the program with libvips' reason when a call of it has failed: a bench without its anchor
/// has no result.
inline void require(int status) {
  if (status == 0) return;
  std::cerr << "libvips: " << vips_error_buffer();
  std::exit(1);
}

}  // namespace tidemill::bench
