// What the bench runs in and out of process: puts every event's data into a row under its key, as
// passthrough does, or only counts it. An event that says "cpu" is answered with the CPU time that
// the process has taken, in nanoseconds, and one that says "seen" with the bytes counted.
#include <time.h>

#include <cstdint>
#include <string>

#include "tidemill/function.h"

namespace {

using namespace tidemill;

class Relay {
 public:
  struct Config {
    bool rows = true;
  };
  static ConfigSpec<Config> spec() {
    return ConfigSpec<Config>("Answers events with what they carry.")
        .field("rows", &Config::rows, "Put a row for every event.");
  }
  static FunctionInfo info() {
    return {.name = "relay",
            .summary = "Answers events with what they carry.",
            .outputs = {{"rows", OutputKind::rows, "One row per event."}},
            .flags = TIDEMILL_NON_BLOCKING};
  }

  explicit Relay(const Config& config) : config_(config) {}

  Response handle(const Batch& batch, Context& context) {
    Response response(context);
    for (const EventView event : batch) {
      if (event.data() == "cpu") {
        timespec t{};
        clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
        response.put_row(event, 0, event.key(),
                         std::to_string(t.tv_sec * 1'000'000'000 + t.tv_nsec));
      } else if (event.data() == "seen") {
        response.put_row(event, 0, event.key(), std::to_string(seen_));
      } else if (config_.rows) {
        response.put_row(event, 0, event.key(), event.data());
      } else {
        seen_ += event.data().size();
      }
    }
    return response;
  }

 private:
  Config config_;
  std::uint64_t seen_ = 0;
};

}  // namespace

TIDEMILL_FUNCTION(Relay)
