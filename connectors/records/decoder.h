// Decoder: a stream of bytes, decompressed where it is compressed.
//
// What compression there is is said, or found out by the first bytes. Truncated and damaged
// archives are errors, after all that came before the damage was handed over. Blocks as far as
// `Read` does; one thread at a time.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "records/decompressor.h"
#include "tidemill/result.h"

namespace tidemill::records {

/// By the ending of a file's name: gzip, zstd, or automatic.
Compression compression_of_name(std::string_view name);

/// By how a stream begins; empty where it takes more bytes to know.
std::optional<Compression> compression_of_beginning(std::string_view beginning);

class Decoder {
 public:
  /// Reads raw bytes; 0: there are none, for now.
  using Read = std::function<Result<std::size_t>(std::span<char>)>;

  Decoder(Compression compression, Read read) : compression_(compression), read_(std::move(read)) {}

  /// 0: nothing more, for now.
  ///
  /// Errors: bad_config (a damaged archive), those of Read.
  Result<std::size_t> read(std::span<char> room);

  /// There will be no more raw bytes than there are now: a last read() hands over what waited to be
  /// known, and an archive that ends in the middle is an error.
  void end() { ended_ = true; }

  /// Raw bytes read.
  std::uint64_t raw_bytes() const { return raw_bytes_; }

 private:
  Result<std::size_t> read_raw(std::span<char> room);
  Result<bool> find_out();
  Result<std::size_t> decompress(std::span<char> room);
  std::unexpected<Error> damaged(std::string_view how) const;

  Compression compression_;  ///< Automatic until known.
  Read read_;
  std::string beginning_;  ///< Read to know the compression, and not handed on.
  std::unique_ptr<Decompressor> decompressor_;
  std::unique_ptr<char[]> input_;
  std::string_view waiting_;  ///< In input_, not decompressed yet.
  bool more_inside_ = false;  ///< The last output was full.
  std::string_view fault_;    ///< To be told at the next read.
  std::uint64_t raw_bytes_ = 0;
  bool ended_ = false;
};

}  // namespace tidemill::records
