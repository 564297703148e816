#include <algorithm>
#include <array>
#include <csetjmp>
#include <cstddef>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>

#include <jpeglib.h>

#include "imaging/encode.h"

namespace tidemill::imaging {
namespace {

constexpr int luma_factor = 2;  // 4:2:0
constexpr std::size_t planes_max = 3;

// One compression. libjpeg reports errors by not returning; see the note in jpeg_decoder.cc.
class JpegEncoder {
 public:
  explicit JpegEncoder(int quality) : quality_(quality) {
    jpeg_.err = jpeg_std_error(&errors_);
    errors_.error_exit = [](j_common_ptr jpeg) {
      std::longjmp(static_cast<JpegEncoder*>(jpeg->client_data)->escape_, 1);
    };
    errors_.output_message = [](j_common_ptr) {};
    jpeg_.client_data = this;
  }
  JpegEncoder(const JpegEncoder&) = delete;
  JpegEncoder& operator=(const JpegEncoder&) = delete;
  ~JpegEncoder() {
    jpeg_destroy_compress(&jpeg_);
    std::free(buffer_);
  }

  Result<Encoded> planes(std::span<const Plane> planes) {
    const J_COLOR_SPACE space = planes.size() == 1 ? JCS_GRAYSCALE : JCS_YCbCr;
    const Size size{.width = planes[0].width, .height = planes[0].height};
    if (!start(size, static_cast<int>(planes.size()), space, TRUE)) return failure();
    allocate_strip(planes);
    while (jpeg_.next_scanline < jpeg_.image_height) {
      fill_strip(planes, static_cast<int>(jpeg_.next_scanline / jpeg_rows()));
      if (!write_strip()) return failure();
    }
    return finish();
  }

  Result<Encoded> pixels(const Pixels& pixels) {
    const J_COLOR_SPACE space = pixels.channels == 1 ? JCS_GRAYSCALE : JCS_RGB;
    if (!start(pixels.size, pixels.channels, space, FALSE)) return failure();
    while (jpeg_.next_scanline < jpeg_.image_height) {
      if (!write_row(pixels.samples.data() + jpeg_.next_scanline * pixels.stride())) {
        return failure();
      }
    }
    return finish();
  }

 private:
  // One row of coding units of one plane, padded to whole blocks.
  struct Strip {
    std::vector<JSAMPLE> samples;
    std::vector<JSAMPROW> rows;
    std::size_t stride = 0;
  };

  bool start(Size size, int components, J_COLOR_SPACE space, boolean raw) {
    if (setjmp(escape_) != 0) return false;
    jpeg_create_compress(&jpeg_);
    jpeg_mem_dest(&jpeg_, &buffer_, &buffer_bytes_);
    jpeg_.image_width = static_cast<JDIMENSION>(size.width);
    jpeg_.image_height = static_cast<JDIMENSION>(size.height);
    jpeg_.input_components = components;
    jpeg_.in_color_space = space;
    jpeg_set_defaults(&jpeg_);
    jpeg_set_quality(&jpeg_, quality_, TRUE);
    jpeg_.raw_data_in = raw;
    jpeg_start_compress(&jpeg_, TRUE);
    return true;
  }

  bool write_strip() {
    if (setjmp(escape_) != 0) return false;
    std::array<JSAMPARRAY, planes_max> rows{};
    for (std::size_t c = 0; c < strips_.size(); ++c) rows[c] = strips_[c].rows.data();
    jpeg_write_raw_data(&jpeg_, rows.data(), jpeg_rows());
    return true;
  }

  bool write_row(const std::uint8_t* row) {
    if (setjmp(escape_) != 0) return false;
    // libjpeg reads the row through a pointer that is not const for its own reasons.
    JSAMPROW rows = const_cast<JSAMPROW>(row);
    jpeg_write_scanlines(&jpeg_, &rows, 1);
    return true;
  }

  bool finish_file() {
    if (setjmp(escape_) != 0) return false;
    jpeg_finish_compress(&jpeg_);
    return true;
  }

  Result<Encoded> finish() {
    if (!finish_file()) return failure();
    return Encoded(buffer_, buffer_ + buffer_bytes_);
  }

  // Rows of the picture in one row of coding units.
  JDIMENSION jpeg_rows() const {
    return static_cast<JDIMENSION>(jpeg_.max_v_samp_factor) * DCTSIZE;
  }

  void allocate_strip(std::span<const Plane> planes) {
    strips_.resize(planes.size());
    for (std::size_t c = 0; c < planes.size(); ++c) {
      const auto factor = static_cast<std::size_t>(jpeg_.comp_info[c].v_samp_factor);
      constexpr std::size_t unit = DCTSIZE * luma_factor;
      Strip& strip = strips_[c];
      strip.stride = (static_cast<std::size_t>(planes[c].width) + unit - 1) / unit * unit;
      strip.samples.resize(strip.stride * DCTSIZE * factor);
      for (std::size_t y = 0; y < DCTSIZE * factor; ++y) {
        strip.rows.push_back(strip.samples.data() + y * strip.stride);
      }
    }
  }

  // Blocks that reach beyond the picture repeat its last column and row: any other filling would
  // ring back into it.
  void fill_strip(std::span<const Plane> planes, int strip_index) {
    for (std::size_t c = 0; c < planes.size(); ++c) {
      const Plane& plane = planes[c];
      Strip& strip = strips_[c];
      const auto width = static_cast<std::size_t>(plane.width);
      const auto rows = static_cast<int>(strip.rows.size());
      for (int y = 0; y < rows; ++y) {
        const int from = std::min(strip_index * rows + y, plane.height - 1);
        JSAMPROW row = strip.rows[static_cast<std::size_t>(y)];
        std::memcpy(row, plane.row(from), width);
        std::memset(row + width, row[width - 1], strip.stride - width);
      }
    }
  }

  std::unexpected<Error> failure() {
    std::array<char, JMSG_LENGTH_MAX> message{};
    errors_.format_message(reinterpret_cast<j_common_ptr>(&jpeg_), message.data());
    return fail(Fault::transient, std::string("cannot encode a JPEG: ") + message.data());
  }

  int quality_;
  jpeg_compress_struct jpeg_{};
  jpeg_error_mgr errors_{};
  std::jmp_buf escape_{};
  unsigned char* buffer_ = nullptr;  // Owned; malloc'ed by libjpeg.
  unsigned long buffer_bytes_ = 0;
  std::vector<Strip> strips_;
};

}  // namespace

Result<Encoded> encode_jpeg(std::span<const Plane> planes, int quality) {
  return JpegEncoder(quality).planes(planes);
}

Result<Encoded> encode_jpeg(const Pixels& pixels, int quality) {
  return JpegEncoder(quality).pixels(pixels);
}

}  // namespace tidemill::imaging
