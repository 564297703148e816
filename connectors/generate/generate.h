// The generate connector: made-up events, the same at every run with the same options.
#pragma once

#include <cstdint>

#include "tidemill/registry.h"

namespace tidemill::generate {

struct Config {
  std::uint64_t count = 0;
  Rate rate;
  std::uint64_t seed = 1;
  ByteSize size{200};
  std::uint32_t keys = 100;
  std::uint32_t partitions = 1;
};

ConfigSpec<Config> source_spec();

void register_with(Registry& registry);

}  // namespace tidemill::generate
