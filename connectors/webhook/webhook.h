// The webhook connector: what is sent over HTTP, as a source. See README.md for what it promises.
#pragma once

#include <chrono>
#include <string>

#include "tidemill/config_spec.h"
#include "tidemill/registry.h"

namespace tidemill::webhook {

struct SourceConfig {
  std::string listen;
  std::string path = "/";
  Secret token;
  ByteSize body_max{256 * 1024};
  std::chrono::microseconds answer_within = std::chrono::seconds(25);
};

ConfigSpec<SourceConfig> source_spec();

void register_with(Registry& registry);

}  // namespace tidemill::webhook
