// JPEG through libjpeg-turbo, without its colour conversion and upsampling: planes come out as they
// are stored, each reduced by its own inverse DCT of 1x1, 2x2, 4x4 or 8x8 points.
//
// What counts as damage: every warning of libjpeg that means lost or invented samples. A baseline
// file that lacks only its end marker is accepted, since all of its pixels were there; a
// progressive one is not, because nobody can tell which refinements are missing.
#include "imaging/jpeg_decoder.h"

#include <algorithm>
#include <array>
#include <csetjmp>
#include <cstddef>
#include <cstdio>
#include <cstring>
#include <string>
#include <vector>

#include <jpeglib.h>

#include <jerror.h>

namespace tidemill::imaging {
namespace {

// libjpeg keeps both directions of a block's scaled size apart from version 7 of its interface on.
#if JPEG_LIB_VERSION >= 70
void set_block_size(jpeg_component_info& component, int size) {
  component.DCT_h_scaled_size = size;
  component.DCT_v_scaled_size = size;
}
#else
void set_block_size(jpeg_component_info& component, int size) { component.DCT_scaled_size = size; }
#endif

constexpr std::size_t components_max = 4;
constexpr int exif_marker = JPEG_APP0 + 1;

// Bytes left over where a restart marker ends an interval belonged to the picture; anywhere else
// they stand between segments and mean nothing.
bool harmless(const jpeg_error_mgr& warning) {
  constexpr int restart_markers = 0xD0;
  switch (warning.msg_code) {
    case JWRN_EXTRANEOUS_DATA:
      return (warning.msg_parm.i[1] & ~7) != restart_markers;
    case JWRN_ADOBE_XFORM:
    case JWRN_JFIF_MAJOR:
    case JWRN_NOT_SEQUENTIAL:
    case JWRN_TOO_MUCH_DATA:
      return true;
    default:
      return false;
  }
}

// Only a marker can follow a FF byte other than as FF00, so this counts scans without decoding
// (and at most a few of an embedded preview besides).
int count_scans(Bytes bytes) {
  int scans = 0;
  for (std::size_t i = 0; i + 1 < bytes.size(); ++i) {
    const void* found = std::memchr(bytes.data() + i, 0xFF, bytes.size() - 1 - i);
    if (found == nullptr) break;
    i = static_cast<std::size_t>(static_cast<const std::uint8_t*>(found) - bytes.data());
    if (bytes[i + 1] == 0xDA) ++scans;
  }
  return scans;
}

class JpegDecoder final : public Decoder {
 public:
  JpegDecoder(Bytes bytes, const Limits& limits) : bytes_(bytes), limits_(limits) {
    jpeg_.err = jpeg_std_error(&errors_);
    errors_.error_exit = &JpegDecoder::on_error;
    errors_.emit_message = &JpegDecoder::on_message;
    errors_.output_message = [](j_common_ptr) {};
    jpeg_.client_data = this;
    progress_.progress_monitor = &JpegDecoder::on_progress;
  }
  JpegDecoder(const JpegDecoder&) = delete;
  JpegDecoder& operator=(const JpegDecoder&) = delete;
  ~JpegDecoder() override { jpeg_destroy_decompress(&jpeg_); }

  Result<> read() {
    if (!read_header()) return std::unexpected(failure());
    if (auto fits = check_size(limits_, jpeg_.image_width, jpeg_.image_height); !fits) return fits;
    header_.format = Format::jpeg;
    header_.width = static_cast<int>(jpeg_.image_width);
    header_.height = static_cast<int>(jpeg_.image_height);
    header_.bits = jpeg_.data_precision;
    for (auto* marker = jpeg_.marker_list; marker != nullptr; marker = marker->next) {
      const std::span data(marker->data, marker->data_length);
      // XMP uses the same marker; the first EXIF block is the one that viewers take.
      if (data.size() < 6 || std::memcmp(data.data(), "Exif\0", 5) != 0) continue;
      header_.exif = read_exif(data);
      break;
    }
    switch (jpeg_.jpeg_color_space) {
      case JCS_GRAYSCALE:
        header_.colour = Colour::grey;
        return {};
      case JCS_YCbCr:
        header_.colour = Colour::ycc;
        return {};
      case JCS_RGB:
        header_.colour = Colour::rgb;
        return {};
      case JCS_CMYK:
        header_.colour = Colour::cmyk;
        plain_ink_ = jpeg_.saw_Adobe_marker == FALSE;
        return {};
      case JCS_YCCK:
        header_.colour = Colour::ycck;
        return {};
      default:
        return fail(Fault::bad_event, "a JPEG with " + std::to_string(jpeg_.num_components) +
                                          " components is not supported; supported are 1, 3 and 4");
    }
  }

  const Header& header() const override { return header_; }

