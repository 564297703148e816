// What `tidemill dlq` does, as functions over a store: the admin API of a live engine and the
// command line on a stopped one share them.
//
// Lines are handed on as by core/state/inspect.h. Nothing here holds more than one letter and the
// numbers of those it chose. Errors of all functions: transient, and bad_config for a name or a
// number that does not exist. Thread safety: as RocksStore.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "core/letters/letter_filter.h"
#include "core/state/inspect.h"
#include "core/state/rocks_store.h"

namespace tidemill::letters {

using inspect::Form;
using inspect::LineSink;

/// A letter that was replayed so often has failed each time: it is replayed again only by force.
constexpr std::uint32_t replays_max = 3;

/// One line per letter, oldest first within a pipeline.
Result<> list(const RocksStore& store, LetterFilter& filter, WallTime now, Form form,
              const LineSink& lines);

/// Everything about one letter, its event included.
Result<> show(const RocksStore& store, std::uint64_t number, WallTime now, Form form,
              const LineSink& lines);

/// One line per pipeline, place and code: how many, since when, and how many of them wait for
/// their replay.
Result<> stats(const RocksStore& store, LetterFilter& filter, WallTime now, Form form,
               const LineSink& lines);

/// Letters that something is about to be done with.
struct Choice {
  std::vector<DeadLetterId> letters;
  std::set<PipelineId> pipelines;
  std::map<std::string, std::uint64_t> skipped;  ///< Why others are left out: a sentence each.
};

struct ReplayOrder {
  Duration gap{0};     ///< Between one letter and the next.
  bool force = false;  ///< Also those that were replayed too often, or that no source could read.
  std::function<bool(PipelineId pipeline)> runs;  ///< Empty: all do.
};

/// Reads `rate` (as "100/s") and `force` from the words of a query or command line.
/// Errors: bad_config.
Result<ReplayOrder> read_order(const Words& words);

/// The letters that a replay would take, each told to `lines`, which may be empty.
Result<Choice> choose_for_replay(const RocksStore& store, LetterFilter& filter,
                                 const ReplayOrder& order, WallTime now, Form form,
                                 const LineSink& lines);

/// The same for a removal.
Result<Choice> choose(const RocksStore& store, LetterFilter& filter, WallTime now, Form form,
                      const LineSink& lines);

/// How many were chosen and why others were not: "3 dead letters wait for ..." and so on, with
/// `what` for what becomes of those chosen.
void report(const Choice& choice, std::string_view what, Form form, const LineSink& lines);

/// How far the replay of some letters has come.
struct ReplayProgress {
  std::uint64_t waiting = 0;
  std::uint64_t replayed = 0;  ///< Dead letters no more.
  std::uint64_t failed = 0;    ///< Dead letters again, or still.
};

/// How many of them wait, which is quick to say; with `whole`, also what became of the others.
Result<ReplayProgress> progress(const RocksStore& store, const Choice& choice, bool whole);

}  // namespace tidemill::letters
