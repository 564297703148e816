#include "tests/sim/scenario.h"

#include <random>

#include "core/pattern/compile.h"

namespace tidemill::sim {
namespace {

// Few seeds have everything: a failure is easier to read where little goes wrong.
class Dice {
 public:
  explicit Dice(std::uint64_t seed) : random_(seed) {}
  std::uint32_t up_to(std::uint64_t n) { return static_cast<std::uint32_t>(random_() % (n + 1)); }
  bool one_in(std::uint64_t n) { return random_() % n == 0; }
  std::uint64_t any() { return random_(); }

 private:
  std::mt19937_64 random_;
};

void draw_source(Dice& dice, Flow& flow) {
  const std::uint32_t kind = dice.up_to(5);
  flow.progress = kind < 3    ? ProgressKind::log
                  : kind == 3 ? ProgressKind::objects
                              : ProgressKind::queue;
  flow.partitions = flow.progress == ProgressKind::log ? 1 + dice.up_to(3) : 1;
  flow.events_per_partition = 5 + dice.up_to(60);
  flow.keys = 1 + dice.up_to(9);
  if (flow.progress != ProgressKind::queue) return;
  if (!dice.one_in(4)) flow.config.dedupe.by = DedupeBy::native;
  if (!dice.one_in(3)) flow.redelivered = dice.up_to(200);
}

void draw_policies(Dice& dice, Flow& flow) {
  PipelineConfig& config = flow.config;
  config.name = "flow" + std::to_string(flow.index);
  config.id = PipelineId(flow.index + 1);
  config.function = "simulated";
  config.timeout = std::chrono::seconds(10);
  config.batch.events = 1 + dice.up_to(11);
  if (dice.one_in(8)) config.batch.bytes.value = 20 + dice.up_to(100);
  if (dice.one_in(2)) config.batch.window = std::chrono::milliseconds(dice.up_to(300));
  if (dice.one_in(8)) config.batch.window = std::chrono::hours(1);
  config.parallel.batches = 1 + dice.up_to(5);
  config.parallel.per_partition = dice.one_in(2) ? 1 : 1 + dice.up_to(3);
  if (dice.one_in(3)) config.order_by = OrderBy::key;
  config.retry.attempts = 2 + dice.up_to(2);
  config.retry.backoff = {.initial = std::chrono::milliseconds(10), .max = std::chrono::seconds(2)};
  config.retry.bisect = !dice.one_in(5);
  config.retry.max_age = std::chrono::hours(1000);
  if (dice.one_in(3)) config.durability = Durability::periodic;
  flow.sink_retry.attempts = 20;  // A sink that recovers: no event may die of it.
  flow.sink_retry.backoff = config.retry.backoff;
}

void draw_troubles(Dice& dice, Flow& flow) {
  const auto sometimes = [&](std::uint64_t most) { return dice.one_in(2) ? dice.up_to(most) : 0; };
  flow.direct_sink = dice.one_in(2);
  flow.queued_sink = dice.one_in(3);
  flow.failure_sink = dice.one_in(3);
  flow.reads_rows = dice.one_in(flow.direct_sink || flow.queued_sink ? 4 : 2);
  const auto set = [&](Nature nature, std::uint32_t share) {
    flow.natures[static_cast<std::size_t>(nature)] = share;
  };
  set(Nature::flaky, sometimes(200));
  set(Nature::poison, sometimes(100));
  // Without bisect one of these takes its whole batch along, healthy events too.
  if (flow.config.retry.bisect) set(Nature::throws, sometimes(60));
  set(Nature::never_ready, sometimes(60));
  // Who counts by reading counts a batch as a whole: of an event that dies at a sink its rows do
  // not change, and those of the events that were counted on top of it do.
  const bool may_die_at_sink = flow.direct_sink && !flow.reads_rows;
  if (may_die_at_sink) set(Nature::refused, sometimes(60));
  if (flow.queued_sink) set(Nature::refused_later, sometimes(60));
  set(Nature::old, sometimes(40));
  if (may_die_at_sink && dice.one_in(3)) set(Nature::worn_out, dice.up_to(30));
  flow.batch_trouble = sometimes(200);
  flow.sink_flaky = sometimes(300);
}

Step only_kept() {
  const pattern::Pattern pattern = pattern::compile(R"({"type": [{"prefix": "keep"}]})").value();
  return pattern::PatternSet(std::span(&pattern, 1));
}

// A plain path is read where the event comes in, jq runs on another thread: see Steps::slow().
Step name_alone(bool with_jq) {
  static const auto path = expression::Expression::compile(".name").value();
  static const auto jq = expression::Expression::compile(".name | .").value();
  return with_jq ? jq : path;
}

void draw_steps(Dice& dice, Flow& flow) {
  if (!dice.one_in(3)) return;
  flow.config.steps.push_back(only_kept());
  flow.natures[static_cast<std::size_t>(Nature::filtered)] = dice.up_to(400);
  if (dice.one_in(2)) return;
  flow.maps = true;
  flow.config.steps.push_back(name_alone(dice.one_in(3)));
  flow.natures[static_cast<std::size_t>(Nature::unmappable)] = dice.up_to(60);
}

// Events of a second each, some up to 15 seconds late.
void draw_windows(Dice& dice, Flow& flow) {
  if (!dice.one_in(2)) return;
  const Duration every = std::chrono::seconds(5);
  flow.windowing = Windowing{.size = every * (1 + dice.up_to(2)),
                             .every = every,
                             .lateness = std::chrono::seconds(dice.up_to(10))};
}

void draw_archive(Dice& dice, Flow& flow) {
  if (!dice.one_in(3)) return;
  flow.archived = true;
  flow.archive.object_bytes = 60 + dice.up_to(600);
  flow.archive.object_age = std::chrono::seconds(1 + dice.up_to(20));
  flow.archive.staged_bytes_max = 2 * flow.archive.object_bytes + dice.up_to(4000);
  flow.archive.attributes = dice.one_in(2);
  if (dice.one_in(2)) flow.bucket_flaky = dice.up_to(300);
}

// Not where records of what became of events are written before it, nor where rows are read.
void draw_vault(Dice& dice, Flow& flow) {
  if (!dice.one_in(3)) return;
  if (flow.reads_rows || flow.success_sink || flow.failure_sink) return;
  flow.transacted = true;
  if (dice.one_in(2)) flow.vault_flaky = dice.up_to(200);
}

// Another flow may change what the first one reads.
void draw_company(Dice& dice, std::vector<Flow>& flows) {
  for (Flow& flow : flows) {
    flow.quick = dice.one_in(3);
    flow.success_sink = dice.one_in(4);
    flow.many_kinds = dice.one_in(3);
    flow.timed = dice.one_in(2);
    flow.expires = dice.one_in(3);
    if (dice.one_in(3)) flow.ack_flaky = dice.up_to(500);
  }
  const Flow& reader = flows.front();
  if (flows.size() == 1 || !reader.reads_rows || !reader.exactly_once()) return;
  for (Flow& flow : flows)
    if (!flow.reads_rows && flow.exactly_once()) flow.adds_to = reader.index;
}

}  // namespace

Scenario Scenario::draw(std::uint64_t seed) {
  Dice dice(seed * 0x9E3779B97F4A7C15ull + 1);
  Scenario scenario;
  scenario.seed = seed;
  const std::uint32_t flows = dice.one_in(2) ? 1 : 2 + dice.up_to(1);
  for (std::uint32_t i = 0; i < flows; ++i) {
    Flow flow;
    flow.seed = dice.any();
    flow.index = i;
    flow.adds_to = i;
    draw_source(dice, flow);
    draw_policies(dice, flow);
    draw_troubles(dice, flow);
    scenario.flows.push_back(std::move(flow));
  }
  scenario.memory = dice.one_in(3) ? 16'000 + dice.up_to(20'000) : MemoryBudget::default_bytes;
  scenario.crash_at_every_commit = dice.one_in(5);
  scenario.ends = scenario.crash_at_every_commit ? 400 : dice.one_in(5) ? 0 : 1 + dice.up_to(5);
  scenario.power_cuts = dice.one_in(3) ? 0 : dice.up_to(1000);
  scenario.drains = dice.one_in(3) ? dice.up_to(500) : 0;
  scenario.bad_writes = dice.one_in(4) ? dice.up_to(60) : 0;
  draw_company(dice, scenario.flows);
  scenario.bad_reads = dice.one_in(3) ? dice.up_to(300) : 0;
  scenario.write_max = std::chrono::milliseconds(dice.one_in(6) ? 500 : 3);
  for (Flow& flow : scenario.flows) flow.relayed = dice.one_in(4);
  for (Flow& flow : scenario.flows) draw_steps(dice, flow);
  for (Flow& flow : scenario.flows) draw_windows(dice, flow);
  for (Flow& flow : scenario.flows)
    if (dice.one_in(3)) flow.choosy = dice.up_to(31);
  for (Flow& flow : scenario.flows) draw_archive(dice, flow);
  scenario.replays = dice.one_in(3) ? dice.up_to(1000) : 0;
  scenario.repaired = dice.one_in(3);
  for (Flow& flow : scenario.flows) draw_vault(dice, flow);
  if (dice.one_in(2)) scenario.replay_gap = std::chrono::milliseconds(dice.up_to(30));
  // What was replied in a transaction is told once, and not kept.
  for (Flow& flow : scenario.flows)
    flow.replies = flow.progress == ProgressKind::queue && !flow.transacted && !dice.one_in(3);
  return scenario;
}

