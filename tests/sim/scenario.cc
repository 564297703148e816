#include "tests/sim/scenario.h"

#include <random>

namespace tidemill::sim {

Scenario Scenario::draw(std::uint64_t seed) {
  std::mt19937_64 random(seed * 0x9E3779B97F4A7C15ull + 1);
  const auto up_to = [&](std::uint64_t n) {
    return static_cast<std::uint32_t>(random() % (n + 1));
  };
  const auto one_in = [&](std::uint64_t n) { return random() % n == 0; };

  Scenario s;
  s.seed = seed;
  s.progress = one_in(4) ? ProgressKind::objects : ProgressKind::log;
  s.partitions = s.progress == ProgressKind::objects ? 1 : 1 + up_to(3);
  s.events_per_partition = 5 + up_to(60);
  s.keys = 1 + up_to(9);

  s.pipeline.name = "simulated";
  s.pipeline.id = PipelineId(1);
  s.pipeline.function = "simulated";
  s.pipeline.timeout = std::chrono::seconds(10);
  s.pipeline.batch.events = 1 + up_to(11);
  s.pipeline.batch.window = one_in(2) ? Duration(0) : std::chrono::milliseconds(up_to(300));
  s.pipeline.parallel.batches = 1 + up_to(5);
  s.pipeline.parallel.per_partition = one_in(2) ? 1 : 1 + up_to(3);
  s.pipeline.retry.attempts = 2 + up_to(2);
  s.pipeline.retry.bisect = true;
  s.sink_retry.attempts = 50;  // A sink that recovers: no event may die of it.

  s.poison = one_in(3) ? 0 : up_to(120);
  s.flaky = one_in(3) ? 0 : up_to(200);
  s.sink_flaky = one_in(2) ? 0 : up_to(300);
  s.poison_throws = one_in(2);
  s.crash_at_every_commit = one_in(4);
  s.crashes = s.crash_at_every_commit ? 400 : (one_in(4) ? 0 : 1 + up_to(4));
  return s;
}

// A hash rather than a stream of draws: an event's fate does not depend on when it is looked at.
std::uint64_t Scenario::draw_of(std::uint32_t partition, std::uint64_t index,
                                std::uint64_t salt) const {
  std::uint64_t x = seed ^ (salt << 56) ^ (std::uint64_t{partition} << 40) ^ index;
  x += 0x9E3779B97F4A7C15ull;
  x = (x ^ (x >> 30)) * 0xBF58476D1CE4E5B9ull;
  x = (x ^ (x >> 27)) * 0x94D049BB133111EBull;
  return (x ^ (x >> 31)) % 1000;
}

bool Scenario::is_poison(std::uint32_t partition, std::uint64_t index) const {
  return draw_of(partition, index, 1) < poison;
}

bool Scenario::is_flaky(std::uint32_t partition, std::uint64_t index) const {
  return !is_poison(partition, index) && draw_of(partition, index, 2) < flaky;
}

std::string Scenario::key(std::uint32_t partition, std::uint64_t index) const {
  return "k" + std::to_string(draw_of(partition, index, 3) % keys);
}

std::string event_name(std::uint32_t partition, std::uint64_t index) {
  return "p" + std::to_string(partition) + "-" + std::to_string(index);
}

}  // namespace tidemill::sim
