// sim: the engine under a seed.
//
//     sim --seed N --seeds K     K seeds from N on; the last line is the trace hash of them all
//     sim ... --repeat           runs each seed twice and compares the traces
//     sim_mutants ... --mutants  breaks the engine on purpose; every fault must be caught
#include <cinttypes>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <utility>

#include "core/base/mutation.h"
#include "tests/sim/run.h"

namespace tidemill::sim {
namespace {

struct Options {
  std::uint64_t seed = 1;
  std::uint64_t seeds = 1;
  bool repeat = false;
  bool mutants = false;
};

bool report(std::uint64_t seed, const std::string& failure) {
  std::fprintf(stderr, "FAILED: %s\n  reproduce: sim --seed %" PRIu64 " --seeds 1\n",
               failure.c_str(), seed);
  return false;
}

bool run_seeds(const Options& options) {
  std::uint64_t hash = 0, events = 0, crashes = 0;
  for (std::uint64_t seed = options.seed; seed < options.seed + options.seeds; ++seed) {
    const Outcome outcome = run(seed);
    if (!outcome.failure.empty()) return report(seed, outcome.failure);
    if (options.repeat && run(seed).hash != outcome.hash)
      return report(seed, "two runs of one seed gave different traces");
    hash = hash * 31 + outcome.hash;
    events += outcome.events;
    crashes += outcome.crashes;
  }
  std::printf("%" PRIu64 " seeds, %" PRIu64 " events, %" PRIu64 " crashes: every promise kept\n",
              options.seeds, events, crashes);
  std::printf("trace hash %016" PRIx64 "\n", hash);
  return true;
}

#ifdef TIDEMILL_MUTATIONS
bool catch_mutants(const Options& options) {
  constexpr std::pair<Mutation, const char*> mutants[] = {
      {Mutation::commit_before_sinks, "commit before sinks"},
      {Mutation::forget_settled_ranges, "forget settled ranges"},
      {Mutation::skip_failed_event, "skip a failed event"},
  };
  bool all = true;
  for (const auto& [mutation, name] : mutants) {
    active_mutation = mutation;
    std::uint64_t tried = 0;
    std::string failure;
    while (tried < options.seeds && failure.empty()) failure = run(options.seed + tried++).failure;
    if (failure.empty()) {
      std::printf("%-24s NOT CAUGHT in %" PRIu64 " seeds\n", name, tried);
      all = false;
    } else {
      std::printf("%-24s caught after %" PRIu64 " seeds: %s\n", name, tried, failure.c_str());
    }
  }
  active_mutation = Mutation::none;
  return all;
}
#endif

int main(int argc, char** argv) {
  Options options;
  for (int i = 1; i < argc; ++i) {
    const bool more = i + 1 < argc;
    if (std::strcmp(argv[i], "--seed") == 0 && more) {
      options.seed = std::strtoull(argv[++i], nullptr, 10);
    } else if (std::strcmp(argv[i], "--seeds") == 0 && more) {
      options.seeds = std::strtoull(argv[++i], nullptr, 10);
    } else if (std::strcmp(argv[i], "--repeat") == 0) {
      options.repeat = true;
#ifdef TIDEMILL_MUTATIONS
    } else if (std::strcmp(argv[i], "--mutants") == 0) {
      options.mutants = true;
#endif
    } else {
      std::fprintf(stderr, "usage: %s [--seed N] [--seeds K] [--repeat]\n", argv[0]);
      return 2;
    }
  }
#ifdef TIDEMILL_MUTATIONS
  if (options.mutants) return catch_mutants(options) ? 0 : 1;
#endif
  return run_seeds(options) ? 0 : 1;
}

}  // namespace
}  // namespace tidemill::sim

int main(int argc, char** argv) { return tidemill::sim::main(argc, argv); }
