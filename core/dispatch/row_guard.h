// RowGuard: whether what a function read is still true when its effects are to commit.
//
// A function that reads a row and answers with a changed one would lose the change that another
// batch committed in between. So each read says which commit it surely saw, and a commit whose
// reads have been overtaken is refused: its events are invoked again. Rows are told apart by a
// 64-bit hash; a collision costs one invocation too many, nothing else.
//
// Only tables that some function reads are watched, from the first such commit on; a read that is
// older than the watch cannot be judged and is refused. Changes are remembered as far back as the
// oldest invocation under way can have read, and no more than `rows_max`: beyond, reads from before
// what was forgotten are refused. Lives on one executor.
#pragma once

#include <algorithm>
#include <boost/unordered/unordered_flat_map.hpp>
#include <cstddef>
#include <cstdint>
#include <map>
#include <span>

#include "core/state/store.h"
#include "tidemill/invocation.h"

namespace tidemill {

class RowGuard {
 public:
  explicit RowGuard(std::size_t rows_max = 1u << 20)
      : rows_max_(rows_max), forget_at_(std::min<std::size_t>(4096, rows_max)) {}

  /// The key_hash of a RowRead.
  static std::uint64_t hash_of(std::string_view key);
  /// A row among those of all tables.
  static std::uint64_t row_of(TableId table, std::uint64_t key_hash);

  /// An invocation starts that may read; all up to `visible` can be seen by it. Give the same
  /// number to leave().
  void enter(std::uint64_t visible) { ++readers_[visible]; }
  void leave(std::uint64_t visible);

  /// Has a commit after the ones that `reads` saw changed one of their rows? `last` is the number
  /// of the last commit that was noted.
  bool stale(std::span<const RowRead> reads, std::uint64_t last);

  /// Commit number `commit` will make these changes; all up to `visible` are seen by whoever reads
  /// from now on.
  void note(std::span<const RowChange> rows, std::uint64_t commit, std::uint64_t visible);

  /// Rows whose last change is known.
  std::size_t remembered() const { return last_change_.size(); }

 private:
  void forget(std::uint64_t visible);
  void forget_up_to(std::uint64_t commit);

  const std::size_t rows_max_;

  // By table: the last commit submitted when the watch began. What it and those before it changed
  // was not noted, though it may become visible only later.
  boost::unordered_flat_map<std::uint32_t, std::uint64_t> watched_since_;
  boost::unordered_flat_map<std::uint64_t, std::uint64_t> last_change_;  // By row: its commit.
  std::map<std::uint64_t, std::uint32_t> readers_;  // By what they can see at least.
  std::uint64_t forgotten_ = 0;  // Changes up to this commit may be missing in last_change_.
  std::size_t forget_at_;        // Rows remembered before the next cleaning.
};

}  // namespace tidemill
