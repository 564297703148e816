// bench_kafka [--rounds N] [--events N] [--broker real|mock]: what the engine costs beside loops
// over librdkafka alone.
//
// Claims: records per second of CPU through the whole engine are at least 0.85 of what a bare loop
// does with the same ones - read and let go, written into another topic, filtered and routed by
// their JSON, counted per key and ten seconds - with a real broker and with librdkafka's mock; and
// at ten thousand records a second, half of them take no more than 2 ms longer than through the
// bare loop, and 99 of 100 no more than 10 ms.
//
// Each arm is a process of its own and a new group, and reads the same topic from its beginning to
// its end. What it did is counted where it ends: records of a topic, counts of a table.
#include <fmt/format.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/wait.h>

#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

#include "bench/kafka/bare.h"
#include "bench/kafka/cluster.h"
#include "bench/kafka/latency.h"
#include "bench/kafka/records.h"
#include "bench/measure/child_process.h"
#include "bench/measure/live_engine.h"
#include "bench/measure/table.h"
#include "tidemill/testing/temp_folder.h"

namespace tidemill::bench {
namespace {

constexpr double goal = 0.85;
constexpr int latency_seconds = 10;

struct Bench {
  const Cluster& cluster;
  std::string where;  ///< "a real broker"
  int rounds = 0;
};

std::vector<std::string> engine_command(const std::string& plan) {
  return {BENCH_TIDEMILL, "run", fmt::format("{}/{}.yaml", BENCH_FOLDER, plan), "--log-level",
          "error"};
}

void tell_by_environment(const Job& job) {
  ::setenv("BROKER", job.broker.c_str(), 1);
  ::setenv("TOPIC", job.topic.c_str(), 1);
  ::setenv("GROUP", job.group.c_str(), 1);
  ::setenv("OUT", job.out.c_str(), 1);
  ::setenv("SECOND_OUT", job.second_out.c_str(), 1);
}

Finished run_engine(const std::string& plan, const Job& job, const std::string& data) {
  tell_by_environment(job);
  std::vector<std::string> command = engine_command(plan);
  if (plan == "discard")
    command.insert(command.end(), {"--set", "functions.noop.native=" BENCH_NOOP});
  command.insert(command.end(), {"--data", data, "--until-idle", "--summary", "json"});
  Finished done = run_to_end(command);
  require(done.output.find(fmt::format("\"events\": {},", job.count)) != done.output.npos,
          "the engine has not seen every record: " + done.output);
  return done;
}

std::vector<std::string> bare_command(const std::string& way, const Job& job) {
  return {this_program(),
          "--bare",
          way,
          job.broker,
          job.topic,
          job.group,
          std::to_string(job.count),
          job.out,
          job.second_out};
}

// One claim of the first kind. `check` sees what an arm has done: its growth of the topics, or its
// folder.
bool compare(const Bench& bench, const std::string& claim, const std::string& plan,
             const std::string& way, Job job, const std::vector<std::uint64_t>& expected) {
  std::vector<double> ratios, rates, batch_ratios, wall_ratios;
  double peak = 0;
  job.broker = bench.cluster.address();
  const std::vector<std::string> outs =
      plan == "route" ? std::vector{job.out, job.second_out} : std::vector{job.out};
  const auto sizes = [&] {
    std::vector<std::uint64_t> all;
    for (const std::string& out : outs) all.push_back(bench.cluster.size(out));
    return all;
  };
  const auto verified = [&](auto&& run) {
    if (plan != "relay" && plan != "route") return run();
    const auto before = sizes();
    const Finished done = run();
    const auto after = sizes();
    for (std::size_t i = 0; i < outs.size(); ++i)
      require(after[i] - before[i] == expected[i], "not every record is in " + outs[i]);
    return done;
  };
  for (int round = 0; round < bench.rounds; ++round) {
    const testing::TempFolder folder;
    const auto group = [&](const char* arm) {
      return fmt::format("{}-{}-{}-{}", job.topic, plan, arm, round);
    };
    Job own = job;
    if (way == "counts") own.out = folder / "bare";
    own.group = group("bare");
    const Finished bare = verified([&] { return run_to_end(bare_command(way, own)); });
    own.group = group("engine");
    const Finished engine = verified([&] { return run_engine(plan, own, folder / "data"); });
    if (way == "counts")
      require(
          counted_by_bare(own.out) == job.count && counted_by_engine(folder / "data") == job.count,
          "not every record was counted");
    if (plan == "discard") {
      own.group = group("batches");
      batch_ratios.push_back(run_to_end(bare_command("batches", own)).cpu_s / engine.cpu_s);
    }
    ratios.push_back(bare.cpu_s / engine.cpu_s);
    rates.push_back(static_cast<double>(job.count) / engine.cpu_s / 1000);
    wall_ratios.push_back(bare.wall_s / engine.wall_s);
    peak = std::max(peak, engine.peak_mib);
  }
  std::string measured =
      fmt::format("{} (on the wall {}); {} 000 events/s per core, peak {:.0f} MiB",
                  spread(ratios, 2), spread(wall_ratios, 2), spread(rates, 0), peak);
  if (!batch_ratios.empty()) measured += "; " + spread(batch_ratios, 2) + " of a loop over batches";
  return print_claim(fmt::format("{} / a bare loop, {}", claim, bench.where),
                     fmt::format("≥ {:.2f}", goal), measured, median(ratios) >= goal);
}

Latency of_bare(const Bench& bench, int round) {
  const Job job{bench.cluster.address(), "in", fmt::format("bare-{}", round), 0, "out"};
  const pid_t pid = start(bare_command("relay", job), STDERR_FILENO);
  const Latency latency = time_relay(job.broker, job.topic, job.out,
                                     fmt::format("timed-bare-{}", round), latency_seconds);
  ::kill(pid, SIGKILL);
  ::waitpid(pid, nullptr, 0);
  return latency;
}

Latency of_engine(const Bench& bench, int round) {
  const Job job{bench.cluster.address(), "in", fmt::format("engine-{}", round), 0, "out"};
  tell_by_environment(job);
  ::setenv("START", "latest", 1);
  const testing::TempFolder folder;
  std::vector<std::string> command = engine_command("relay");
  command.insert(command.end(), {"--admin-listen", "off"});
  const LiveEngine engine(command, folder / "data", STDERR_FILENO);
  const Latency latency = time_relay(job.broker, job.topic, job.out,
                                     fmt::format("timed-engine-{}", round), latency_seconds);
  ::unsetenv("START");
  return latency;
}

bool compare_latency(const Bench& bench) {
  std::vector<double> p50, p99, bare_p50, bare_p99;
  for (int round = 0; round < bench.rounds; ++round) {
    const Latency bare = of_bare(bench, round);
    const Latency engine = of_engine(bench, round);
    p50.push_back(engine.p50_ms - bare.p50_ms);
    p99.push_back(engine.p99_ms - bare.p99_ms);
    bare_p50.push_back(bare.p50_ms);
    bare_p99.push_back(bare.p99_ms);
  }
  const std::string claim = "10 000 records a second from topic to topic, above a bare relay, ";
  const bool half = print_claim(
      claim + "p50", "< 2 ms",
      fmt::format("{} ms; the bare one takes {} ms", spread(p50, 2), spread(bare_p50, 2)),
      median(p50) < 2);
  return print_claim(
             claim + "p99", "< 10 ms",
             fmt::format("{} ms; the bare one takes {} ms", spread(p99, 2), spread(bare_p99, 2)),
             median(p99) < 10) &&
         half;
}

bool measure(const Bench& bench, std::uint64_t events) {
  const Records small{events, 100}, large{events / 4, 1024}, clicks{events / 2, 500};
  const auto fill = [&](const std::string& topic, const Records& records) {
    bench.cluster.fill(
        topic, records.count, [&](std::uint64_t n) { return value_of(n, records.bytes); }, page_of);
  };
  fill("small", small);
  fill("large", large);
  fill("clicks", clicks);
  bool holds = true;
  for (const auto& [topic, records] : {std::pair("small", small), std::pair("large", large)}) {
    const Job job{.topic = topic, .count = records.count, .out = "out"};
    const std::string size = fmt::format(", {} bytes", records.bytes);
    holds = compare(bench, "topic → nothing" + size, "discard", "events", job, {}) && holds;
    holds = compare(bench, "topic → topic" + size, "relay", "relay", job, {records.count}) && holds;
  }
  Job job{.topic = "clicks", .count = clicks.count, .out = "pages", .second_out = "searches"};
  holds = compare(bench, "topic → filter → two topics, JSON of 500 bytes", "route", "route", job,
                  {of_type(clicks.count, "page"), of_type(clicks.count, "search")}) &&
          holds;
  holds = compare(bench, "topic → counts per page and 10 s, JSON of 500 bytes", "counts", "counts",
                  job, {}) &&
          holds;
  return holds;
}

}  // namespace
}  // namespace tidemill::bench

