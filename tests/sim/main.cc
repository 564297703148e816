// sim: the engine under a seed.
//
//     sim --seed N --seeds K     K seeds from N on; the last line is the trace hash of them all
//     sim ... --rocksdb          on RocksDB, over a disk that loses what was not synced
//     sim ... --unsynced         the same on a disk that ignores syncs: this must fail
//     sim ... --repeat           runs each seed twice and compares the traces
//     sim ... --trace            tells on stderr what happens
//     sim ... --abort            dies at the first seed, to show what it says then
//     sim_mutants ... --mutants  breaks the engine on purpose; every fault must be caught
#include <cinttypes>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>
#include <utility>

#include "core/base/mutation.h"
#include "tests/sim/at_abort.h"
#include "tests/sim/run.h"
#include "tests/sim/trace.h"

namespace tidemill::sim {
namespace {

struct Options {
  std::uint64_t seed = 1;
  std::uint64_t seeds = 1;
  World::On on = World::On::model;
  bool repeat = false;
  bool mutants = false;
  bool abort = false;
};

std::string reproduce_line(const Options& options, std::uint64_t seed) {
  std::string line = "  reproduce: sim --seed " + std::to_string(seed) + " --seeds 1";
  if (options.on == World::On::rocksdb) line += " --rocksdb";
  if (options.on == World::On::rocksdb_unsynced) line += " --unsynced";
  if (options.repeat) line += " --repeat";
  return line + "\n";
}

bool report(const Options& options, std::uint64_t seed, const std::string& failure) {
  std::fprintf(stderr, "FAILED: %s\n%s", failure.c_str(), reproduce_line(options, seed).c_str());
  return false;
}

bool run_seeds(const Options& options) {
  std::uint64_t hash = 0, events = 0, lives = 0;
  for (std::uint64_t seed = options.seed; seed < options.seed + options.seeds; ++seed) {
    say_at_abort("DIED\n" + reproduce_line(options, seed));
    if (options.abort) std::abort();
    const Outcome outcome = run(seed, options.on);
    if (!outcome.failure.empty()) return report(options, seed, outcome.failure);
    if (options.repeat && run(seed, options.on).hash != outcome.hash)
      return report(options, seed, "two runs of one seed gave different traces");
    hash = hash * 31 + outcome.hash;
    events += outcome.events;
    lives += outcome.lives;
  }
  std::printf("%" PRIu64 " seeds, %" PRIu64 " events, %" PRIu64 " lives: every promise kept\n",
              options.seeds, events, lives);
  std::printf("trace hash %016" PRIx64 "\n", hash);
  return true;
}

#ifdef TIDEMILL_MUTATIONS
bool catch_mutants(const Options& options) {
  constexpr std::pair<Mutation, const char*> mutants[] = {
      {Mutation::commit_before_sinks, "commit before sinks"},
      {Mutation::ack_before_commit, "ack before commit"},
      {Mutation::ack_before_sync, "ack before sync"},
      {Mutation::forget_failed_ack, "forget failed ack"},
      {Mutation::ignore_sink_refusal, "ignore sink refusal"},
      {Mutation::keep_rows_of_the_dead, "keep rows of the dead"},
      {Mutation::send_the_unsettled, "send the unsettled"},
      {Mutation::write_all_again, "write all again"},
      {Mutation::write_alone_again, "write alone again"},
      {Mutation::forget_settled_ranges, "forget settled ranges"},
      {Mutation::skip_failed_event, "skip failed event"},
      {Mutation::dead_without_progress, "dead without progress"},
      {Mutation::one_attempt_more, "one attempt more"},
      {Mutation::one_attempt_less, "one attempt less"},
      {Mutation::bisect_off_by_one, "bisect off by one"},
      {Mutation::right_half_first, "right half first"},
      {Mutation::settle_behind_a_failure, "settle behind a failure"},
      {Mutation::settle_behind_a_key, "settle behind a key"},
      {Mutation::overtake_a_key, "overtake a key"},
      {Mutation::retry_behind_the_rest, "retry behind the rest"},
      {Mutation::slice_by_offset, "slice by offset"},
      {Mutation::forget_max_age, "forget max age"},
      {Mutation::batch_one_too_many, "batch one too many"},
      {Mutation::keep_open_window, "keep open window"},
      {Mutation::forget_credit, "forget credit"},
      {Mutation::endless_credit, "endless credit"},
      {Mutation::lose_dedupe_mark, "lose dedupe mark"},
      {Mutation::ignore_ids_in_flight, "ignore ids in flight"},
      {Mutation::duplicate_not_settled, "duplicate not settled"},
      {Mutation::lose_reply, "lose reply"},
      {Mutation::tell_the_first, "tell the first"},
      {Mutation::lose_last_part, "lose last part"},
      {Mutation::visible_before_write, "visible before write"},
      {Mutation::go_on_after_failure, "go on after failure"},
      {Mutation::sync_when_idle, "sync when idle"},
      {Mutation::ignore_stale_reads, "ignore stale reads"},
      {Mutation::trust_the_unwatched, "trust the unwatched"},
      {Mutation::deliver_after_removal, "deliver after removal"},
      {Mutation::lose_queued_effect, "lose queued effect"},
      {Mutation::queue_effect_twice, "queue effect twice"},
      {Mutation::deliver_backwards, "deliver backwards"},
      {Mutation::replay_twice, "replay twice"},
      {Mutation::keep_replayed_letter, "keep replayed letter"},
      {Mutation::bury_replay_anew, "bury replay anew"},
      {Mutation::forget_failed_replay, "forget failed replay"},
      {Mutation::lose_record, "lose record"},
      {Mutation::keep_taken_entry, "keep taken entry"},
      {Mutation::forget_groups, "forget groups"},
      {Mutation::wake_before_written, "wake before written"},
      {Mutation::commit_without_intent, "commit without intent"},
      {Mutation::apply_before_transaction, "apply before transaction"},
      {Mutation::drop_intent_that_happened, "drop intent that happened"},
      {Mutation::unsynced_note, "unsynced note"},
      {Mutation::keep_archived, "keep archived"},
      {Mutation::rename_object, "rename object"},
      {Mutation::skip_too_far, "skip too far"},
      {Mutation::never_settle_filtered, "never settle filtered"},
      {Mutation::forget_mark_of_filtered, "forget mark of filtered"},
      {Mutation::invoke_filtered, "invoke filtered"},
      {Mutation::ignore_when, "ignore when"},
      {Mutation::bury_the_mapped, "bury the mapped"},
      {Mutation::trim_too_far, "trim too far"},
      {Mutation::count_the_late, "count the late"},
      {Mutation::forget_watermark, "forget watermark"},
      {Mutation::judge_by_what_settled, "judge by what settled"},
      {Mutation::close_too_early, "close too early"},
  };
  bool all = true;
  for (const auto& [mutation, name] : mutants) {
    active_mutation = mutation;
    std::uint64_t tried = 0;
    std::string failure;
    while (tried < options.seeds && failure.empty()) {
      const std::uint64_t seed = options.seed + tried++;
      say_at_abort("DIED at seed " + std::to_string(seed) + " with: " + name + "\n");
      failure = run(seed, World::On::model).failure;
    }
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
    } else if (std::strcmp(argv[i], "--rocksdb") == 0) {
      options.on = World::On::rocksdb;
    } else if (std::strcmp(argv[i], "--unsynced") == 0) {
      options.on = World::On::rocksdb_unsynced;
    } else if (std::strcmp(argv[i], "--trace") == 0) {
      Trace::aloud = true;
    } else if (std::strcmp(argv[i], "--repeat") == 0) {
      options.repeat = true;
    } else if (std::strcmp(argv[i], "--abort") == 0) {
      options.abort = true;
#ifdef TIDEMILL_MUTATIONS
    } else if (std::strcmp(argv[i], "--mutants") == 0) {
      options.mutants = true;
#endif
    } else {
      std::fprintf(stderr,
                   "usage: %s [--seed N] [--seeds K] [--rocksdb | --unsynced] [--repeat] [--trace] "
                   "[--abort]\n",
                   argv[0]);
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
