// PNG through libpng, row by row. Palette, low depths and tRNS are expanded, 16 bits are scaled
// to 8; a Y, YA, RGB or RGBA row is then split into planes.
//
// Ancillary chunks are skipped unread except tRNS and eXIf, so compressed text and profiles (zTXt,
// iTXt, iCCP) cannot expand into memory. All rows must arrive and every critical chunk must have
// the right CRC; what follows the last row is not looked at.
#include "imaging/png_decoder.h"

#include <array>
#include <csetjmp>
#include <cstring>
#include <string>
#include <vector>

#include <png.h>

namespace tidemill::imaging {
namespace {

constexpr std::size_t signature_bytes = 8;
constexpr std::size_t chunk_overhead = 12;  // Length, type and CRC.
constexpr std::size_t working_rows = 6;     // Of libpng, of the split planes and of the scaling.
constexpr int expired_rows = 16;            // Rows between two questions for the deadline.

std::uint32_t big_endian(Bytes bytes, std::size_t at) {
  return std::uint32_t{bytes[at]} << 24 | std::uint32_t{bytes[at + 1]} << 16 |
         std::uint32_t{bytes[at + 2]} << 8 | bytes[at + 3];
}

struct ChunkFacts {
  Bytes exif;
  bool animated = false;
};

// Walks the chunk headers of the whole file: eXIf may stand behind the pixels, where libpng would
// find it only after decoding them.
ChunkFacts read_chunks(Bytes bytes) {
  ChunkFacts facts;
  std::size_t at = signature_bytes;
  while (bytes.size() - at >= chunk_overhead) {
    const std::size_t length = big_endian(bytes, at);
    if (length > bytes.size() - at - chunk_overhead) break;
    const auto* type = bytes.data() + at + 4;
    if (std::memcmp(type, "eXIf", 4) == 0) facts.exif = bytes.subspan(at + 8, length);
    if (std::memcmp(type, "acTL", 4) == 0) facts.animated = true;
    at += length + chunk_overhead;
  }
  return facts;
}

void multiply(std::uint8_t* samples, const std::uint8_t* alpha, int width) {
  for (int x = 0; x < width; ++x) {
    samples[x] = static_cast<std::uint8_t>((samples[x] * alpha[x] + 127) / 255);
  }
}

class PngDecoder final : public Decoder {
 public:
  PngDecoder(Bytes bytes, const Limits& limits) : bytes_(bytes), rest_(bytes), limits_(limits) {}
  PngDecoder(const PngDecoder&) = delete;
  PngDecoder& operator=(const PngDecoder&) = delete;
  ~PngDecoder() override { png_destroy_read_struct(&png_, &info_, nullptr); }

  Result<> read() {
    // The size is checked before libpng sees a byte of it.
    constexpr std::size_t ihdr_end = signature_bytes + 8 + 13;
    if (bytes_.size() < ihdr_end || std::memcmp(bytes_.data() + 12, "IHDR", 4) != 0) {
      return fail(Fault::bad_event, "the PNG is damaged or cut short: it has no header");
    }
    auto fits = check_size(limits_, big_endian(bytes_, 16), big_endian(bytes_, 20));
    if (!fits) return fits;
    if (!read_info()) return std::unexpected(failure());

    const ChunkFacts facts = read_chunks(bytes_);
    header_.format = Format::png;
    header_.width = static_cast<int>(png_get_image_width(png_, info_));
    header_.height = static_cast<int>(png_get_image_height(png_, info_));
    header_.bits = bits_;
    header_.animated = facts.animated;
    header_.exif = read_exif(facts.exif);
    header_.colour = channels_ >= 3 ? Colour::rgb : Colour::grey;
    header_.alpha = channels_ == 2 || channels_ == 4;
    return {};
  }

  const Header& header() const override { return header_; }

  Result<> decode(std::span<const PlaneShape>, PlaneSink& sink) override {
    const auto width = static_cast<std::size_t>(header_.width);
    const auto height = static_cast<std::size_t>(header_.height);
    const std::size_t stride = width * static_cast<std::size_t>(channels_);
    // The passes of an interlaced picture all touch all of it.
    const std::size_t rows = passes_ > 1 ? height : 1;
    auto fits = check_workspace(limits_, std::uint64_t{stride} * (rows + working_rows));
    if (!fits) return fits;
    picture_.resize(stride * rows);
    split_.resize(stride);
    const PlaneShape shape{.samples = {.width = header_.width, .height = header_.height},
                           .extent_x = static_cast<double>(width),
                           .extent_y = static_cast<double>(height)};
    const std::vector<PlaneShape> shapes(static_cast<std::size_t>(channels_), shape);
    sink.open(shapes);

    for (int pass = 0; pass < passes_; ++pass) {
      for (std::size_t y = 0; y < height; ++y) {
        if (y % expired_rows == 0 && limits_.expired && limits_.expired()) {
          return fail(Fault::cancelled, "the deadline passed while decoding a PNG");
        }
        std::uint8_t* row = picture_.data() + (rows > 1 ? y * stride : 0);
        if (!read_row(row)) return std::unexpected(failure());
        if (pass + 1 == passes_) hand_over(row, sink);
      }
    }
    return {};
  }

