// valve: lets one batch through for each byte that somebody writes to a FIFO, and makes of each
// event what VALVE_KIND says: a count in a row, an object or a message under the event's key.
//
// So a test decides when the engine gets on, and by how much, without clocks.
#include <fcntl.h>
#include <unistd.h>

#include <string>

#include "tidemill/function.h"

namespace tidemill {

class Valve {
 public:
  struct Config {
    std::string fifo;
  };
  static ConfigSpec<Config> spec() {
    return ConfigSpec<Config>("Lets batches through, one for each byte.")
        .field("fifo", &Config::fifo, "Where the bytes come from.", Need::required);
  }
  static FunctionInfo info() {
    return {.name = VALVE_NAME,
            .summary = "Waits for a byte, and hands its batch on.",
            .outputs = {{"out", VALVE_KIND, "One for each event."}}};
  }

  explicit Valve(const Config& config) : fd_(::open(config.fifo.c_str(), O_RDONLY | O_CLOEXEC)) {}
  ~Valve() { ::close(fd_); }
  Valve(const Valve&) = delete;
  Valve& operator=(const Valve&) = delete;

  Response handle(const Batch& batch, Context& context) {
    Response response(context);
    char byte = 0;
    if (::read(fd_, &byte, 1) != 1) {
      response.fail_batch(Fault::transient, "nobody is at the valve");
      return response;
    }
    for (const EventView event : batch) {
      if constexpr (VALVE_KIND == OutputKind::rows)
        response.merge_row(event, 0, event.key(), MergeKind::sum, 1);
      else if constexpr (VALVE_KIND == OutputKind::objects)
        response.put_object(event, 0, event.key(), event.data(),
                            {.content_type = "application/json"});
      else
        response.publish(event, 0, event.key(), event.data());
    }
    return response;
  }

 private:
  int fd_;
};

}  // namespace tidemill

TIDEMILL_FUNCTION(tidemill::Valve)
