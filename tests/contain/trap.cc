// trap: counts its events in a table, one row each, unless the event says what to do to the process
// instead. With TRAP_INLINE it declares itself non-blocking, and so runs on the event loop.
#include <algorithm>
#include <cstddef>
#include <future>
#include <mutex>
#include <new>
#include <string>
#include <string_view>
#include <utility>

#include "tidemill/function.h"

namespace tidemill {

class Trap {
 public:
  struct Config {
    std::string hangs;
  };
  static ConfigSpec<Config> spec() {
    return ConfigSpec<Config>("Does what events say.")
        .field("hangs", &Config::hangs, "at_start, at_end, or never when empty.");
  }
  static FunctionInfo info() {
    return {.name = TRAP_NAME,
            .summary = "Counts events, or breaks the process.",
            .outputs = {{"counts", OutputKind::rows, "One row for each event."}},
            .flags = TRAP_FLAGS};
  }

  explicit Trap(Config config) : config_(std::move(config)) {
    if (config_.hangs == "at_start") hang();
  }
  ~Trap() {
    if (config_.hangs == "at_end") hang();
  }
  Trap(const Trap&) = delete;
  Trap& operator=(const Trap&) = delete;

  void cancel() { const std::lock_guard lock(mutex_); }

  Response handle(const Batch& batch, Context& context) {
    Response response(context);
    for (const EventView event : batch) {
      const std::string_view data = event.data();
      if (says(data, "hang")) hang();
      if (says(data, "segfault")) *nowhere_ = 1;
      if (says(data, "thread")) std::async(std::launch::async, [this] { *nowhere_ = 1; }).get();
      if (says(data, "lock")) {
        const std::lock_guard lock(mutex_);
        hang();
      }
      if (says(data, "overflow")) last_ = use_up_stack(1);
      if (says(data, "allocate")) fill_memory(says(data, "allocate_1gib") ? 1 : 10);
      response.merge_row(event, 0, event.id(), MergeKind::sum, 1);
    }
    return response;
  }

 private:
  static bool says(std::string_view data, std::string_view word) {
    return data.find(word) != std::string_view::npos;
  }

  void hang() {
    while (spins_) turns_ = turns_ + 1;
  }

  // Not a new-expression, which the compiler may leave out together with what it makes.
  void fill_memory(std::size_t gibibytes) {
    const std::size_t bytes = gibibytes << 30;
    char* const memory = static_cast<char*>(::operator new(bytes));
    std::fill_n(memory, bytes, 'x');
    last_ = memory[bytes - 1];
    ::operator delete(memory);
  }

  static char use_up_stack(int depth) {
    volatile char room[4096];
    room[0] = static_cast<char>(depth);
    return depth == 0 ? room[0] : static_cast<char>(use_up_stack(depth + 1) + room[0]);
  }

  const Config config_;
  std::mutex mutex_;  // A handler that hangs with it hangs cancel() too.
  volatile bool spins_ = true;
  volatile unsigned turns_ = 0;
  volatile char last_ = 0;
  int* volatile nowhere_ = nullptr;
};

}  // namespace tidemill

TIDEMILL_FUNCTION(tidemill::Trap)
