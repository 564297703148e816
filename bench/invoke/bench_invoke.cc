// What the in-process host costs per event: batches through passthrough.so, with all that the
// engine does around the handler (the request as C structs, the checks of the response, its
// release), and the handler alone for comparison. CPU time of this thread, arms alternating, median
// of the rounds.
#include <fmt/format.h>
#include <time.h>

#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "core/invoke/native_call.h"
#include "core/invoke/native_function.h"
#include "core/invoke/plugin.h"

namespace tidemill {
namespace {

constexpr std::size_t events_per_round = 1'000'000;
constexpr std::size_t rounds = 7;

class SilentLog final : public Log {
 public:
  void write(LogLevel, std::string_view) override {}
};

double cpu_nanoseconds() {
  timespec t{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
  return static_cast<double>(t.tv_sec) * 1e9 + static_cast<double>(t.tv_nsec);
}

// Events of 200 bytes. With a key the row is put under it, without one the host builds the id.
std::vector<Event> make_events(std::size_t count, bool keys) {
  static const std::string data(200, 'x');
  static const std::string key = "user-00000042";
  std::vector<Event> events(count);
  for (std::size_t i = 0; i < count; ++i) {
    events[i].offset = Offset(1'000'000 + i);
    events[i].source = "clicks";
    events[i].type = "click";
    events[i].key = keys ? std::string_view(key) : std::string_view();
    events[i].data = Bytes::forever(data);
  }
  return events;
}

template <class Work>
double nanoseconds_per_event(std::size_t batch, const Work& work) {
  const double start = cpu_nanoseconds();
  for (std::size_t done = 0; done < events_per_round; done += batch) work();
  return (cpu_nanoseconds() - start) / static_cast<double>(events_per_round);
}

double median(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  return values[values.size() / 2];
}

void require(bool holds, const char* what) {
  if (holds) return;
  fmt::print(stderr, "bench_invoke: {}\n", what);
  std::exit(1);
}

void run() {
  SilentLog log;
  const NativeHost host{.now = [] { return Instant(); },
                        .log = &log,
                        .read_row = {},
                        .memory_bytes_max = 64 << 20,
                        .function = "passthrough"};
  auto plugin = Plugin::load(TIDEMILL_PLUGINS "/passthrough.so");
  require(plugin.has_value(), "passthrough.so does not load");
  auto function = NativeFunction::make(*plugin, {}, host);
  require(function.has_value(), "passthrough does not start");

  const auto& table = (*plugin)->table();
  void* instance = nullptr;
  tidemill_slice error{};
  require(table.create(nullptr, 0, &instance, &error) == TIDEMILL_OK, "no second instance");
  NativeCall call(host);

  fmt::print("{:>6} {:>5} {:>12} {:>12} {:>12}\n", "batch", "key", "whole ns/ev", "plugin ns/ev",
             "host ns/ev");
  for (const bool keys : {true, false})
    for (const std::size_t batch : {1u, 10u, 100u, 1'000u, 10'000u}) {
      const auto events = make_events(batch, keys);
      Request request;
      request.events = events;
      request.timeout = std::chrono::seconds(30);
      const auto* raw = call.begin(request, "v");
      std::vector<double> whole, alone;
      for (std::size_t r = 0; r < rounds; ++r) {
        whole.push_back(nanoseconds_per_event(batch, [&] {
          const Answer answer = (*function)->invoke(request);
          require(answer.effects.size() == batch, "an event has no row");
        }));
        alone.push_back(nanoseconds_per_event(batch, [&] {
          const auto* response = table.handle(instance, raw);
          require(response->effect_count == batch, "an event has no row");
          table.free_response(instance, response);
        }));
      }
      const double w = median(std::move(whole)), a = median(std::move(alone));
      fmt::print("{:>6} {:>5} {:>12.1f} {:>12.1f} {:>12.1f}\n", batch, keys ? "yes" : "no", w, a,
                 w - a);
    }
  table.destroy(instance);
}

}  // namespace
}  // namespace tidemill

int main() { tidemill::run(); }
