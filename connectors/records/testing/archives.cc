#include "records/testing/archives.h"

#include <zlib.h>
#include <zstd.h>

#include <cstdlib>

namespace tidemill::records::testing {

std::string gzipped(std::string_view text) {
  constexpr int with_gzip_header = 16;
  z_stream stream{};
  if (::deflateInit2(&stream, Z_DEFAULT_COMPRESSION, Z_DEFLATED, MAX_WBITS + with_gzip_header, 8,
                     Z_DEFAULT_STRATEGY) != Z_OK)
    std::abort();
  std::string out(::deflateBound(&stream, text.size()) + 32, '\0');
  stream.next_in = const_cast<Bytef*>(reinterpret_cast<const Bytef*>(text.data()));
  stream.avail_in = static_cast<uInt>(text.size());
  stream.next_out = reinterpret_cast<Bytef*>(out.data());
  stream.avail_out = static_cast<uInt>(out.size());
  if (::deflate(&stream, Z_FINISH) != Z_STREAM_END) std::abort();
  out.resize(stream.total_out);
  ::deflateEnd(&stream);
  return out;
}

std::string zstandard(std::string_view text) {
  std::string out(::ZSTD_compressBound(text.size()), '\0');
  const std::size_t size = ::ZSTD_compress(out.data(), out.size(), text.data(), text.size(), 3);
  if (::ZSTD_isError(size) != 0) std::abort();
  out.resize(size);
  return out;
}

}  // namespace tidemill::records::testing
