// The stdin connector: records of standard input as events.
#pragma once

#include "records/record_options.h"
#include "tidemill/registry.h"

namespace tidemill::stdin {

struct Config : records::RecordOptions {};

ConfigSpec<Config> source_spec();

void register_with(Registry& registry);

}  // namespace tidemill::stdin
