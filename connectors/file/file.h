// The file connector: lines of a file as events, and messages as lines of a file.
#pragma once

#include <chrono>
#include <string>

#include "json_text/cloud_event.h"
#include "tidemill/registry.h"

namespace tidemill::file {

enum class Format {
  ndjson,  ///< One JSON text per line.
  lines,   ///< Any text.
};

struct SourceConfig {
  FilePath path;
  Format format = Format::ndjson;
  std::string key;
  ByteSize line_max{1024 * 1024};
  std::chrono::microseconds check = std::chrono::milliseconds(200);
};

struct SinkConfig {
  std::string path;
  Envelope envelope = Envelope::none;
};

ConfigSpec<SourceConfig> source_spec();
ConfigSpec<SinkConfig> sink_spec();

void register_with(Registry& registry);

}  // namespace tidemill::file