  Result<> decode(std::span<const PlaneShape> wanted, PlaneSink& sink) override {
    if (auto affordable = check_scans(); !affordable) return affordable;
    choose_block_sizes(wanted);
    const std::vector<PlaneShape> shapes = allocate_strip();
    sink.open(shapes);
    if (!start()) return std::unexpected(failure());

    std::array<int, components_max> rows_done{};
    while (jpeg_.output_scanline < jpeg_.output_height) {
      if (!read_strip() || damaged_) return std::unexpected(failure());
      for (std::size_t c = 0; c < shapes.size(); ++c) {
        const int height = shapes[c].samples.height;
        const auto rows = std::min(static_cast<int>(strips_[c].rows.size()), height - rows_done[c]);
        for (int y = 0; y < rows; ++y) {
          const JSAMPROW row = strips_[c].rows[static_cast<std::size_t>(y)];
          if (plain_ink_) invert(row, shapes[c].samples.width);
          sink.row(static_cast<int>(c), row);
        }
        rows_done[c] += rows;
      }
    }
    if (ran_out_ && jpeg_has_multiple_scans(&jpeg_) != 0) return std::unexpected(failure());
    return {};
  }

 private:
  // The rows of one plane that one call of libjpeg fills.
  struct Strip {
    std::vector<JSAMPLE> samples;
    std::vector<JSAMPROW> rows;
  };

  // libjpeg reports errors by not returning. Each function that enters it sets its own landing
  // place, holds nothing that needs a destructor, and returns false after a landing.
  bool read_header() {
    if (setjmp(escape_) != 0) return false;
    jpeg_create_decompress(&jpeg_);
    jpeg_.progress = &progress_;
    jpeg_save_markers(&jpeg_, exif_marker, 0xFFFF);
    jpeg_mem_src(&jpeg_, bytes_.data(), static_cast<unsigned long>(bytes_.size()));
    jpeg_read_header(&jpeg_, TRUE);
    return true;
  }

  bool start() {
    if (setjmp(escape_) != 0) return false;
    jpeg_.raw_data_out = TRUE;
    jpeg_.out_color_space = jpeg_.jpeg_color_space;
    jpeg_.do_fancy_upsampling = FALSE;
    jpeg_.do_block_smoothing = FALSE;
    jpeg_.dct_method = JDCT_ISLOW;
    jpeg_.scale_num = static_cast<unsigned>(block_sizes_[0]);
    jpeg_.scale_denom = DCTSIZE;
    jpeg_.mem->max_memory_to_use = static_cast<long>(limits_.workspace_max);
    // libjpeg would enlarge chroma by a larger inverse DCT, to save the upsampling that is not
    // done here. The one moment between its choice of sizes and their first use is when it
    // allocates its arrays.
    allocate_arrays_ = jpeg_.mem->realize_virt_arrays;
    jpeg_.mem->realize_virt_arrays = &JpegDecoder::on_allocate_arrays;
    jpeg_start_decompress(&jpeg_);
    return true;
  }

  bool read_strip() {
    if (setjmp(escape_) != 0) return false;
    std::array<JSAMPARRAY, components_max> planes{};
    for (std::size_t c = 0; c < strips_.size(); ++c) planes[c] = strips_[c].rows.data();
    jpeg_read_raw_data(&jpeg_, planes.data(), DCTSIZE * MAX_SAMP_FACTOR);
    return true;
  }

  // A progressive file holds every coefficient until its last scan, and may bring any number of
  // scans.
  Result<> check_scans() {
    if (jpeg_has_multiple_scans(&jpeg_) == 0) return {};
    std::uint64_t coefficients = 0;
    for (const jpeg_component_info& component : components()) {
      coefficients +=
          std::uint64_t{component.width_in_blocks} * component.height_in_blocks * DCTSIZE2;
    }
    if (auto fits = check_workspace(limits_, coefficients * sizeof(JCOEF)); !fits) return fits;
    if (const int scans = count_scans(bytes_); scans > limits_.scans_max) {
      return fail(Fault::bad_event, "a JPEG may have at most " + std::to_string(limits_.scans_max) +
                                        " scans (scans_max); this one has " +
                                        std::to_string(scans));
    }
    return {};
  }

  std::span<jpeg_component_info> components() {
    return {jpeg_.comp_info, static_cast<std::size_t>(jpeg_.num_components)};
  }

  // The true length of a component in samples of a block size.
  static double extent(JDIMENSION pixels, int factor, int factor_max, int block_size) {
    return static_cast<double>(pixels) * factor / factor_max * block_size / DCTSIZE;
  }