int main(int argc, char** argv) {
  using namespace tidemill::bench;
  const std::vector<std::string> words(argv + 1, argv + argc);
  if (!words.empty() && words[0] == "--mock") {
    serve_mock({words.begin() + 1, words.end()});
    return 0;
  }
  if (words.size() == 8 && words[0] == "--bare") {
    run_bare(words[1], {words[2], words[3], words[4], std::stoul(words[5]), words[6], words[7]});
    return 0;
  }
  std::uint64_t events = 1'000'000;
  std::string only;
  for (std::size_t i = 0; i + 1 < words.size(); ++i) {
    if (words[i] == "--events") events = std::stoul(words[i + 1]);
    if (words[i] == "--broker") only = words[i + 1];
  }
  const int rounds = rounds_option(argc, argv, 3);
  print_machine(rounds);
  const std::vector<std::string> topics{"small", "large",    "clicks", "out",
                                        "pages", "searches", "in"};
  bool holds = true;
  if (only != "mock") {
    const Cluster cluster(real_broker(topics));
    const Bench bench{cluster, "a real broker", rounds};
    holds = measure(bench, events);
    holds = compare_latency(bench) && holds;
  }
  if (only != "real") {
    const Cluster cluster(mock_of_a_broker(topics));
    // It keeps some megabytes of each partition and forgets the rest.
    holds = measure({cluster, "a mock of one", rounds}, std::min<std::uint64_t>(events, 60'000)) &&
            holds;
  }
  return holds ? 0 : 1;
}
