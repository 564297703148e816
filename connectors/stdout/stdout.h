// The stdout connector: messages as lines on standard output.
#pragma once

#include "json_text/cloud_event.h"
#include "tidemill/registry.h"

namespace tidemill::stdout {

enum class Format {
  json,  ///< One line of JSON per message.
  text,  ///< The message as it is, and a line end.
};

struct Config {
  Format format = Format::json;
  Envelope envelope = Envelope::none;
};

ConfigSpec<Config> sink_spec();

void register_with(Registry& registry);

}  // namespace tidemill::stdout
