// The least function that replies: to each event the same.
#include "tidemill/function.h"

namespace {

using namespace tidemill;

struct FixedReply {
  struct Config {};
  static ConfigSpec<Config> spec() { return ConfigSpec<Config>("Replies the same to all."); }
  static FunctionInfo info() {
    return {.name = "fixed_reply",
            .summary = "Replies the same to all.",
            .outputs = {},
            .flags = TIDEMILL_NON_BLOCKING | TIDEMILL_THREAD_SAFE | TIDEMILL_DETERMINISTIC};
  }
  explicit FixedReply(Config) {}

  Response handle(const Batch& batch, Context& context) const {
    Response response(context);
    for (const EventView event : batch) response.reply(event, 200, "{\"ok\":true}\n");
    return response;
  }
};

}  // namespace

TIDEMILL_FUNCTION(FixedReply)