std::uint64_t Scenario::events() const {
  std::uint64_t events = 0;
  for (const Flow& flow : flows)
    events += std::uint64_t{flow.partitions} * flow.events_per_partition;
  return events;
}

std::uint64_t draw_of(std::uint64_t seed, std::uint64_t a, std::uint64_t b, std::uint64_t salt) {
  std::uint64_t x = seed ^ (salt << 56) ^ (a << 40) ^ b;
  x += 0x9E3779B97F4A7C15ull;
  x = (x ^ (x >> 30)) * 0xBF58476D1CE4E5B9ull;
  x = (x ^ (x >> 27)) * 0x94D049BB133111EBull;
  return x ^ (x >> 31);
}

// A sink cannot refuse what it is not asked to take.
Nature Flow::nature(std::uint32_t partition, std::uint64_t event) const {
  const Nature drawn = drawn_nature(partition, event);
  const bool dies_at_out = drawn == Nature::refused || drawn == Nature::worn_out;
  if (dies_at_out && !takes(Choosy::out, partition, event)) return Nature::healthy;
  if (drawn == Nature::refused_later && !takes(Choosy::later, partition, event))
    return Nature::healthy;
  return drawn;
}

Nature Flow::drawn_nature(std::uint32_t partition, std::uint64_t event) const {
  std::uint64_t drawn = draw_of(seed, partition, event, 1) % 1000;
  for (std::size_t i = 1; i < std::size(natures); ++i) {
    if (drawn < natures[i]) return static_cast<Nature>(i);
    drawn -= natures[i];
  }
  return Nature::healthy;
}

