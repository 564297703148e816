// crash_counter: counts events per key, and fails the way that each event asks for. What
// tests/crash and tests/disk run through an engine.
//
// An event is {"n":17,"key":"key-3","value":907,"act":"flaky",...}; `act` is one of
//   count   counted: `<key>/events` and `<key>/value` grow, and `<key>` becomes n
//   flaky   the same, from the second attempt on
//   reject  fails by id, for good
//   throw   takes the whole batch with it, every time
// With `repaired: true` all of them are counted.
#include <charconv>
#include <cstdint>
#include <stdexcept>
#include <string>
#include <string_view>

#include "tidemill/function.h"

namespace {

// The text between `before` and `after`; the events are written by the test, in one form.
std::string_view between(std::string_view text, std::string_view before, char after) {
  const auto found = text.find(before);
  if (found == std::string_view::npos) return {};
  text.remove_prefix(found + before.size());
  return text.substr(0, text.find(after));
}

class CrashCounter {
 public:
  struct Config {
    bool repaired = false;
  };
  static tidemill::ConfigSpec<Config> spec() {
    return tidemill::ConfigSpec<Config>("Counts events per key, and fails as they ask for.")
        .field("repaired", &Config::repaired, "Count them all.");
  }
  static tidemill::FunctionInfo info() {
    return {.name = "crash_counter",
            .summary = "Counts events per key, and fails as they ask for.",
            .outputs = {{"counters", tidemill::OutputKind::rows, "Events and sum of each key."},
                        {"latest", tidemill::OutputKind::rows, "The event counted last."}},
            .flags = TIDEMILL_NON_BLOCKING | TIDEMILL_THREAD_SAFE | TIDEMILL_DETERMINISTIC};
  }

  explicit CrashCounter(Config config) : config_(config) {}

  tidemill::Response handle(const tidemill::Batch& batch, tidemill::Context& context) const {
    tidemill::Response response(context);
    for (const tidemill::EventView event : batch) {
      std::string_view act = between(event.data(), R"("act":")", '"');
      if (config_.repaired) act = "count";
      if (act == "throw") throw std::runtime_error("threw at " + std::string(event.id()));
      if (act == "reject") {
        response.fail_event(event, tidemill::Fault::bad_event, "rejected");
      } else if (act == "flaky" && context.attempt() == 1) {
        response.fail_event(event, tidemill::Fault::transient, "not at the first attempt");
      } else {
        count(event, response);
      }
    }
    return response;
  }

 private:
  static void count(const tidemill::EventView& event, tidemill::Response& response) {
    const std::string_view data = event.data();
    const std::string key(between(data, R"("key":")", '"'));
    const std::string_view written = between(data, R"("value":)", ',');
    std::int64_t value = 0;
    std::from_chars(written.data(), written.data() + written.size(), value);
    response.merge_row(event, 0, key + "/events", tidemill::MergeKind::sum, 1);
    response.merge_row(event, 0, key + "/value", tidemill::MergeKind::sum, value);
    response.put_row(event, 1, key, between(data, R"("n":)", ','));
  }

  Config config_;
};

}  // namespace

TIDEMILL_FUNCTION(CrashCounter)
