#include "archive_sink.h"

#include <array>
#include <charconv>
#include <cstdio>
#include <optional>
#include <utility>

#include "json_text/json_text.h"

namespace tidemill::bucket {
namespace {

using records::Compression;

// Twice as long as any roll of a year.
constexpr double age_max = 366.0 * 24 * 3600 * 1e6;
constexpr std::uint32_t level_max = 19;

struct FormatWord {
  Compression compression;
  std::string_view word;
  std::string_view suffix;
  std::string_view content_type;
};

constexpr std::array<FormatWord, 3> formats{
    {{Compression::none, "none", ".ndjson", "application/x-ndjson"},
     {Compression::gzip, "gzip", ".ndjson.gz", "application/gzip"},
     {Compression::zstd, "zstd", ".ndjson.zst", "application/zstd"}}};

const FormatWord& format_of(Compression compression) {
  for (const FormatWord& format : formats)
    if (format.compression == compression) return format;
  return formats.front();
}

// What the bytes of an object depend on beside its events, as it is kept in its plan:
// "zstd 3 cloudevents".
struct ObjectFormat {
  Compression compression = Compression::none;
  std::uint32_t level = 0;
  Envelope envelope = Envelope::none;
};

std::string text_of(const ObjectFormat& format) {
  std::string text(format_of(format.compression).word);
  text.append(" ").append(std::to_string(format.level));
  return text.append(format.envelope == Envelope::cloudevents ? " cloudevents" : " none");
}

std::optional<ObjectFormat> read_format(std::string_view text) {
  ObjectFormat format;
  const auto first = text.find(' ');
  const auto second = text.find(' ', first + 1);
  if (first == text.npos || second == text.npos) return std::nullopt;
  bool known = false;
  for (const FormatWord& one : formats)
    if (one.word == text.substr(0, first)) {
      format.compression = one.compression;
      known = true;
    }
  const auto level = text.substr(first + 1, second - first - 1);
  const auto read = std::from_chars(level.data(), level.data() + level.size(), format.level);
  const auto envelope = text.substr(second + 1);
  if (envelope == "cloudevents") format.envelope = Envelope::cloudevents;
  known = known && read.ec == std::errc() && read.ptr == level.data() + level.size();
  if (!known || (envelope != "cloudevents" && envelope != "none")) return std::nullopt;
  return format;
}

// "dt=2026-01-31/hour=08/"
std::string folder_of(Hour hour) {
  const auto day = std::chrono::floor<std::chrono::days>(hour);
  const std::chrono::year_month_day date(day);
  std::array<char, 64> text{};
  const int size = std::snprintf(text.data(), text.size(), "dt=%04d-%02u-%02u/hour=%02d/",
                                 int{date.year()}, unsigned{date.month()}, unsigned{date.day()},
                                 static_cast<int>((hour - day).count()));
  return {text.data(), static_cast<std::size_t>(size)};
}

ConfigSpec<RollOptions> roll_spec() {
  return ConfigSpec<RollOptions>("When an hour of events becomes an object.")
      .field("bytes", &RollOptions::bytes,
             "An hour's next object is made when so much is staged of it, before compression.",
             in_range(1024, 16.0 * (1u << 30)))
      .field("age", &RollOptions::age,
             "It is made when the oldest event in it has been staged for so long.",
             in_range(1e6, age_max));
}

}  // namespace

ConfigSpec<ArchiveConfig> archive_spec() {
  auto spec =
      ConfigSpec<ArchiveConfig>(
          "Large compressed objects of a bucket, by hour of event time; each event exactly once.")
          .field(
              "url", &ArchiveConfig::url,
              "s3://BUCKET/PREFIX; local:NAME (DATA/buckets/NAME), local:NAME/PREFIX or file:PATH, "
              "whose folder is made when missing.",
              Need::required)
          .group("roll", &ArchiveConfig::roll, roll_spec())
          .choice("compression", &ArchiveConfig::compression, "How objects are compressed.",
                  {{"zstd", Compression::zstd},
                   {"gzip", Compression::gzip},
                   {"none", Compression::none}})
          .field("level", &ArchiveConfig::level,
                 "Of the compression: 1 to 19 of zstd, 1 to 9 of gzip; 0: the library's default.",
                 in_range(0, level_max))
          .field("time", &ArchiveConfig::time,
                 "jq that gives the time of an event, as .ts, which says its dt= and hour=; "
                 "default: the event's own time.");
  return with_s3(with_envelope(std::move(spec), &ArchiveConfig::envelope))
      .field("max_staged", &ArchiveConfig::max_staged,
             "With so many bytes staged this pipeline waits for the bucket.", at_least(1 << 20))
      .check("level goes up to 9 with gzip",
             [](const ArchiveConfig& c) {
               return c.compression != Compression::gzip ||
                      c.level <= static_cast<std::uint32_t>(records::level_max(c.compression));
             })
      .check("max_staged has to be at least twice roll.bytes",
             [](const ArchiveConfig& c) { return c.max_staged.value / 2 >= c.roll.bytes.value; });
}

ArchiveSink::ArchiveSink(std::unique_ptr<ObjectStore> store, ArchiveConfig config,
                         Services services)
    : store_(std::move(store)), config_(std::move(config)), services_(std::move(services)) {}

Task<Result<std::string>> ArchiveSink::reach() {
  auto look = [this] { return store_->reach(); };
  auto reached = co_await run_blocking(services_.scheduler, std::move(look));
  co_return reached;
}

Task<Result<>> ArchiveSink::open() {
  auto work = [this] { return store_->open(); };
  auto opened = co_await run_blocking(services_.scheduler, std::move(work));
  co_return opened;
}

StagePolicy ArchiveSink::policy() const {
  return {.object_bytes = config_.roll.bytes.value,
          .object_age = config_.roll.age,
          .staged_bytes_max = config_.max_staged.value,
          .time = config_.time,
          .attributes = config_.envelope == Envelope::cloudevents};
}

ObjectPlan ArchiveSink::plan(Hour hour, std::string_view name) const {
  std::string key = folder_of(hour);
  key.append(name).append(format_of(config_.compression).suffix);
  return {std::move(key), text_of({config_.compression, config_.level, config_.envelope})};
}

Task<Result<>> ArchiveSink::begin(const ObjectPlan& plan) {
  auto work = [this, &plan] { return begin_object(plan); };
  auto begun = co_await run_blocking(services_.scheduler, std::move(work));
  co_return begun;
}

Result<> ArchiveSink::begin_object(const ObjectPlan& plan) {
  const auto format = read_format(plan.format);
  if (!format)
    return fail(Fault::bad_config, "the object " + plan.key +
                                       " was planned in a format that this version does not "
                                       "know: " +
                                       plan.format);
  auto object = store_->create(plan.key, format_of(format->compression).content_type);
  if (!object) return std::unexpected(object.error());
  object_ = std::move(*object);
  compressor_ = records::make_compressor(format->compression, static_cast<int>(format->level));
  envelope_ = format->envelope;
  written_ = 0;
  return {};
}

Task<Result<>> ArchiveSink::add(std::span<const Event> events) {
  auto work = [this, events] { return add_lines(events); };
  auto added = co_await run_blocking(services_.scheduler, std::move(work));
  co_return added;
}

Result<> ArchiveSink::add_lines(std::span<const Event> events) {
  lines_.clear();
  for (const Event& event : events) {
    if (envelope_ == Envelope::cloudevents) {
      append_cloud_event(lines_, event);
    } else {
      append_json_line(lines_, event.content_type, event.data.view());
    }
  }
  compressor_->add(lines_, compressed_);
  return write_out();
}

Result<> ArchiveSink::write_out() {
  auto written = object_->write(compressed_);
  written_ += compressed_.size();
  compressed_.clear();
  return written;
}

Task<Result<std::uint64_t>> ArchiveSink::finish() {
  auto work = [this] { return finish_object(); };
  auto finished = co_await run_blocking(services_.scheduler, std::move(work));
  co_return finished;
}

Result<std::uint64_t> ArchiveSink::finish_object() {
  compressor_->finish(compressed_);
  if (auto written = write_out(); !written) return std::unexpected(written.error());
  if (auto finished = object_->finish(); !finished) return std::unexpected(finished.error());
  object_.reset();
  compressor_.reset();
  return written_;
}

Task<> ArchiveSink::abandon() {
  auto work = [this] {
    object_.reset();
    compressor_.reset();
    compressed_.clear();
    return true;
  };
  std::ignore = co_await run_blocking(services_.scheduler, std::move(work));
}

Result<std::unique_ptr<Sink>> make_archive(ArchiveConfig config, Services services) {
  auto store = make_object_store(config.url, config.s3, services);
  if (!store) return std::unexpected(store.error());
  return std::make_unique<ArchiveSink>(std::move(*store), std::move(config), std::move(services));
}

}  // namespace tidemill::bucket
