// The file connector: records of files as events, and messages as lines of a file.
#pragma once

#include <chrono>
#include <string>

#include "json_text/cloud_event.h"
#include "records/record_options.h"
#include "tidemill/registry.h"

namespace tidemill::file {

struct SourceConfig : records::RecordOptions {
  FilePath path;
  bool follow = true;
  std::chrono::microseconds check = std::chrono::milliseconds(200);
  std::chrono::microseconds rotate_wait = std::chrono::seconds(1);
};

struct SinkConfig {
  std::string path;
  Envelope envelope = Envelope::none;
};

ConfigSpec<SourceConfig> source_spec();
ConfigSpec<SinkConfig> sink_spec();

void register_with(Registry& registry);

}  // namespace tidemill::file
