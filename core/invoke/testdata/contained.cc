// contained: does to its process what the key of an event says, for the tests of containment.
//
//     block       says on descriptor `says` that it began, then waits for a byte on `waits`
//     read        blocks, then reads the object of the event and answers with it, or with the error
//     crash       writes through a wild pointer
//     overflow    uses up its stack
//     abort       what a failed assertion does
//     anything else is a row
#include <unistd.h>

#include <cstdint>
#include <cstdlib>
#include <string>

#include "tidemill/function.h"

namespace tidemill {

class Contained {
 public:
  struct Config {
    std::int64_t says = -1;
    std::int64_t waits = -1;
    std::int64_t cancel_says = -1;
    std::int64_t cancel_waits = -1;
  };
  static ConfigSpec<Config> spec() {
    return ConfigSpec<Config>("Misbehaves.")
        .field("says", &Config::says, "Descriptor for news.")
        .field("waits", &Config::waits, "Descriptor to block on.")
        .field("cancel_says", &Config::cancel_says, "Descriptor for the news that it is cancelled.")
        .field("cancel_waits", &Config::cancel_waits, "Descriptor that cancel() blocks on.");
  }
  static FunctionInfo info() {
    return {.name = "contained",
            .summary = "Misbehaves.",
            .outputs = {{"rows", OutputKind::rows, "Rows."}}};
  }

  explicit Contained(Config config) : config_(config) {}

  Response handle(const Batch& batch, Context& context) {
    Response response(context);
    for (const EventView event : batch) {
      const std::string_view key = event.key();
      if (key == "block" || key == "read") block();
      if (key == "crash") *where_ = 1;
      if (key == "abort") std::abort();
      if (key == "overflow") {
        response.put_row(event, 0, key, std::to_string(deep(1)));
      } else if (key == "read") {
        const auto object = event.read_object(100);
        response.put_row(event, 0, key, object ? std::string(*object) : object.error().message);
      } else {
        response.put_row(event, 0, key, event.data());
      }
    }
    return response;
  }

  void cancel() {
    if (config_.cancel_says >= 0) put(config_.cancel_says);
    if (config_.cancel_waits >= 0) take(config_.cancel_waits);
  }

 private:
  static void put(std::int64_t descriptor) {
    const char byte = 'x';
    if (::write(static_cast<int>(descriptor), &byte, 1) != 1) std::abort();
  }

  void block() {
    put(config_.says);
    take(config_.waits);
  }

  static void take(std::int64_t descriptor) {
    char byte = 0;
    if (::read(static_cast<int>(descriptor), &byte, 1) != 1) std::abort();
  }

  static int deep(int depth) {
    volatile char room[4096];
    room[0] = static_cast<char>(depth);
    return depth == 0 ? room[0] : deep(depth + 1) + room[0];
  }

  Config config_;
  // Not null, which a sanitizer would see before the hardware does.
  int* volatile where_ = reinterpret_cast<int*>(64);
};

}  // namespace tidemill

TIDEMILL_FUNCTION(tidemill::Contained)
