// WebP through libwebp, whose own rescaler brings a picture down to twice the wanted size. The data
// is fed in pieces so that a deadline can stop the work. Of an animation the first frame is taken.
#include "imaging/webp_decoder.h"

#include <algorithm>
#include <cstring>
#include <string>
#include <vector>

#include <webp/decode.h>
#include <webp/demux.h>

namespace tidemill::imaging {
namespace {

constexpr std::size_t piece_bytes = std::size_t{64} << 10;
constexpr int lossless = 2;  // WebPBitstreamFeatures::format

Error damaged(const std::string& reason) {
  return {Fault::bad_event, "the WebP is damaged or cut short: " + reason};
}

std::string reason_for(VP8StatusCode status) {
  switch (status) {
    case VP8_STATUS_OUT_OF_MEMORY:
      return "out of memory";
    case VP8_STATUS_BITSTREAM_ERROR:
      return "bad data";
    case VP8_STATUS_UNSUPPORTED_FEATURE:
      return "it uses an unknown feature";
    case VP8_STATUS_SUSPENDED:
    case VP8_STATUS_NOT_ENOUGH_DATA:
      return "it ends too early";
    default:
      return "status " + std::to_string(static_cast<int>(status));
  }
}

struct DeleteDemuxer {
  void operator()(WebPDemuxer* demuxer) const { WebPDemuxDelete(demuxer); }
};
struct DeleteDecoder {
  void operator()(WebPIDecoder* decoder) const { WebPIDelete(decoder); }
};

class WebpDecoder final : public Decoder {
 public:
  WebpDecoder(Bytes bytes, const Limits& limits) : bytes_(bytes), limits_(limits) {}

  Result<> read() {
    WebPBitstreamFeatures features;
    const VP8StatusCode status = WebPGetFeatures(bytes_.data(), bytes_.size(), &features);
    if (status != VP8_STATUS_OK) return std::unexpected(damaged(reason_for(status)));
    auto fits = check_size(limits_, static_cast<std::uint64_t>(features.width),
                           static_cast<std::uint64_t>(features.height));
    if (!fits) return fits;
    header_.format = Format::webp;
    header_.width = features.width;
    header_.height = features.height;
    header_.colour = Colour::rgb;
    header_.alpha = features.has_alpha != 0;
    header_.animated = features.has_animation != 0;
    return read_container();
  }

  const Header& header() const override { return header_; }

  Result<> decode(std::span<const PlaneShape> wanted, PlaneSink& sink) override {
    WebPDecoderConfig config;
    if (WebPInitDecoderConfig(&config) == 0) return std::unexpected(damaged("library mismatch"));
    WebPBitstreamFeatures features;
    const VP8StatusCode status = WebPGetFeatures(frame_.data(), frame_.size(), &features);
    if (status != VP8_STATUS_OK) return std::unexpected(damaged(reason_for(status)));
    // Lossless coding refers back to any earlier pixel: libwebp holds the whole picture.
    if (features.format == lossless) {
      auto fits =
          check_workspace(limits_, std::uint64_t{4} * static_cast<std::uint64_t>(features.width) *
                                       static_cast<std::uint64_t>(features.height));
      if (!fits) return fits;
    }
    const Size size = decoded_size(wanted[0].samples);
    if (size.width < header_.width || size.height < header_.height) {
      config.options.use_scaling = 1;
      config.options.scaled_width = size.width;
      config.options.scaled_height = size.height;
    }
    const int channels = header_.plane_count();
    const auto stride = static_cast<std::size_t>(size.width) * static_cast<std::size_t>(channels);
    const std::size_t bytes = stride * static_cast<std::size_t>(size.height);
    if (auto fits = check_workspace(limits_, bytes); !fits) return fits;
    std::vector<std::uint8_t> pixels(bytes);
    // Lower case: colours multiplied by alpha, as planes have to be.
    config.output.colorspace = header_.alpha ? MODE_rgbA : MODE_RGB;
    config.output.is_external_memory = 1;
    config.output.u.RGBA = {
        .rgba = pixels.data(), .stride = static_cast<int>(stride), .size = pixels.size()};
    if (auto decoded = feed(config); !decoded) return decoded;
    hand_over(pixels, size, sink);
    return {};
  }

