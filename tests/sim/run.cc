#include "tests/sim/run.h"

#include <algorithm>
#include <random>
#include <utility>

#include "tests/sim/life.h"
#include "tests/sim/oracle.h"

namespace tidemill::sim {
namespace {

// A run that takes longer is stuck: the longest seeds need a small part of it.
constexpr std::uint64_t steps_max = 2'000'000;
// Nothing in a scenario takes as long, but waiting for a window that will never fill.
constexpr Duration lived_max = std::chrono::minutes(50);

constexpr std::uint32_t rocksdb_ends_max = 6;

// How one life ends, if it does not reach the end of all events.
struct End {
  End(const Scenario& scenario, std::mt19937_64& random)
      : step(1 + random() % (scenario.events() * 14)),
        drain(random() % 1000 < scenario.drains),
        power(random() % 1000 < scenario.power_cuts),
        keeps(random()),
        replays_at(random() % 1000 < scenario.replays ? 1 + random() % (scenario.events() * 14)
                                                      : 0),
        replays_again(replays_at + 1 + random() % 50) {}
  std::uint64_t step;
  bool drain;
  bool power;
  std::uint64_t keeps;
  // The steps at which all dead letters are replayed, the first ones perhaps still under way when
  // somebody asks for it again; 0: nobody does.
  std::uint64_t replays_at;
  std::uint64_t replays_again;

  bool replays(std::uint64_t now) const {
    return replays_at != 0 && (now == replays_at || now == replays_again);
  }
};

}  // namespace

Outcome run(std::uint64_t seed, World::On on) {
  Scenario scenario = Scenario::draw(seed);
  // A store is not opened hundreds of times in one seed.
  if (on != World::On::model) scenario.ends = std::min(scenario.ends, rocksdb_ends_max);
  std::mt19937_64 random(seed);
  World world(scenario, on);
  world.store.committed = [&](const std::string& row) { world.trace.note(row); };
  Oracle oracle(world);
  Outcome outcome{.events = scenario.events()};

  bool done = false;
  while (!done && world.failure().empty()) {
    const End end(scenario, random);
    const bool may_end = outcome.lives++ < scenario.ends;
    const std::uint64_t groups = world.store.visible().groups;
    {
      Life life(world, random());
      const auto due = [&] {
        if (!may_end) return false;
        return scenario.crash_at_every_commit ? world.store.visible().groups > groups
                                              : life.steps() >= end.step;
      };
      const auto go_on = [&] {
        if (may_end && end.replays(life.steps())) {
          world.replay_all();
          life.replay();
        }
        return !life.ended() && world.failure().empty() && life.steps() < steps_max && life.step();
      };
      while (!due() && go_on()) {
      }
      const bool crashes = due() && !life.ended();
      if (crashes && end.drain) {
        life.drain();
        while (go_on()) {
        }
      }
      done = !crashes;
      world.expect(life.ended() || (crashes && !end.drain), "the engine is stuck");
      world.expect(life.lived() < lived_max, "the engine waited for what cannot come");
      // Marked when its pipeline had ended: the next life plays it.
      if (done && world.replays_wait()) done = false;
      if (done) oracle.check_end(life.stats());
      if (done && scenario.repaired && !std::exchange(world.repaired, true)) {
        world.replay_all();
        done = false;
        outcome.lives = 0;  // The lives to come have their own ends.
      }
      world.trace.note(done ? "done" : end.drain ? "drained" : "crash");
    }
    world.crash(!done && !end.drain && end.power, end.keeps);
    if (!done) oracle.check_always();
  }
  outcome.failure = world.failure();
  outcome.hash = world.trace.hash();
  return outcome;
}

}  // namespace tidemill::sim
