#include "bucket.h"

#include <algorithm>
#include <filesystem>
#include <memory>
#include <system_error>
#include <utility>

#include "archive_sink.h"
#include "bucket_sink.h"
#include "bucket_source.h"
#include "s3_sink.h"
#include "s3_source.h"

namespace tidemill::bucket {
namespace {

bool is_bucket_name(std::string_view name) {
  constexpr std::string_view allowed =
      "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-";
  return !name.empty() && name.size() <= 63 && name.front() != '.' &&
         name.find_first_not_of(allowed) == name.npos;
}

// Symlinks are resolved as far as the path exists, so that two names of one folder are one place.
std::string resolve(const std::filesystem::path& path) {
  std::error_code error;
  const auto real = std::filesystem::weakly_canonical(path, error);
  std::string text = (error ? path.lexically_normal() : real).string();
  while (text.size() > 1 && text.ends_with('/')) text.pop_back();
  return text;
}

bool is_folder(const std::string& path) {
  std::error_code error;
  return std::filesystem::is_directory(path, error);
}

bool contains(const std::vector<std::string>& names, std::string_view name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

Result<std::unique_ptr<Source>> make_s3_source(SourceConfig config, Services services) {
  auto location = parse_s3_url(config.url);
  if (!location) return std::unexpected(location.error());
  auto lists = S3Bucket::make(config.s3, *location, services);
  if (!lists) return std::unexpected(lists.error());
  // A read that nobody answers ends well before its function's time does: it is made again, later.
  const aws::RetryOptions soon{.give_up_after = std::chrono::seconds(5)};
  auto reads = S3Bucket::make(config.s3, *location, services, soon);
  if (!reads) return std::unexpected(reads.error());
  auto prefixes = prefixes_to_list(location->prefix, std::move(config.prefix));
  if (prefixes.empty())
    return fail(Fault::bad_config, "no key of " + location->url() +
                                       " begins with a prefix; prefixes are those of whole keys");
  S3Feed::Options options{.location = std::move(*location),
                          .prefixes = std::move(prefixes),
                          .suffixes = std::move(config.suffix),
                          .created = contains(config.events, "created"),
                          .removed = contains(config.events, "removed")};
  std::unique_ptr<Source> notifications;
  if (config.notifications) {
    auto built = build_source(config.notifications, services);
    if (!built) return fail(built.error().fault, "notifications: " + built.error().message);
    notifications = std::move(*built);
  }
  return std::make_unique<S3Source>(std::move(options), std::move(*lists), std::move(*reads),
                                    config.scan, std::move(notifications), std::move(services));
}

Result<std::unique_ptr<Source>> make_source(SourceConfig config, Services services) {
  if (is_s3(config.url)) return make_s3_source(std::move(config), std::move(services));
  auto location = locate(config.url, services);
  if (!location) return std::unexpected(location.error());
  if (!location->local && !is_folder(location->root))
    return fail(Fault::bad_config,
                "the folder " + location->root + " does not exist; create it, or correct the url");
  ObjectFeed::Options options{.location = std::move(*location),
                              .filter = KeyFilter(config.prefix, config.suffix),
                              .created = contains(config.events, "created"),
                              .removed = contains(config.events, "removed"),
                              .watch = !services.until_idle};
  return std::make_unique<BucketSource>(std::move(options),
                                        config.scan.value_or(S3Source::scan_alone), services);
}

Result<std::unique_ptr<Sink>> make_s3_sink(const SinkConfig& config, Services services) {
  auto location = parse_s3_url(config.url);
  if (!location) return std::unexpected(location.error());
  auto bucket = S3Bucket::make(config.s3, *location, services);
  if (!bucket) return std::unexpected(bucket.error());
  return std::make_unique<S3Sink>(std::move(*bucket), location->prefix, std::move(services));
}

Result<std::unique_ptr<Sink>> make_sink(const SinkConfig& config, Services services) {
  if (is_s3(config.url)) return make_s3_sink(config, std::move(services));
  auto location = locate(config.url, services);
  if (!location) return std::unexpected(location.error());
  return std::make_unique<BucketSink>(std::move(*location), services);
}

}  // namespace

ConfigSpec<SourceConfig> source_spec() {
  auto spec =
      ConfigSpec<SourceConfig>("One event per object that is created in or removed from a bucket.")
          .field("url", &SourceConfig::url,
                 "s3://BUCKET or s3://BUCKET/PREFIX; local:NAME (DATA/buckets/NAME, made when "
                 "missing) "
                 "or file:PATH (must exist).",
                 Need::required)
          .field("events", &SourceConfig::events, "What to report: created, removed.")
          .field("prefix", &SourceConfig::prefix, "Only keys that begin with one of these.")
          .field("suffix", &SourceConfig::suffix,
                 "Only keys that end in one of these; case counts.")
          .field("scan", &SourceConfig::scan,
                 "Time between listings of s3://, or of a folder that cannot be watched; default: "
                 "10s, "
                 "with notifications that are heard 15m.",
                 at_least(100'000))
          .source("notifications", &SourceConfig::notifications,
                  "A source that brings the notifications of an s3:// bucket, such as kafka, "
                  "sqs or http: "
                  "what they tell of is looked at at once.")
          .check("notifications go with s3:// alone; a folder is watched as it is",
                 [](const SourceConfig& c) { return is_s3(c.url) || !c.notifications; })
          .check("events takes created and removed, at least one of them",
                 [](const SourceConfig& c) {
                   return !c.events.empty() &&
                          std::ranges::all_of(c.events, [](const std::string& event) {
                            return event == "created" || event == "removed";
                          });
                 });
  return with_s3(std::move(spec));
}

ConfigSpec<SinkConfig> sink_spec() {
  auto spec = ConfigSpec<SinkConfig>("Writes and deletes objects of a bucket, each atomically.")
                  .field("url", &SinkConfig::url,
                         "s3://BUCKET or s3://BUCKET/PREFIX, below which keys are; local:NAME "
                         "(DATA/buckets/NAME) or file:PATH, whose folder is made when missing.",
                         Need::required);
  return with_s3(std::move(spec));
}

Result<Location> locate(std::string_view url, const Services& services) {
  const auto colon = url.find(':');
  const auto scheme = colon == url.npos ? std::string_view() : url.substr(0, colon);
  const auto rest = colon == url.npos ? url : url.substr(colon + 1);
  const auto buckets = resolve(std::filesystem::path(services.data_folder) / "buckets");
  if (scheme == "local") {
    if (!is_bucket_name(rest))
      return fail(Fault::bad_config,
                  "a bucket's name has 1 to 63 letters, digits, '.', '_' or '-' and does not begin "
                  "with '.', got: " +
                      std::string(rest));
    const std::string name(rest);
    return Location{resolve(buckets + '/' + name), name, "local:" + name, true};
  }
  if (scheme == "file") {
    // file:///abs is the same place as file:/abs.
    const auto path = rest.starts_with("///") ? rest.substr(2) : rest;
    if (!path.starts_with('/') || path.find('\0') != path.npos)
      return fail(Fault::bad_config, "file: takes the path of a folder, got: " + std::string(url));
    Location found{resolve(path), {}, {}, false};
    found.name = std::filesystem::path(found.root).filename().string();
    found.identity = "file:" + found.root;
    // The same folder by its other name keeps its progress.
    if (std::filesystem::path(found.root).parent_path() == buckets && is_bucket_name(found.name))
      found.identity = "local:" + found.name;
    return found;
  }
  return fail(Fault::bad_config,
              "url takes s3://BUCKET, local:NAME or file:PATH, got: " + std::string(url));
}

void register_with(Registry& registry) {
  registry.add_source("bucket", source_spec(), make_source);
  registry.add_sink("bucket", BucketSink::idempotence, sink_spec(), make_sink);
  registry.add_sink("archive", ArchiveSink::idempotence, archive_spec(), make_archive);
}

}  // namespace tidemill::bucket