 private:
  Result<> read_container() {
    const WebPData data{.bytes = bytes_.data(), .size = bytes_.size()};
    WebPDemuxState state = WEBP_DEMUX_PARSE_ERROR;
    const std::unique_ptr<WebPDemuxer, DeleteDemuxer> demuxer(WebPDemuxPartial(&data, &state));
    if (demuxer == nullptr || state < WEBP_DEMUX_PARSED_HEADER) {
      return std::unexpected(damaged("bad container"));
    }
    WebPIterator frame{};
    if (WebPDemuxGetFrame(demuxer.get(), 1, &frame) == 0) {
      return std::unexpected(damaged("it ends too early"));
    }
    frame_ = {frame.fragment.bytes, frame.fragment.size};
    const bool whole = frame.width == header_.width && frame.height == header_.height;
    if (frame.has_alpha != 0) header_.alpha = true;
    WebPDemuxReleaseIterator(&frame);
    if (!whole) {
      return fail(Fault::bad_event,
                  "an animated WebP whose first frame covers a part of it is not supported");
    }
    WebPChunkIterator chunk{};
    if (WebPDemuxGetChunk(demuxer.get(), "EXIF", 1, &chunk) != 0) {
      header_.exif = read_exif({chunk.chunk.bytes, chunk.chunk.size});
      WebPDemuxReleaseChunkIterator(&chunk);
    }
    return {};
  }

  // Twice the wanted size, never more than the picture has.
  Size decoded_size(Size wanted) const {
    return {.width = std::min(header_.width, 2 * wanted.width),
            .height = std::min(header_.height, 2 * wanted.height)};
  }

  Result<> feed(WebPDecoderConfig& config) const {
    const std::unique_ptr<WebPIDecoder, DeleteDecoder> decoder(WebPIDecode(nullptr, 0, &config));
    if (decoder == nullptr) return std::unexpected(damaged("out of memory"));
    VP8StatusCode status = VP8_STATUS_SUSPENDED;
    for (std::size_t end = 0; status == VP8_STATUS_SUSPENDED && end < frame_.size();) {
      if (limits_.expired && limits_.expired()) {
        return fail(Fault::cancelled, "the deadline passed while decoding a WebP");
      }
      end = std::min(frame_.size(), end + piece_bytes);
      status = WebPIUpdate(decoder.get(), frame_.data(), end);
    }
    if (status != VP8_STATUS_OK) return std::unexpected(damaged(reason_for(status)));
    return {};
  }

  void hand_over(const std::vector<std::uint8_t>& pixels, Size size, PlaneSink& sink) const {
    const PlaneShape shape{.samples = size,
                           .extent_x = static_cast<double>(size.width),
                           .extent_y = static_cast<double>(size.height)};
    const auto channels = static_cast<std::size_t>(header_.plane_count());
    const std::vector<PlaneShape> shapes(channels, shape);
    sink.open(shapes);
    const auto width = static_cast<std::size_t>(size.width);
    std::vector<std::uint8_t> plane(width);
    for (std::size_t y = 0; y < static_cast<std::size_t>(size.height); ++y) {
      const std::uint8_t* row = pixels.data() + y * width * channels;
      for (std::size_t c = 0; c < channels; ++c) {
        for (std::size_t x = 0; x < width; ++x) plane[x] = row[x * channels + c];
        sink.row(static_cast<int>(c), plane.data());
      }
    }
  }

  Bytes bytes_;
  const Limits& limits_;
  Header header_;
  Bytes frame_;  // The coded picture, or the first frame of an animation.
};

}  // namespace

Result<std::unique_ptr<Decoder>> open_webp(Bytes bytes, const Limits& limits) {
  auto decoder = std::make_unique<WebpDecoder>(bytes, limits);
  if (auto read = decoder->read(); !read) return std::unexpected(read.error());
  return decoder;
}

}  // namespace tidemill::imaging
