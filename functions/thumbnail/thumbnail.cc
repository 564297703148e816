// thumbnail: for every picture of a bucket a small one, a row about it and a notification.
//
// Pure: one picture at a time, no state, no clock. README.md shows an event and what comes of it.
#include <boost/json.hpp>
#include <string>
#include <utility>
#include <vector>

#include "imaging/make_thumbnail.h"
#include "imaging/picture_event.h"
#include "imaging/reduce.h"
#include "thumbnail_key.h"
#include "tidemill/function.h"

namespace tidemill::thumbnail {
namespace {

namespace json = boost::json;

enum class OutputFormat { same, jpeg, png, webp };

std::optional<imaging::Format> fixed_format(OutputFormat format) {
  switch (format) {
    case OutputFormat::same:
      return std::nullopt;
    case OutputFormat::jpeg:
      return imaging::Format::jpeg;
    case OutputFormat::png:
      return imaging::Format::png;
    case OutputFormat::webp:
      return imaging::Format::webp;
  }
  return std::nullopt;
}

// Indexes into Thumbnail::info().outputs.
constexpr std::uint32_t thumbnails = 0;
constexpr std::uint32_t images = 1;
constexpr std::uint32_t notifications = 2;

// User metadata of a thumbnail: the key that it was made from. It also says that it is one.
constexpr std::string_view thumbnail_of = "thumbnail-of";

std::string_view as_text(const imaging::Encoded& bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

}  // namespace

class Thumbnail {
 public:
  struct Config {
    int width = 200;
    int height = 200;
    int quality = 85;
    OutputFormat format = OutputFormat::same;
    std::string background = "#ffffff";
    std::int64_t pixels_max = 100'000'000;
    ByteSize bytes_max{std::uint64_t{64} << 20};
    std::string prefix;
    std::string suffix;
    std::vector<std::string> skip{"thumbnails/", "_thumb"};
  };

  static ConfigSpec<Config> spec() {
    return ConfigSpec<Config>("Makes a small upright picture of every JPEG, PNG or WebP object.")
        .field("width", &Config::width, "Largest width of a thumbnail, in pixels.",
               in_range(1, 16383))
        .field("height", &Config::height, "Largest height of a thumbnail, in pixels.",
               in_range(1, 16383))
        .field("quality", &Config::quality, "Quality of JPEG and WebP thumbnails.",
               in_range(1, 100))
        .choice("format", &Config::format,
                "Format of the thumbnails; same: that of each picture, under the same key.",
                {{"same", OutputFormat::same},
                 {"jpeg", OutputFormat::jpeg},
                 {"png", OutputFormat::png},
                 {"webp", OutputFormat::webp}})
        .field("background", &Config::background,
               "Colour behind transparent pixels when the thumbnail is a JPEG, as #rrggbb.")
        .field("pixels_max", &Config::pixels_max,
               "Pictures with more pixels than this are refused from their header.", at_least(1))
        .field("bytes_max", &Config::bytes_max, "Objects larger than this are refused unread.",
               at_least(1))
        .field("prefix", &Config::prefix, "Put before the key of a thumbnail.")
        .field("suffix", &Config::suffix, "Put before the extension of a thumbnail's key.")
        .field("skip", &Config::skip,
               "Keys that are thumbnails already: `name/` is a folder, anything else ends a name "
               "before "
               "its extension.")
        .check("background must be a colour such as #ffffff",
               [](const Config& c) { return imaging::parse_rgb(c.background).has_value(); });
  }

  static FunctionInfo info() {
    return {.name = "thumbnail",
            .summary = "Fits pictures into a box: thumbnail, row and notification for each.",
            .outputs = {{"thumbnails", OutputKind::objects,
                         "One small picture per picture; removed with it."},
                        {"images", OutputKind::rows,
                         "One JSON row per picture, under the picture's key; removed with it."},
                        {"notifications", OutputKind::messages,
                         "thumbnail.created or thumbnail.removed, as JSON."}},
            .flags = TIDEMILL_THREAD_SAFE | TIDEMILL_DETERMINISTIC};
  }

  explicit Thumbnail(Config config)
      : options_{.box = {.width = config.width, .height = config.height},
                 .format = fixed_format(config.format),
                 .quality = config.quality,
                 .background = imaging::parse_rgb(config.background).value_or(imaging::Rgb{})},
        keys_{.prefix = std::move(config.prefix),
              .suffix = std::move(config.suffix),
              .skip = std::move(config.skip),
              .format = options_.format} {
    limits_.pixels_max = static_cast<std::uint64_t>(config.pixels_max);
    limits_.bytes_max = config.bytes_max.value;
  }

  Response handle(const Batch& batch, Context& context) const {
    Response response(context);
    imaging::Limits limits = limits_;
    limits.expired = [&context] { return context.expired(); };
    for (const EventView event : batch) {
      const imaging::PictureEvent picture(event);
      if (is_thumbnail(picture.key(), keys_) || picture.has_metadata(thumbnail_of)) continue;
      if (picture.removed()) {
        forget(event, picture, response);
        continue;
      }
      if (auto made = make(event, picture, limits, response); !made) {
        response.fail_event(event, imaging::about(picture, made.error()));
      }
      picture.release();
    }
    return response;
  }

 private:
  Result<> make(const EventView& event, const imaging::PictureEvent& picture,
                const imaging::Limits& limits, Response& response) const {
    const auto bytes = picture.read(limits.bytes_max);
    if (!bytes) return std::unexpected(bytes.error());
    const auto thumbnail = imaging::make_thumbnail(*bytes, options_, limits);
    if (!thumbnail) return std::unexpected(thumbnail.error());

    const std::string key = thumbnail_key(picture.key(), keys_);
    const imaging::Size original = imaging::upright_size(thumbnail->source);
    const std::vector<std::pair<std::string, std::string>> metadata{
        {std::string(thumbnail_of), std::string(picture.key())},
        {"source-width", std::to_string(original.width)},
        {"source-height", std::to_string(original.height)}};
    response.put_object(
        event, thumbnails, key, as_text(thumbnail->bytes),
        {.content_type = imaging::content_type(thumbnail->format), .metadata = metadata});

    const json::object small{{"key", key},
                             {"width", thumbnail->size.width},
                             {"height", thumbnail->size.height},
                             {"bytes", thumbnail->bytes.size()},
                             {"format", imaging::name(thumbnail->format)}};
    json::object row{{"key", picture.key()},
                     {"size", bytes->size()},
                     {"width", original.width},
                     {"height", original.height},
                     {"format", imaging::name(thumbnail->source.format)},
                     {"thumbnail", small}};
    if (!picture.etag().empty()) row["etag"] = picture.etag();
    response.put_row(event, images, picture.key(), json::serialize(row));

    json::object notification{{"type", "thumbnail.created"}};
    for (const auto& [name, value] : row) notification[name] = value;
    response.publish(event, notifications, picture.key(), json::serialize(notification));
    return {};
  }

  void forget(const EventView& event, const imaging::PictureEvent& picture,
              Response& response) const {
    const std::string key = thumbnail_key(picture.key(), keys_);
    response.delete_object(event, thumbnails, key);
    response.delete_row(event, images, picture.key());
    const json::object notification{{"type", "thumbnail.removed"},
                                    {"key", picture.key()},
                                    {"thumbnail", json::object{{"key", key}}}};
    response.publish(event, notifications, picture.key(), json::serialize(notification));
  }

  imaging::ThumbnailOptions options_;
  KeyRules keys_;
  imaging::Limits limits_;
};

}  // namespace tidemill::thumbnail

TIDEMILL_FUNCTION(tidemill::thumbnail::Thumbnail)
