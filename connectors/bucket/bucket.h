// The bucket connector: S3, or a folder as an object store, as source and as sink.
//
// What a user may write, and where a url leads. See README.md for what the words promise.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "s3_location.h"
#include "tidemill/registry.h"

namespace tidemill::bucket {

struct SourceConfig {
  std::string url;
  std::vector<std::string> events{"created"};
  std::vector<std::string> prefix;
  std::vector<std::string> suffix;
  std::optional<std::chrono::microseconds> scan;
  SourceOption notifications;
  S3Options s3;
};

struct SinkConfig {
  std::string url;
  S3Options s3;
};

ConfigSpec<SourceConfig> source_spec();
ConfigSpec<SinkConfig> sink_spec();

/// Where a bucket lies that is a folder.
struct Location {
  std::string root;      ///< Absolute, without symlinks and without a trailing slash.
  std::string name;      ///< The bucket's name in events: NAME, or the last part of the path.
  std::string identity;  ///< local:NAME wherever the data folder lies, else file:/abs/path.
  bool local = false;    ///< Below the data folder: ours to create.
};

/// Errors: bad_config, for names that are none. Not of s3:// urls: see parse_s3_url().
Result<Location> locate(std::string_view url, const Services& services);

/// A rule of every config with a url: options of S3 go with no other.
template <class Config>
ConfigSpec<Config> with_s3(ConfigSpec<Config> spec) {
  return std::move(spec)
      .include(&Config::s3, s3_spec())
      .check("endpoint, region, path_style, profile, tls and keys go with s3:// alone",
             [](const Config& c) { return is_s3(c.url) || c.s3.empty(); });
}

void register_with(Registry& registry);

}  // namespace tidemill::bucket