std::uint32_t Flow::flaky_tries(std::uint32_t partition, std::uint64_t event) const {
  return 1 + static_cast<std::uint32_t>(draw_of(seed, partition, event, 2) %
                                        (config.retry.attempts - 1));
}

std::string Flow::key(std::uint32_t partition, std::uint64_t event) const {
  return "k" + std::to_string(draw_of(seed, partition, event, 3) % keys);
}

// Each its own, in no order, in the last two hours before the run.
EventTime Flow::time(std::uint32_t partition, std::uint64_t event) const {
  if (nature(partition, event) == Nature::old) return EventTime(1'500'000'000'000'000 + event);
  if (!timed) return {};
  const std::uint64_t drawn = draw_of(seed, partition, event, 6) % 1'000'000;
  return EventTime(1'699'993'000'000'000 + drawn * 1'000 + partition * 100 + event);
}

std::string Flow::type(std::uint32_t partition, std::uint64_t event) const {
  if (drawn_nature(partition, event) == Nature::filtered) return "drop";
  return draw_of(seed, partition, event, 7) % 3 == 0 ? "keep apart" : std::string(wanted_type);
}

std::string Flow::payload(std::uint32_t partition, std::uint64_t event) const {
  const std::string name = event_name(index, partition, event);
  const bool json = maps && nature(partition, event) != Nature::unmappable;
  return json ? R"({"name":")" + name + "\"}" : name;
}

std::string_view name_in(std::string_view payload) {
  const auto quote = payload.rfind('"', payload.find('/'));
  if (quote == std::string_view::npos) return payload;
  payload.remove_prefix(quote + 1);
  return payload.substr(0, payload.find('"'));
}

EventTime Flow::happened(std::uint32_t partition, std::uint64_t event) const {
  // An hour begins 45 seconds later.
  constexpr std::uint64_t begin = 1'500'001'155'000'000, second = 1'000'000;
  const std::uint64_t late = draw_of(seed, partition, event, 4) % 16;
  return EventTime(begin + (20 + event - (late < 8 ? 0 : late)) * second);
}

std::string event_name(std::uint32_t flow, std::uint32_t partition, std::uint64_t index) {
  return std::to_string(flow) + "/p" + std::to_string(partition) + "-" + std::to_string(index);
}

std::uint32_t event_partition(std::string_view name) {
  return static_cast<std::uint32_t>(std::stoul(std::string(name.substr(name.find('p') + 1))));
}

std::uint64_t event_index(std::string_view name) {
  return std::stoull(std::string(name.substr(name.find('-') + 1)));
}

}  // namespace tidemill::sim
