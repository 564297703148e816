#include "records/compressor.h"

#include <zlib.h>
#include <zstd.h>

#include <algorithm>
#include <cassert>
#include <limits>
#include <new>
#include <span>

namespace tidemill::records {
namespace {

constexpr std::size_t step_bytes = 64u << 10;

// Lends the end of `out` to a library that writes into a buffer.
template <class Write>
void append_with(std::string& out, Write write) {
  const std::size_t before = out.size();
  out.resize(before + step_bytes);
  const std::size_t written = write(std::span(out).subspan(before));
  out.resize(before + written);
}

class PlainText final : public Compressor {
 public:
  void add(std::string_view in, std::string& out) override { out += in; }
  void finish(std::string&) override {}
};

class GzipCompressor final : public Compressor {
 public:
  explicit GzipCompressor(int level) {
    constexpr int with_gzip_header = 16;
    constexpr int memory_level = 8;
    const int chosen = level == 0 ? Z_DEFAULT_COMPRESSION : level;
    if (::deflateInit2(&stream_, chosen, Z_DEFLATED, MAX_WBITS + with_gzip_header, memory_level,
                       Z_DEFAULT_STRATEGY) != Z_OK)
      throw std::bad_alloc();
  }
  GzipCompressor(const GzipCompressor&) = delete;
  GzipCompressor& operator=(const GzipCompressor&) = delete;
  ~GzipCompressor() override { ::deflateEnd(&stream_); }

  void add(std::string_view in, std::string& out) override {
    while (!in.empty()) {
      const std::size_t some = std::min<std::size_t>(in.size(), std::numeric_limits<uInt>::max());
      // zlib does not write to its input; it only lacks the const.
      stream_.next_in = const_cast<Bytef*>(reinterpret_cast<const Bytef*>(in.data()));
      stream_.avail_in = static_cast<uInt>(some);
      while (stream_.avail_in > 0) step(Z_NO_FLUSH, out);
      in.remove_prefix(some);
    }
  }

  void finish(std::string& out) override {
    while (step(Z_FINISH, out) != Z_STREAM_END) {
    }
  }

 private:
  int step(int flush, std::string& out) {
    int answer = Z_OK;
    append_with(out, [&](std::span<char> room) {
      stream_.next_out = reinterpret_cast<Bytef*>(room.data());
      stream_.avail_out = static_cast<uInt>(room.size());
      answer = ::deflate(&stream_, flush);
      return room.size() - stream_.avail_out;
    });
    return answer;
  }

  z_stream stream_{};
};

class ZstdCompressor final : public Compressor {
 public:
  explicit ZstdCompressor(int level) : context_(::ZSTD_createCCtx()) {
    if (context_ == nullptr) throw std::bad_alloc();
    set(ZSTD_c_compressionLevel, level);
    set(ZSTD_c_checksumFlag, 1);
  }
  ZstdCompressor(const ZstdCompressor&) = delete;
  ZstdCompressor& operator=(const ZstdCompressor&) = delete;
  ~ZstdCompressor() override { ::ZSTD_freeCCtx(context_); }

  void add(std::string_view in, std::string& out) override {
    ZSTD_inBuffer from{in.data(), in.size(), 0};
    while (from.pos < from.size) step(from, ZSTD_e_continue, out);
  }

  void finish(std::string& out) override {
    ZSTD_inBuffer nothing{nullptr, 0, 0};
    while (step(nothing, ZSTD_e_end, out) != 0) {
    }
  }

 private:
  void set(ZSTD_cParameter parameter, int value) {
    [[maybe_unused]] const std::size_t set = ::ZSTD_CCtx_setParameter(context_, parameter, value);
    assert(::ZSTD_isError(set) == 0);
  }

  // Of a stream in memory nothing can fail but memory.
  std::size_t step(ZSTD_inBuffer& from, ZSTD_EndDirective directive, std::string& out) {
    std::size_t answer = 0;
    append_with(out, [&](std::span<char> room) {
      ZSTD_outBuffer to{room.data(), room.size(), 0};
      answer = ::ZSTD_compressStream2(context_, &to, &from, directive);
      return to.pos;
    });
    if (::ZSTD_isError(answer) != 0) throw std::bad_alloc();
    return answer;
  }

  ZSTD_CCtx* context_;
};

}  // namespace

int level_max(Compression compression) {
  constexpr int gzip_max = 9;
  constexpr int zstd_max = 19;  // Those above take hundreds of MiB.
  return compression == Compression::zstd ? zstd_max : gzip_max;
}

std::unique_ptr<Compressor> make_compressor(Compression compression, int level) {
  switch (compression) {
    case Compression::gzip:
      return std::make_unique<GzipCompressor>(level);
    case Compression::zstd:
      return std::make_unique<ZstdCompressor>(level);
    default:
      return std::make_unique<PlainText>();
  }
}

}  // namespace tidemill::records
