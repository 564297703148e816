// The options of the engine's own queues, logs and changes.
#include <charconv>
#include <chrono>

#include "core/config/sections.h"

namespace tidemill::config {
namespace {

constexpr double second = 1e6;
constexpr double day = 24 * 3600 * second;
constexpr double partitions_max = 1024;

constexpr std::string_view start_doc =
    "Where a pipeline without progress begins: earliest, latest, or an instant as "
    "2026-01-31T08:00:00Z.";

template <class Options>
bool has_start(const Options& options) {
  return parse_start(options.start).has_value();
}

// `count` digits; the rest of the text is left.
std::optional<unsigned> digits(std::string_view& text, std::size_t count) {
  if (text.size() < count) return std::nullopt;
  unsigned value = 0;
  const char* const end = text.data() + count;
  const auto parsed = std::from_chars(text.data(), end, value);
  if (parsed.ec != std::errc() || parsed.ptr != end) return std::nullopt;
  text.remove_prefix(count);
  return value;
}

bool skip(std::string_view& text, std::string_view any_of) {
  if (text.empty() || any_of.find(text.front()) == std::string_view::npos) return false;
  text.remove_prefix(1);
  return true;
}

// What follows a time of day: Z, or a distance from UTC in minutes.
std::optional<int> zone(std::string_view text) {
  if (text == "Z" || text == "z") return 0;
  if (text.size() != 6 || (text[0] != '+' && text[0] != '-')) return std::nullopt;
  const int sign = text[0] == '-' ? -1 : 1;
  text.remove_prefix(1);
  const auto hours = digits(text, 2);
  if (!hours || !skip(text, ":")) return std::nullopt;
  const auto minutes = digits(text, 2);
  if (!minutes || *hours > 23 || *minutes > 59) return std::nullopt;
  return sign * static_cast<int>(*hours * 60 + *minutes);
}

std::optional<std::uint64_t> instant(std::string_view text) {
  const auto year = digits(text, 4);
  if (!year || !skip(text, "-")) return std::nullopt;
  const auto month = digits(text, 2);
  if (!month || !skip(text, "-")) return std::nullopt;
  const auto day_of_month = digits(text, 2);
  if (!day_of_month || !skip(text, "Tt ")) return std::nullopt;
  const auto hour = digits(text, 2);
  if (!hour || !skip(text, ":")) return std::nullopt;
  const auto minute = digits(text, 2);
  if (!minute || !skip(text, ":")) return std::nullopt;
  const auto seconds = digits(text, 2);
  if (!seconds) return std::nullopt;
  std::int64_t micros = 0;
  if (skip(text, ".")) {
    std::int64_t unit = 100'000;
    std::size_t count = 0;
    for (; !text.empty() && text.front() >= '0' && text.front() <= '9'; ++count, unit /= 10) {
      micros += (text.front() - '0') * unit;
      text.remove_prefix(1);
    }
    if (count == 0) return std::nullopt;
  }
  const auto off = zone(text);
  const std::chrono::year_month_day date{std::chrono::year(static_cast<int>(*year)),
                                         std::chrono::month(*month),
                                         std::chrono::day(*day_of_month)};
  if (!off || !date.ok() || *hour > 23 || *minute > 59 || *seconds > 60) return std::nullopt;
  const auto at = std::chrono::sys_days(date) + std::chrono::hours(*hour) +
                  std::chrono::minutes(static_cast<int>(*minute) - *off) +
                  std::chrono::seconds(*seconds) + std::chrono::microseconds(micros);
  const std::int64_t since = at.time_since_epoch().count();
  if (since < 0) return std::nullopt;
  return static_cast<std::uint64_t>(since);
}

}  // namespace

std::optional<Start> parse_start(std::string_view text) {
  if (text == "earliest") return Start{Start::At::earliest};
  if (text == "latest") return Start{Start::At::latest};
  const auto time = instant(text);
  if (!time) return std::nullopt;
  return Start{Start::At::time, *time};
}

ConfigSpec<RetentionOptions> retention_spec() {
  return ConfigSpec<RetentionOptions>("What is kept at most, for readers that come later.")
      .field("age", &RetentionOptions::age, "Older records are removed; 0 keeps them.",
             in_range(0, 36500 * day))
      .field("bytes", &RetentionOptions::bytes,
             "The oldest records are removed beyond this size, over all partitions; default: no "
             "limit.",
             at_least(1 << 20));
}

ConfigSpec<QueueSinkOptions> queue_sink_spec() {
  return ConfigSpec<QueueSinkOptions>(
             "A queue of the engine: entries commit together with the source's progress.")
      .field("name", &QueueSinkOptions::name, "Name of the queue; default: the sink's name.")
      .field("group", &QueueSinkOptions::group,
             "Where an entry's group stands, as .customer or $event.key: entries of one group keep "
             "their order, one at a time; default: no order.")
      .field("delay", &QueueSinkOptions::delay, "How long an entry is hidden at first.",
             in_range(0, 365 * day))
      .field("max_messages", &QueueSinkOptions::max_messages,
             "With so many entries in the queue this pipeline waits.", at_least(1))
      .field("max_bytes", &QueueSinkOptions::max_bytes,
             "With so many bytes in the queue this pipeline waits.", at_least(1))
      .field("continues", &QueueSinkOptions::continues,
             "The pipeline may read this queue itself: its function tells itself where to go on, "
             "and sees to it that this ends.");
}

ConfigSpec<LogSinkOptions> log_sink_spec() {
  return ConfigSpec<LogSinkOptions>(
             "A log of the engine: records commit together with the source's progress.")
      .field("name", &LogSinkOptions::name, "Name of the log; default: the sink's name.")
      .field("partitions", &LogSinkOptions::partitions,
             "Events of one key are in one partition, in order; readers work partitions side by "
             "side. May grow later, not shrink.",
             in_range(1, partitions_max))
      .group("retention", &LogSinkOptions::retention, retention_spec())
      .field("max_bytes", &LogSinkOptions::max_bytes,
             "With so many bytes in the log this pipeline waits until retention has made room; "
             "default: it never waits.",
             at_least(1 << 20))
      .check(
          "max_bytes needs a retention.age, or a retention.bytes below it: nothing else makes "
          "room in a log",
          [](const LogSinkOptions& o) {
            return !o.max_bytes || o.retention.age.count() > 0 ||
                   (o.retention.bytes && *o.retention.bytes < *o.max_bytes);
          });
}

ConfigSpec<QueueSourceOptions> queue_source_spec() {
  return ConfigSpec<QueueSourceOptions>(
             "Entries of a queue of the engine; each leaves it in the commit of its effects.")
      .field("name", &QueueSourceOptions::name, "Name of the queue.", Need::required)
      .field("visibility", &QueueSourceOptions::visibility,
             "How long an entry stays hidden that this pipeline had and gave back, because it "
             "ended.",
             in_range(0, day));
}

ConfigSpec<LogSourceOptions> log_source_spec() {
  return ConfigSpec<LogSourceOptions>(
             "Records of a log of the engine; each pipeline reads all of them.")
      .field("name", &LogSourceOptions::name, "Name of the log.", Need::required)
      .field("start", &LogSourceOptions::start, start_doc)
      .check("start must be earliest, latest or an instant as 2026-01-31T08:00:00Z",
             &has_start<LogSourceOptions>);
}

ConfigSpec<ChangesSourceOptions> changes_source_spec() {
  return ConfigSpec<ChangesSourceOptions>(
             "Every change of a table's rows, with the row before and after it.")
      .field("table", &ChangesSourceOptions::table, "Name of the table.", Need::required)
      .field("start", &ChangesSourceOptions::start, start_doc)
      .check("start must be earliest, latest or an instant as 2026-01-31T08:00:00Z",
             &has_start<ChangesSourceOptions>);
}

}  // namespace tidemill::config