  // Of the block sizes that libjpeg-turbo vectorises, the smallest that leaves twice what is
  // wanted: Lanczos-3 then hides that the DCT's own reduction is a plain box.
  void choose_block_sizes(std::span<const PlaneShape> wanted) {
    for (std::size_t c = 0; c < wanted.size(); ++c) {
      const jpeg_component_info& component = components()[c];
      int size = 1;
      while (size < DCTSIZE &&
             (extent(jpeg_.image_width, component.h_samp_factor, jpeg_.max_h_samp_factor, size) <
                  2.0 * wanted[c].samples.width ||
              extent(jpeg_.image_height, component.v_samp_factor, jpeg_.max_v_samp_factor, size) <
                  2.0 * wanted[c].samples.height)) {
        size *= 2;
      }
      block_sizes_[c] = size;
    }
  }

  std::vector<PlaneShape> allocate_strip() {
    std::vector<PlaneShape> shapes;
    for (const jpeg_component_info& component : components()) {
      const int size = block_sizes_[shapes.size()];
      const double x =
          extent(jpeg_.image_width, component.h_samp_factor, jpeg_.max_h_samp_factor, size);
      const double y =
          extent(jpeg_.image_height, component.v_samp_factor, jpeg_.max_v_samp_factor, size);
      shapes.push_back(
          {.samples = {.width = whole(x), .height = whole(y)}, .extent_x = x, .extent_y = y});
      const auto rows = static_cast<std::size_t>(component.v_samp_factor * size);
      const auto blocks =
          component.width_in_blocks + static_cast<unsigned>(component.h_samp_factor);
      const std::size_t stride = std::size_t{blocks} * static_cast<std::size_t>(size) + DCTSIZE;
      Strip& strip = strips_.emplace_back();
      strip.samples.resize(rows * stride);
      for (std::size_t y_row = 0; y_row < rows; ++y_row) {
        strip.rows.push_back(strip.samples.data() + y_row * stride);
      }
    }
    return shapes;
  }

  static void invert(JSAMPROW row, int width) {
    for (int x = 0; x < width; ++x) row[x] = static_cast<JSAMPLE>(255 - row[x]);
  }

  static int whole(double extent) {
    const int floor = static_cast<int>(extent);
    return std::max(1, floor + (extent > floor ? 1 : 0));
  }

  Error failure() const {
    if (expired_) return {Fault::cancelled, "the deadline passed while decoding a JPEG"};
    const std::string reason = message_[0] != '\0' ? message_.data() : "it ends too early";
    return {Fault::bad_event, "the JPEG is damaged or cut short: " + reason};
  }

  void keep_message(j_common_ptr jpeg) {
    if (message_[0] == '\0') errors_.format_message(jpeg, message_.data());
  }

  static JpegDecoder& self(j_common_ptr jpeg) {
    return *static_cast<JpegDecoder*>(jpeg->client_data);
  }

  [[noreturn]] static void on_error(j_common_ptr jpeg) {
    JpegDecoder& decoder = self(jpeg);
    // The error is the reason, whatever was warned of before.
    decoder.message_[0] = '\0';
    decoder.keep_message(jpeg);
    std::longjmp(decoder.escape_, 1);
  }

  static void on_message(j_common_ptr jpeg, int level) {
    if (level >= 0) return;
    JpegDecoder& decoder = self(jpeg);
    if (jpeg->err->msg_code == JWRN_JPEG_EOF) {
      decoder.ran_out_ = true;
    } else if (!harmless(*jpeg->err)) {
      decoder.damaged_ = true;
      decoder.keep_message(jpeg);
    }
  }

  static void on_progress(j_common_ptr jpeg) {
    JpegDecoder& decoder = self(jpeg);
    if (!decoder.limits_.expired || !decoder.limits_.expired()) return;
    decoder.expired_ = true;
    std::longjmp(decoder.escape_, 1);
  }

  static void on_allocate_arrays(j_common_ptr jpeg) {
    JpegDecoder& decoder = self(jpeg);
    for (std::size_t c = 0; c < decoder.components().size(); ++c) {
      set_block_size(decoder.components()[c], decoder.block_sizes_[c]);
    }
    decoder.allocate_arrays_(jpeg);
  }

  Bytes bytes_;
  const Limits& limits_;
  Header header_;
  jpeg_decompress_struct jpeg_{};
  jpeg_error_mgr errors_{};
  jpeg_progress_mgr progress_{};
  std::jmp_buf escape_{};
  void (*allocate_arrays_)(j_common_ptr) = nullptr;
  std::array<int, components_max> block_sizes_{};
  std::vector<Strip> strips_;
  std::array<char, JMSG_LENGTH_MAX> message_{};
  bool plain_ink_ = false;  // CMYK from another than Adobe: 255 is full ink.
  bool damaged_ = false;
  bool ran_out_ = false;
  bool expired_ = false;
};

}  // namespace

Result<std::unique_ptr<Decoder>> open_jpeg(Bytes bytes, const Limits& limits) {
  auto decoder = std::make_unique<JpegDecoder>(bytes, limits);
  if (auto read = decoder->read(); !read) return std::unexpected(read.error());
  return decoder;
}

}  // namespace tidemill::imaging
