#include "stdin.h"

#include <unistd.h>

#include <memory>
#include <utility>

#include "stdin_source.h"
#include "stdin_tape.h"

namespace tidemill::stdin {

ConfigSpec<Config> source_spec() {
  return records::with_record_options(
      ConfigSpec<Config>("Records of standard input: lines, JSON or CSV; ends with it."));
}

void register_with(Registry& registry) {
  // There is one standard input, however often the pipelines are made anew.
  auto make = [tape = std::make_shared<StdinTape>(STDIN_FILENO)](Config config, Services services) {
    return std::make_unique<StdinSource>(std::move(config), std::move(services), tape);
  };
  registry.add_source("stdin", source_spec(), std::move(make));
}

}  // namespace tidemill::stdin
