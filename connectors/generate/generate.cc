#include "generate.h"

#include <memory>
#include <utility>

#include "generate_source.h"

namespace tidemill::generate {

ConfigSpec<Config> source_spec() {
  return ConfigSpec<Config>("Makes up JSON events, for trying things out and for measuring.")
      .field("count", &Config::count, "How many; 0: no end (then not with --until-idle).",
             option::Limits{0, 1e15})
      .field("rate", &Config::rate, "At most this many per second; 0: as fast as they are taken.")
      .field("seed", &Config::seed, "Other seeds make up other events.")
      .field("size", &Config::size, "Bytes of each event's JSON; at least what its fields need.",
             in_range(0, 1024 * 1024))
      .field("keys", &Config::keys, "How many different keys there are.", at_least(1))
      .field("partitions", &Config::partitions,
             "How many partitions the events are dealt out to, in turn.", in_range(1, 4096));
}

void register_with(Registry& registry) {
  registry.add_source("generate", source_spec(), [](const Config& config, Services services) {
    return std::make_unique<GenerateSource>(config, std::move(services));
  });
}

}  // namespace tidemill::generate
