// Compressor: bytes into one format of compression. No I/O.
//
// The counterpart of Decompressor: one member (gzip) or frame (zstd, with a checksum) for all that
// is added. The same bytes give the same archive, however they were cut. One thread at a time.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "records/record_options.h"

namespace tidemill::records {

class Compressor {
 public:
  virtual ~Compressor() = default;

  /// Appends to `out` what is certain of the archive so far.
  virtual void add(std::string_view in, std::string& out) = 0;

  /// Appends the rest. Nothing may be added behind it.
  virtual void finish(std::string& out) = 0;
};

/// Which levels there are: 1 to this.
int level_max(Compression compression);

/// `level` 0: the library's own choice. Precondition: none, gzip or zstd.
std::unique_ptr<Compressor> make_compressor(Compression compression, int level);

}  // namespace tidemill::records
