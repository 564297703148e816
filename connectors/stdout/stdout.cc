#include "stdout.h"

#include <unistd.h>

#include <memory>
#include <utility>

#include "stdout_sink.h"

namespace tidemill::stdout {

ConfigSpec<Config> sink_spec() {
  auto spec = ConfigSpec<Config>("Writes one line per message to standard output.")
                  .choice("format", &Config::format, "A line of JSON, or the message as it is.",
                          {{"json", Format::json}, {"text", Format::text}});
  return with_envelope(std::move(spec), &Config::envelope)
      .check("envelope needs format: json", [](const Config& c) {
        return c.envelope == Envelope::none || c.format == Format::json;
      });
}

void register_with(Registry& registry) {
  registry.add_sink(
      "stdout", StdoutSink::idempotence, sink_spec(), [](const Config& config, Services services) {
        return std::make_unique<StdoutSink>(config, STDOUT_FILENO, std::move(services));
      });
}

}  // namespace tidemill::stdout
