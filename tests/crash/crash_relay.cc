// crash_relay: answers every event with a message of the same data. What tests/crash/chain puts
// between a log and a queue.
#include "tidemill/function.h"

namespace {

class CrashRelay {
 public:
  struct Config {};
  static tidemill::ConfigSpec<Config> spec() {
    return tidemill::ConfigSpec<Config>("Sends events on.");
  }
  static tidemill::FunctionInfo info() {
    return {.name = "crash_relay",
            .summary = "Answers every event with a message of the same data.",
            .outputs = {{"messages", tidemill::OutputKind::messages, "One message per event."}},
            .flags = TIDEMILL_NON_BLOCKING | TIDEMILL_THREAD_SAFE | TIDEMILL_DETERMINISTIC};
  }

  explicit CrashRelay(Config) {}

  tidemill::Response handle(const tidemill::Batch& batch, tidemill::Context& context) const {
    tidemill::Response response(context);
    for (const tidemill::EventView event : batch)
      response.publish(event, 0, event.key(), event.data());
    return response;
  }
};

}  // namespace

TIDEMILL_FUNCTION(CrashRelay)
