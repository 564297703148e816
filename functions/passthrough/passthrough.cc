// passthrough: every event becomes a row under its key, or its id where it has none. The smallest
// useful function, and what the benchmarks subtract.
#include "tidemill/function.h"

namespace tidemill {

class Passthrough {
 public:
  struct Config {};
  static ConfigSpec<Config> spec() { return ConfigSpec<Config>("Stores events as they are."); }
  static FunctionInfo info() {
    return {
        .name = "passthrough",
        .summary = "Puts every event's data into the output `rows`, under its key or else its id.",
        .outputs = {{"rows", OutputKind::rows, "One row per event."}},
        .flags = TIDEMILL_NON_BLOCKING | TIDEMILL_THREAD_SAFE | TIDEMILL_DETERMINISTIC};
  }

  explicit Passthrough(Config) {}

  Response handle(const Batch& batch, Context& context) const {
    Response response(context);
    for (const EventView event : batch)
      response.put_row(event, 0, event.key().empty() ? event.id() : event.key(), event.data());
    return response;
  }
};

}  // namespace tidemill

TIDEMILL_FUNCTION(tidemill::Passthrough)
