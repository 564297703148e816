// Decompressor: one format of compression as a machine from bytes to bytes. No I/O.
//
// An archive may be several members (gzip) or frames (zstd), one after the other; they are one
// stream. One thread at a time.
#pragma once

#include <cstddef>
#include <memory>
#include <span>
#include <string_view>

#include "records/record_options.h"

namespace tidemill::records {

class Decompressor {
 public:
  virtual ~Decompressor() = default;

  struct Step {
    std::size_t used = 0;     ///< Bytes of `in`.
    std::size_t written = 0;  ///< Bytes of `out`.
    std::string_view fault;   ///< What is wrong behind these bytes; empty if nothing is.
  };

  /// Turns as much of `in` into `out` as fits. When `out` came back full there may be more in here.
  virtual Step step(std::string_view in, std::span<char> out) = 0;

  /// May the archive end here?
  virtual bool complete() const = 0;
};

/// Precondition: gzip or zstd.
std::unique_ptr<Decompressor> make_decompressor(Compression compression);

std::unique_ptr<Decompressor> make_gzip_decompressor();
std::unique_ptr<Decompressor> make_zstd_decompressor();

}  // namespace tidemill::records
