// bench_amqp [--rounds N] [--events N]: what the engine costs beside a loop over librabbitmq alone.
//
// Claims: messages per second, and per second of CPU, from a queue of a real RabbitMQ into counts
// in a table are at least 0.7 of what a loop does that receives and acknowledges the same ones and
// nothing else, with the same prefetch.
//
// Each run has the queue filled anew with persistent messages of 200 bytes, and must leave nothing
// in it.
#include <fmt/format.h>
#include <stdlib.h>
#include <unistd.h>

#include <chrono>
#include <string>
#include <vector>

#include "bench/amqp/bare.h"
#include "bench/amqp/broker.h"
#include "bench/measure/child_process.h"
#include "bench/measure/live_engine.h"
#include "bench/measure/table.h"
#include "tidemill/testing/temp_folder.h"

namespace tidemill::bench {
namespace {

constexpr double goal = 0.7;
constexpr std::size_t bytes = 200;
constexpr auto look_every = std::chrono::milliseconds(5);

std::vector<std::string> engine_command() {
  return {BENCH_TIDEMILL, "run", BENCH_FOLDER "/counts.yaml", "--log-level", "error"};
}

std::vector<std::string> bare_command(const Login& login, std::uint64_t count) {
  return {this_program(), "--bare",       login.address,
          login.username, login.password, std::to_string(count)};
}

/// From the first event that is seen to the last, at the pace between them.
double seconds_of_engine(std::uint64_t count) {
  const testing::TempFolder folder;
  std::vector<std::string> command = engine_command();
  command.insert(command.end(), {"--admin-listen", "off"});
  const LiveEngine engine(command, folder / "data", STDERR_FILENO);
  double began = 0;
  std::uint64_t first = 0;
  for (;;) {
    require(!engine.ended_within(look_every), "the engine ended by itself");
    const auto seen = engine.pipeline("counts");
    if (!seen || seen->events == 0) continue;
    if (first == 0) {
      first = seen->events;
      began = wall_seconds();
    }
    if (seen->events < count) continue;
    const double took = wall_seconds() - began;
    require(first < count, "the engine is done before it is looked at: use more events");
    return took * static_cast<double>(count) / static_cast<double>(count - first);
  }
}

Finished run_engine(std::uint64_t count) {
  const testing::TempFolder folder;
  std::vector<std::string> command = engine_command();
  command.insert(command.end(), {"--data", folder / "data", "--until-idle", "--summary", "json"});
  Finished done = run_to_end(command);
  require(done.output.find(fmt::format("\"events\": {},", count)) != done.output.npos,
          "the engine has not seen every message: " + done.output);
  return done;
}

bool measure(const Broker& broker, std::uint64_t count, int rounds) {
  const Login& login = broker.login();
  ::setenv("BROKER", login.address.c_str(), 1);
  ::setenv("BROKER_USER", login.username.c_str(), 1);
  ::setenv("BROKER_PASSWORD", login.password.c_str(), 1);
  ::setenv("QUEUE", queue, 1);
  std::vector<double> walls, rates, bare_rates, cpus, cpu_rates;
  for (int round = 0; round < rounds; ++round) {
    broker.fill(count, bytes);
    const Finished bare = run_to_end(bare_command(login, count));
    require(broker.left() == 0, "the bare loop left messages behind");
    const double bare_s = std::strtod(bare.output.c_str(), nullptr);
    broker.fill(count, bytes);
    const double engine_s = seconds_of_engine(count);
    walls.push_back(bare_s / engine_s);
    rates.push_back(static_cast<double>(count) / engine_s / 1000);
    bare_rates.push_back(static_cast<double>(count) / bare_s / 1000);
    // What that engine was killed in the middle of acknowledging comes again: not counted twice.
    while (broker.left() > 0) {
      const testing::TempFolder folder;
      std::vector<std::string> command = engine_command();
      command.insert(command.end(), {"--data", folder / "data", "--until-idle"});
      run_to_end(command);
    }
    broker.fill(count, bytes);
    const Finished engine = run_engine(count);
    require(broker.left() == 0, "the engine left messages behind");
    cpus.push_back(bare.cpu_s / engine.cpu_s);
    cpu_rates.push_back(static_cast<double>(count) / engine.cpu_s / 1000);
  }
  const bool wall =
      print_claim("RabbitMQ queue → counts / a bare loop, 200 bytes, on the wall",
                  fmt::format("≥ {:.1f}", goal),
                  fmt::format("{}; {} 000 events/s, the bare loop {} 000", spread(walls, 2),
                              spread(rates, 0), spread(bare_rates, 0)),
                  median(walls) >= goal);
  return print_claim(
             "RabbitMQ queue → counts / a bare loop, 200 bytes, CPU", fmt::format("≥ {:.1f}", goal),
             fmt::format("{}; {} 000 events/s per core", spread(cpus, 2), spread(cpu_rates, 0)),
             median(cpus) >= goal) &&
         wall;
}

}  // namespace
}  // namespace tidemill::bench

int main(int argc, char** argv) {
  using namespace tidemill::bench;
  const std::vector<std::string> words(argv + 1, argv + argc);
  if (words.size() == 5 && words[0] == "--bare") {
    run_bare({words[1], words[2], words[3]}, std::stoul(words[4]));
    return 0;
  }
  std::uint64_t events = 200'000;
  for (std::size_t i = 0; i + 1 < words.size(); ++i)
    if (words[i] == "--events") events = std::stoul(words[i + 1]);
  const int rounds = rounds_option(argc, argv, 3);
  print_machine(rounds);
  const Broker broker;
  return measure(broker, events, rounds) ? 0 : 1;
}
