// CommitBatch: turns what a commit group changes into one RocksDB write.
//
// Made for the hot path: buffers are kept from commit to commit, a row's key and body go straight
// from the caller's views into the batch, and merges of one row are folded in memory first (RocksDB
// pays for every merge operand again at each read and each compaction).
//
// Thread safety: none. One caller, the commit sequencer.
#pragma once

#include <cstdint>
#include <memory>

#include "core/state/change_feed.h"
#include "core/state/database.h"
#include "core/state/expired_numbers.h"
#include "core/state/marks.h"
#include "core/state/outboxes.h"
#include "core/state/replays.h"
#include "core/state/store.h"
#include "core/state/streams.h"
#include "core/state/windows.h"

namespace tidemill::state {

class CommitBatch {
 public:
  /// What it is given outlives the batch. The batch dies when the database is opened again.
  struct Parts {
    Database& database;
    Marks& marks;
    Outboxes& outboxes;
    Replays& replays;
    ExpiredNumbers& expired;
    Streams& streams;
    ChangeFeed& changes;
    Windows& windows;
  };
  explicit CommitBatch(Parts parts);
  ~CommitBatch();

  /// Starts afresh. Every row touched carries `row_version`, which grows from group to group; what
  /// is kept by time is kept from `now` on.
  void begin(std::uint64_t row_version, WallTime now);

  /// Adds a part; where parts disagree, the later one wins. `identity` is the hash of the source
  /// identity that the part's progress belongs to; dead letters are numbered from
  /// `dead_letter_next` on. Precondition: every table was made by Database::make_table, every
  /// outbox and stream opened.
  void add(const CommitPart& part, std::uint64_t identity, std::uint64_t& dead_letter_next);

  /// Errors: transient; then nobody knows whether the group was written.
  Result<> write(Durability durability);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace tidemill::state
