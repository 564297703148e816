// bench_worker [--rounds N]: what it costs to run a function behind the wall of a process.
//
// Claims: at most 100 ns of CPU, of both processes, to bring a record of 500 bytes to a function in
// a worker, in batches of 100; less than 25 us for a warm invocation of a function that does
// nothing, from the call to its answer; and less than 2 us in process. Records that are answered
// with rows, which come back, are told.
//
// The arms alternate in each round: the same plugin in a worker and in process. CPU is that of all
// threads of both processes, user and system; latency is the clock on the wall, its median over the
// invocations of a round.
#include <fmt/format.h>

#include <algorithm>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "bench/measure/child_process.h"
#include "bench/measure/table.h"
#include "core/base/asio_scheduler.h"
#include "core/invoke/native_function.h"
#include "core/worker/run_worker.h"
#include "core/worker/worker_function.h"

namespace tidemill::bench {
namespace {

constexpr double record_ns_goal = 100;
constexpr double worker_us_goal = 25;
constexpr double in_process_us_goal = 2;

constexpr std::size_t record_bytes = 500;
constexpr std::size_t records_per_round = 1'000'000;
constexpr std::size_t calls_per_round = 20'000;

class SilentLog final : public Log {
 public:
  void write(LogLevel, std::string_view) override {}
};

struct Functions {
  std::unique_ptr<Function> worker;
  std::unique_ptr<Function> in_process;
};

template <class Made>
std::unique_ptr<Function> made(Made function) {
  require(function.has_value(), function ? "" : function.error().message);
  return std::move(*function);
}

Functions make_functions(Log& log, bool rows) {
  const NativeHost host{.now = &steady_now,
                        .log = &log,
                        .read_row = {},
                        .memory_bytes_max = 256 << 20,
                        .function = "relay"};
  const auto plugin = Plugin::load(BENCH_RELAY);
  require(plugin.has_value(), "relay.so does not load");
  const ResolvedOptions config = {{"rows", rows ? "true" : "false"}};
  return {made(WorkerFunction::make(*plugin, config, host)),
          made(NativeFunction::make(*plugin, config, host))};
}

// Records whose bytes differ, so that an answer cannot be right by accident.
class Records {
 public:
  explicit Records(std::size_t count) : texts_(count), events_(count) {
    for (std::size_t i = 0; i < count; ++i) {
      texts_[i] = fmt::format("{:08}", i);
      texts_[i].resize(record_bytes, static_cast<char>('a' + i % 26));
      events_[i].offset = Offset(i);
      events_[i].source = "clicks";
      events_[i].key = std::string_view(texts_[i]).substr(0, 8);
      events_[i].data = Bytes::forever(texts_[i]);
    }
  }

  Request request() const {
    Request request;
    request.events = events_;
    request.request_id = "r-1";
    request.timeout = std::chrono::seconds(30);
    return request;
  }

  bool answered_by(const Answer& answer) const {
    if (answer.error || answer.effects.size() != events_.size()) return false;
    for (std::size_t i = 0; i < events_.size(); ++i)
      if (answer.effects[i].key != events_[i].key ||
          answer.effects[i].data != events_[i].data.view())
        return false;
    return true;
  }