 private:
  // libpng reports errors by not returning; see the same note in jpeg_decoder.cc.
  bool read_info() {
    png_ = png_create_read_struct(PNG_LIBPNG_VER_STRING, this, &PngDecoder::on_error,
                                  [](png_structp, png_const_charp) {});
    if (png_ == nullptr) return false;
    if (setjmp(png_jmpbuf(png_)) != 0) return false;
    info_ = png_create_info_struct(png_);
    if (info_ == nullptr) return false;
    png_set_read_fn(png_, this, &PngDecoder::on_read);
    png_set_user_limits(png_, PNG_UINT_31_MAX, PNG_UINT_31_MAX);
    png_set_chunk_malloc_max(png_, png_alloc_size_t{8} << 20);
    // -1 is "every ancillary chunk that libpng knows", of which tRNS is wanted after all.
    png_set_keep_unknown_chunks(png_, PNG_HANDLE_CHUNK_NEVER, nullptr, -1);
    static constexpr png_byte transparency[] = "tRNS";
    png_set_keep_unknown_chunks(png_, PNG_HANDLE_CHUNK_AS_DEFAULT, transparency, 1);
    png_read_info(png_, info_);
    bits_ = png_get_bit_depth(png_, info_);
    png_set_expand(png_);
    png_set_scale_16(png_);
    passes_ = png_set_interlace_handling(png_);
    png_read_update_info(png_, info_);
    channels_ = png_get_channels(png_, info_);
    return true;
  }

  bool read_row(png_bytep row) {
    if (setjmp(png_jmpbuf(png_)) != 0) return false;
    png_read_row(png_, row, nullptr);
    return true;
  }

  void hand_over(const std::uint8_t* row, PlaneSink& sink) {
    if (channels_ == 1) {
      sink.row(0, row);
      return;
    }
    const auto width = static_cast<std::size_t>(header_.width);
    const auto channels = static_cast<std::size_t>(channels_);
    for (std::size_t c = 0; c < channels; ++c) {
      std::uint8_t* plane = split_.data() + c * width;
      for (std::size_t x = 0; x < width; ++x) plane[x] = row[x * channels + c];
    }
    const std::size_t colours = header_.alpha ? channels - 1 : channels;
    const std::uint8_t* alpha = split_.data() + colours * width;
    for (std::size_t c = 0; c < channels; ++c) {
      std::uint8_t* plane = split_.data() + c * width;
      if (header_.alpha && c < colours) multiply(plane, alpha, header_.width);
      sink.row(static_cast<int>(c), plane);
    }
  }

  Error failure() const {
    const std::string reason = message_[0] != '\0' ? message_.data() : "out of memory";
    return {Fault::bad_event, "the PNG is damaged or cut short: " + reason};
  }

  [[noreturn]] static void on_error(png_structp png, png_const_charp message) {
    auto& decoder = *static_cast<PngDecoder*>(png_get_error_ptr(png));
    std::strncpy(decoder.message_.data(), message, decoder.message_.size() - 1);
    png_longjmp(png, 1);
  }

  static void on_read(png_structp png, png_bytep to, std::size_t count) {
    auto& decoder = *static_cast<PngDecoder*>(png_get_io_ptr(png));
    if (count > decoder.rest_.size()) png_error(png, "it ends too early");
    std::memcpy(to, decoder.rest_.data(), count);
    decoder.rest_ = decoder.rest_.subspan(count);
  }

  Bytes bytes_;
  Bytes rest_;  // What libpng has not read yet.
  const Limits& limits_;
  Header header_;
  png_structp png_ = nullptr;
  png_infop info_ = nullptr;
  int bits_ = 8;
  int passes_ = 1;
  int channels_ = 0;
  std::vector<std::uint8_t> picture_;  // One row, or all rows of an interlaced picture.
  std::vector<std::uint8_t> split_;    // One row as planes.
  std::array<char, 128> message_{};
};

}  // namespace

Result<std::unique_ptr<Decoder>> open_png(Bytes bytes, const Limits& limits) {
  auto decoder = std::make_unique<PngDecoder>(bytes, limits);
  if (auto read = decoder->read(); !read) return std::unexpected(read.error());
  return decoder;
}

}  // namespace tidemill::imaging
