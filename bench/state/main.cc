// bench_state [--rounds N] [--events N]: what the store costs beyond RocksDB.
//
// Claims: counting 500 byte JSON events by one of 20 000 keys, counts and progress in one write,
// goes at 0.85 of the speed of a bare loop that parses, folds and writes the same; putting new rows
// too; and folding counters in memory is five times as fast as handing RocksDB a merge an event
// where 1 000 keys share a group of 50 000 events, twice as fast where 20 000 do, with two or three
// each.
//
// The arms take turns in one process. What counts is CPU time over all threads, RocksDB's own
// included. Both arms of a round must leave the same rows.
#include <fmt/format.h>

#include <string>
#include <string_view>
#include <vector>

#include "bench/measure/child_process.h"
#include "bench/measure/table.h"
#include "bench/state/arms.h"
#include "bench/state/load.h"
#include "tidemill/testing/temp_folder.h"

namespace tidemill::bench {
namespace {

constexpr double speed_goal = 0.85;
constexpr double fold_goal = 5;

struct Rounds {
  std::vector<double> ratios;  // Speed of the store to that of the bare loop.
  std::vector<double> store_ns;
  std::vector<double> bare_ns;

  double per_core() const { return 1e9 / median(store_ns); }
};

template <class Store, class BareLoop>
Rounds take_turns(const std::string& name, std::size_t count, int rounds, Store&& store,
                  BareLoop&& bare) {
  Rounds taken;
  for (int round = 0; round < rounds; ++round) {
    const testing::TempFolder scratch;
    const bool store_first = round % 2 == 0;
    Cost with_store;
    if (store_first) with_store = store(scratch / "store");
    const Cost without = bare(scratch / "bare");
    if (!store_first) with_store = store(scratch / "store");
    require(rows_of(scratch / "store") == rows_of(scratch / "bare"),
            "the store holds other rows than the bare loop: " + name);
    const double ns = 1e9 / static_cast<double>(count);
    taken.ratios.push_back(without.cpu_s / with_store.cpu_s);
    taken.store_ns.push_back(with_store.cpu_s * ns);
    taken.bare_ns.push_back(without.cpu_s * ns);
  }
  fmt::print("{:<44} {:>24} {:>24} {:>22}\n", name, spread(taken.store_ns, 0),
             spread(taken.bare_ns, 0), spread(taken.ratios, 2));
  return taken;
}

bool claim_speed(const std::string& what, const Rounds& rounds, double goal) {
  return print_claim(
      what, fmt::format("≥ {}", goal),
      fmt::format("{}; {:.0f} per second and core", spread(rounds.ratios, 2), rounds.per_core()),
      median(rounds.ratios) >= goal);
}

bool measure(std::size_t count, int rounds) {
  fmt::print("{:<44} {:>24} {:>24} {:>22}\n", "", "store, CPU ns each", "bare, CPU ns each",
             "bare / store");
  const Events events(count, 20'000);
  const auto counters = [&](const std::string& name, const Work& work) {
    return take_turns(
        name, count, rounds,
        [&](const std::string& folder) { return count_with_store(folder, events, work); },
        [&](const std::string& folder) { return count_bare(folder, events, work); });
  };
  const Rounds large = counters("counters, groups of 50 000", {50'000, Durability::periodic});
  const Rounds synced = counters("counters, 10 000 and a sync", {10'000, Durability::sync});

  const Events few(count, 1'000);
  const auto folding = [&](const std::string& name, const Events& of, const Work& work) {
    return take_turns(
        name, count, rounds,
        [&](const std::string& folder) { return merge_with_store(folder, of, work); },
        [&](const std::string& folder) { return merge_bare(folder, of, work); });
  };
  const Rounds folded =
      folding("folding, 1 000 keys, groups of 50 000", few, {50'000, Durability::periodic});
  const Rounds spread_out =
      folding("folding, 20 000 keys, groups of 50 000", events, {50'000, Durability::periodic});

  const auto puts = [&](const std::string& name, const Work& work) {
    return take_turns(
        name, count, rounds,
        [&](const std::string& folder) { return put_with_store(folder, count, work); },
        [&](const std::string& folder) { return put_bare(folder, count, work); });
  };
  const Rounds upserts = puts("new rows, groups of 1 000", {1'000, Durability::periodic});

  fmt::print("\n");
  bool holds = claim_speed("counters of JSON events, 20 000 keys, groups of 50 000 / bare loop",
                           large, speed_goal);
  holds = claim_speed("counters of JSON events, an fsync every 10 000 / bare loop", synced,
                      speed_goal) &&
          holds;
  holds = claim_speed("folded counters / a merge an event, 1 000 keys, groups of 50 000", folded,
                      fold_goal) &&
          holds;
  holds = claim_speed("folded counters / a merge an event, 20 000 keys, groups of 50 000",
                      spread_out, fold_goal) &&
          holds;
  return claim_speed("upserts / bare WriteBatches, new rows, groups of 1 000", upserts,
                     speed_goal) &&
         holds;
}

}  // namespace
}  // namespace tidemill::bench

int main(int argc, char** argv) {
  std::size_t events = 500'000;
  for (int i = 1; i + 1 < argc; ++i)
    if (std::string_view(argv[i]) == "--events") events = std::stoul(argv[i + 1]);
  const int rounds = tidemill::bench::rounds_option(argc, argv, 5);
  tidemill::bench::print_machine(rounds);
  return tidemill::bench::measure(events, rounds) ? 0 : 1;
}