 private:
  std::vector<std::string> texts_;
  std::vector<Event> events_;
};

// What the function says of itself.
double told_by(Function& function, std::string_view question) {
  Event ask;
  ask.key = "k";
  ask.data = Bytes::forever(question);
  Request request;
  request.events = {&ask, 1};
  request.timeout = std::chrono::seconds(30);
  const Answer answer = function.invoke(request);
  require(!answer.error && answer.effects.size() == 1, "the function does not tell");
  return std::stod(std::string(answer.effects[0].data));
}

struct Costs {
  double cpu_ns = 0;   ///< Per record, of both processes.
  double wall_ns = 0;  ///< Per record.
};

Costs cost_of(Function& function, std::size_t batch, bool rows, bool elsewhere) {
  const Records records(batch);
  const Request request = records.request();
  const double seen = told_by(function, "seen");
  const double other = elsewhere ? told_by(function, "cpu") : 0;
  const double cpu = process_cpu_seconds(), wall = wall_seconds();
  for (std::size_t done = 0; done < records_per_round; done += batch) {
    const Answer answer = function.invoke(request);
    require(answer.effects.size() == (rows ? batch : 0), "a record has no row");
  }
  const double took = process_cpu_seconds() - cpu;
  const double passed = wall_seconds() - wall;
  const double theirs = elsewhere ? (told_by(function, "cpu") - other) / 1e9 : 0;
  if (rows)
    require(records.answered_by(function.invoke(request)), "the rows are not the records");
  else
    require(told_by(function, "seen") - seen == double{records_per_round * record_bytes},
            "not every record was seen");
  const double per_record = 1e9 / static_cast<double>(records_per_round);
  return {.cpu_ns = (took + theirs) * per_record, .wall_ns = passed * per_record};
}

// Median and 99th percentile, in microseconds.
std::pair<double, double> latency_us(Function& function) {
  const Records one(1);
  const Request request = one.request();
  std::vector<double> took;
  for (std::size_t i = 0; i < calls_per_round; ++i) {
    const double start = wall_seconds();
    const Answer answer = function.invoke(request);
    took.push_back((wall_seconds() - start) * 1e6);
    require(!answer.error, "an invocation failed");
  }
  std::ranges::sort(took);
  return {took[took.size() / 2], took[took.size() * 99 / 100]};
}

// Batches of one size through one pair of functions.
struct Arm {
  const Functions& functions;
  bool rows;
  std::size_t batch;
  std::vector<double> worker_ns = {}, worker_wall_ns = {}, in_process_ns = {};

  void measure() {
    const Costs behind = cost_of(*functions.worker, batch, rows, true);
    worker_ns.push_back(behind.cpu_ns);
    worker_wall_ns.push_back(behind.wall_ns);
    in_process_ns.push_back(cost_of(*functions.in_process, batch, rows, false).cpu_ns);
  }

  bool print(double goal_ns) const {
    const std::string what = fmt::format(
        "CPU of both processes for a record of 500 bytes in a worker, {}, batches of {}",
        rows ? "answered with a row" : "looked at", batch);
    const std::string measured =
        fmt::format("{} ns; on the wall {} ns; in process {} ns", spread(worker_ns),
                    spread(worker_wall_ns), spread(in_process_ns));
    if (goal_ns == 0) return print_claim(what, "told", measured, true);
    return print_claim(what, fmt::format("≤ {:.0f} ns", goal_ns), measured,
                       median(worker_ns) <= goal_ns);
  }
};

bool measure(int rounds) {
  SilentLog log;
  const Functions relay = make_functions(log, true);
  const Functions idle = make_functions(log, false);
  std::vector<Arm> arms = {{idle, false, 100},
                           {idle, false, 1'000},
                           {relay, true, 10},
                           {relay, true, 100},
                           {relay, true, 1'000}};
  std::vector<double> worker_us, worker_p99_us, in_process_us, start_ms;
  for (int round = 0; round < rounds; ++round) {
    for (Arm& arm : arms) arm.measure();
    const auto [median_us, p99_us] = latency_us(*idle.worker);
    worker_us.push_back(median_us);
    worker_p99_us.push_back(p99_us);
    in_process_us.push_back(latency_us(*idle.in_process).first);
    const double before = wall_seconds();
    const Functions cold = make_functions(log, false);
    start_ms.push_back((wall_seconds() - before) * 1e3);
  }

  bool holds = true;
  for (const Arm& arm : arms)
    holds = arm.print(arm.rows || arm.batch != 100 ? 0 : record_ns_goal) && holds;
  holds = print_claim(
              "warm invocation of a function that does nothing, in a worker",
              fmt::format("< {:.0f} µs", worker_us_goal),
              fmt::format("{} µs; 99th percentile {} µs", spread(worker_us), spread(worker_p99_us)),
              median(worker_us) < worker_us_goal) &&
          holds;
  holds = print_claim(
              "the same in process, non-blocking", fmt::format("< {:.0f} µs", in_process_us_goal),
              spread(in_process_us, 2) + " µs", median(in_process_us) < in_process_us_goal) &&
          holds;
  print_claim("cold start of a worker: process, plugin, instance", "told",
              spread(start_ms, 1) + " ms", true);
  return holds;
}

}  // namespace
}  // namespace tidemill::bench

int main(int argc, char** argv) {
  using namespace tidemill::bench;
  if (argc > 1 && std::string_view(argv[1]) == "worker") return tidemill::run_worker();
  const int rounds = rounds_option(argc, argv, 7);
  print_machine(rounds);
  return measure(rounds) ? 0 : 1;
}
