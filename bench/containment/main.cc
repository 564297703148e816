// What the protection from functions in process costs: a warm call of a non-blocking function on
// the event loop as a pipeline makes it, with the crash record and the watch; the record of one
// batch alone; and a call of the same handler through the threads of a blocking function. CPU time
// of the process, median of the rounds.
#include <fmt/format.h>
#include <time.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "bench/measure/table.h"
#include "core/base/asio_scheduler.h"
#include "core/invoke/crash_record.h"
#include "core/invoke/function_threads.h"
#include "core/invoke/plugin.h"
#include "core/pipeline/in_process.h"
#include "tidemill/testing/temp_folder.h"

namespace tidemill::bench {
namespace {

constexpr int calls = 100'000;
constexpr double call_ns_goal = 2000;
constexpr double record_ns_goal = 100;
constexpr double record_ns_per_event_goal = 5;

class SilentLog final : public Log {
 public:
  void write(LogLevel, std::string_view) override {}
};

double cpu_nanoseconds() {
  timespec t{};
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
  return static_cast<double>(t.tv_sec) * 1e9 + static_cast<double>(t.tv_nsec);
}

[[noreturn]] void give_up(const std::string& why) {
  fmt::print(stderr, "bench_containment: {}\n", why);
  std::exit(1);
}

template <class T>
T require(Result<T> result) {
  if (!result) give_up(result.error().message);
  return std::move(*result);
}

std::vector<Event> make_events(std::size_t count) {
  std::vector<Event> events(count);
  for (std::size_t i = 0; i < count; ++i) {
    events[i].offset = Offset(1'000'000 + i);
    events[i].source = "clicks";
    events[i].key = "user-00000042";
    events[i].data = Bytes::copy(std::string(200, 'x'));
  }
  return events;
}

constexpr BatchOrigin origin{PipelineId(1), 7, ProgressKind::log};

Task<> call_many(InProcessInvoker& invoker, const std::vector<Event>& events,
                 AsioScheduler& scheduler) {
  Request request;
  request.events = events;
  request.timeout = std::chrono::seconds(30);
  for (int i = 0; i < calls; ++i) {
    const Answer answer = co_await invoker.invoke(request);
    if (answer.effects.size() != events.size()) give_up("an event has no row");
  }
  scheduler.stop();
}

// Nanoseconds per call of one event, through what a pipeline calls.
double call_ns(CrashRecord& record, bool on_threads) {
  AsioScheduler scheduler(1);
  SilentLog log;
  InlineWatch watch;
  watch.start([](const InlineWatch::Hung&) { give_up("the watch saw a call that hangs"); });
  auto plugin = require(Plugin::load(TIDEMILL_PLUGINS "/passthrough.so"));
  NativeHost host{.now = &steady_now, .log = &log, .read_row = {}, .function = "passthrough"};
  InProcessFunction function(
      {.scheduler = scheduler,
       .log = log,
       .name = "passthrough",
       .timeout = std::chrono::seconds(30),
       .function = require(NativeFunction::make(std::move(plugin), {}, std::move(host))),
       .threads = on_threads ? std::make_unique<FunctionThreads>(2) : nullptr,
       .record = &record,
       .watch = &watch,
       .now = &steady_now});
  InProcessInvoker invoker(function, origin, nullptr);
  const auto events = make_events(1);
  const double start = cpu_nanoseconds();
  boost::asio::co_spawn(scheduler.executor(), call_many(invoker, events, scheduler),
                        boost::asio::detached);
  scheduler.run();
  return (cpu_nanoseconds() - start) / calls;
}

double record_ns(CrashRecord& record, std::size_t batch) {
  const auto events = make_events(batch);
  const double start = cpu_nanoseconds();
  for (int i = 0; i < calls; ++i) record.end(record.begin(origin, events, false));
  return (cpu_nanoseconds() - start) / calls;
}

int run(int rounds) {
  const testing::TempFolder folder;
  const auto record = require(CrashRecord::open(folder / "running.map", 16, 1000));
  print_machine(rounds);
  std::vector<double> inline_ns, threads_ns, one, hundred, thousand;
  for (int round = 0; round < rounds; ++round) {
    inline_ns.push_back(call_ns(*record, false));
    threads_ns.push_back(call_ns(*record, true));
    one.push_back(record_ns(*record, 1));
    hundred.push_back(record_ns(*record, 100));
    thousand.push_back(record_ns(*record, 1000));
  }
  bool holds = print_claim("in process, non-blocking: a warm call of one event, no-op function",
                           fmt::format("< {:.0f} ns", call_ns_goal), spread(inline_ns, 0) + " ns",
                           median(inline_ns) < call_ns_goal);
  print_claim("in process, blocking: the same call over a thread of its own", "told",
              spread(threads_ns, 0) + " ns of CPU", true);
  holds &= print_claim("crash record of one batch", fmt::format("< {:.0f} ns", record_ns_goal),
                       spread(one, 0) + " ns", median(one) < record_ns_goal);
  for (const auto& [events, ns] : {std::pair(100, hundred), std::pair(1000, thousand)}) {
    const double per_event = (median(ns) - median(one)) / events;
    holds &= print_claim(fmt::format("crash record, per event of a batch of {}", events),
                         fmt::format("< {:.0f} ns", record_ns_per_event_goal),
                         fmt::format("{:.2f} ns", per_event), per_event < record_ns_per_event_goal);
  }
  return holds ? 0 : 1;
}

}  // namespace
}  // namespace tidemill::bench

int main(int argc, char** argv) {
  return tidemill::bench::run(tidemill::bench::rounds_option(argc, argv, 7));
}
