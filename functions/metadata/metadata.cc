// metadata: one JSON row per picture with what its file tells: size, format, camera, date, colour.
//
// Pure: one picture at a time, no state, no clock. README.md shows an event and its row.
#include <algorithm>
#include <boost/json.hpp>
#include <cstdio>
#include <string>

#include "imaging/decoder.h"
#include "imaging/dominant_colour.h"
#include "imaging/picture_event.h"
#include "imaging/reduce.h"
#include "sha256.h"
#include "tidemill/function.h"

namespace tidemill::metadata {
namespace {

namespace json = boost::json;

constexpr std::uint32_t images = 0;  // Index into Metadata::info().outputs.

std::string hex_colour(imaging::Rgb colour) {
  std::array<char, 8> text{};
  std::snprintf(text.data(), text.size(), "#%02x%02x%02x", colour.red, colour.green, colour.blue);
  return text.data();
}

// EXIF writes "2026:11:23 10:00:00" and knows no time zone; a row shows "2026-11-23T10:00:00".
// Blank and zero dates, which cameras without a set clock write, are no dates.
std::string iso_date(const std::string& exif) {
  constexpr std::string_view shape = "dddd:dd:dd dd:dd:dd";
  const auto matches = [](char c, char expected) {
    return expected == 'd' ? c >= '0' && c <= '9' : c == expected;
  };
  if (exif.size() != shape.size() || !std::ranges::equal(exif, shape, matches)) return {};
  if (exif.starts_with("0000")) return {};
  std::string iso = exif;
  iso[4] = iso[7] = '-';
  iso[10] = 'T';
  return iso;
}

void add_exif(const imaging::Exif& exif, bool with_gps, json::object& row) {
  row["orientation"] = exif.orientation;
  if (const std::string date = iso_date(exif.date); !date.empty()) row["date"] = date;
  json::object camera;
  if (!exif.make.empty()) camera["make"] = exif.make;
  if (!exif.model.empty()) camera["model"] = exif.model;
  if (!camera.empty()) row["camera"] = std::move(camera);
  if (with_gps && exif.gps) {
    row["gps"] = {{"latitude", exif.gps->latitude}, {"longitude", exif.gps->longitude}};
  }
}

}  // namespace

class Metadata {
 public:
  struct Config {
    bool gps = false;
    std::int64_t pixels_max = 100'000'000;
    ByteSize bytes_max{std::uint64_t{64} << 20};
  };

  static ConfigSpec<Config> spec() {
    return ConfigSpec<Config>("Describes every JPEG, PNG or WebP object in a row.")
        .field("gps", &Config::gps,
               "Also store where the picture was taken; off, because that is personal data.")
        .field("pixels_max", &Config::pixels_max,
               "Pictures with more pixels than this are refused from their header.", at_least(1))
        .field("bytes_max", &Config::bytes_max, "Objects larger than this are refused unread.",
               at_least(1));
  }

  static FunctionInfo info() {
    return {.name = "metadata",
            .summary = "Puts size, format, camera, date, SHA-256 and colour of pictures in rows.",
            .outputs = {{"images", OutputKind::rows,
                         "One JSON row per picture, under the picture's key; removed with it."}},
            .flags = TIDEMILL_THREAD_SAFE | TIDEMILL_DETERMINISTIC};
  }

  explicit Metadata(Config config) : gps_(config.gps) {
    limits_.pixels_max = static_cast<std::uint64_t>(config.pixels_max);
    limits_.bytes_max = config.bytes_max.value;
  }

  Response handle(const Batch& batch, Context& context) const {
    Response response(context);
    imaging::Limits limits = limits_;
    limits.expired = [&context] { return context.expired(); };
    for (const EventView event : batch) {
      const imaging::PictureEvent picture(event);
      if (picture.removed()) {
        response.delete_row(event, images, picture.key());
        continue;
      }
      if (const auto row = describe(picture, limits)) {
        response.put_row(event, images, picture.key(), json::serialize(*row));
      } else {
        response.fail_event(event, imaging::about(picture, row.error()));
      }
      picture.release();
    }
    return response;
  }

 private:
  Result<json::object> describe(const imaging::PictureEvent& picture,
                                const imaging::Limits& limits) const {
    const auto bytes = picture.read(limits.bytes_max);
    if (!bytes) return std::unexpected(bytes.error());
    const auto decoder = imaging::open(*bytes, limits);
    if (!decoder) return std::unexpected(decoder.error());
    const auto colour = imaging::dominant_colour(**decoder);
    if (!colour) return std::unexpected(colour.error());

    const imaging::Header& header = (*decoder)->header();
    const imaging::Size size = imaging::upright_size(header);
    json::object row{{"key", picture.key()},         {"size", bytes->size()},
                     {"sha256", sha256_hex(*bytes)}, {"format", imaging::name(header.format)},
                     {"width", size.width},          {"height", size.height},
                     {"bits", header.bits},          {"alpha", header.alpha},
                     {"colour", hex_colour(*colour)}};
    if (header.animated) row["animated"] = true;
    if (!picture.etag().empty()) row["etag"] = picture.etag();
    add_exif(header.exif, gps_, row);
    return row;
  }

  bool gps_;
  imaging::Limits limits_;
};

}  // namespace tidemill::metadata

TIDEMILL_FUNCTION(tidemill::metadata::Metadata)
