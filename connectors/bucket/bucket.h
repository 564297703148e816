// The bucket connector: a folder as an object store, as source and as sink.
//
// What a user may write, and where a url leads. See README.md for what the words promise.
#pragma once

#include <chrono>
#include <string>
#include <string_view>
#include <vector>

#include "tidemill/registry.h"

namespace tidemill::bucket {

struct SourceConfig {
  std::string url;
  std::vector<std::string> events{"created"};
  std::vector<std::string> prefix;
  std::vector<std::string> suffix;
  std::chrono::microseconds scan = std::chrono::seconds(10);
};

struct SinkConfig {
  std::string url;
};

ConfigSpec<SourceConfig> source_spec();
ConfigSpec<SinkConfig> sink_spec();

/// Where a bucket lies.
struct Location {
  std::string root;      ///< Absolute, without symlinks and without a trailing slash.
  std::string name;      ///< The bucket's name in events: NAME, or the last part of the path.
  std::string identity;  ///< local:NAME wherever the data folder lies, else file:/abs/path.
  bool local = false;    ///< Below the data folder: ours to create.
};

/// Errors: bad_config, for what this version cannot reach and for names that are none.
Result<Location> locate(std::string_view url, const Services& services);

void register_with(Registry& registry);

}  // namespace tidemill::bucket
