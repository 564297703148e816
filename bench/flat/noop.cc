// noop: looks at no event and answers nothing, so that what a run costs is the engine's own.
#include "tidemill/function.h"

namespace {

class Noop {
 public:
  struct Config {};
  static tidemill::ConfigSpec<Config> spec() {
    return tidemill::ConfigSpec<Config>("Does nothing with events.");
  }
  static tidemill::FunctionInfo info() {
    return {.name = "noop",
            .summary = "Does nothing with events.",
            .outputs = {},
            .flags = TIDEMILL_NON_BLOCKING | TIDEMILL_THREAD_SAFE | TIDEMILL_DETERMINISTIC};
  }

  explicit Noop(Config) {}

  tidemill::Response handle(const tidemill::Batch&, tidemill::Context& context) const {
    return tidemill::Response(context);
  }
};

}  // namespace

TIDEMILL_FUNCTION(Noop)
