// Outboxes: effects that wait in the store until their sink has taken them.
//
//   outbox_numbers family   outbox        -> integer, the number of the next effect
//   outbox family           outbox number -> queued effect
//
// Apart for the reason that streams.h gives.
//
// The next number is written together with the effects and never goes back: a number stands for
// one effect for ever, also when the outbox was emptied meanwhile.
//
// Thread safety: any thread, under a lock of Database::hold(); append() from one at a time.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <mutex>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "core/state/database.h"
#include "core/state/store.h"

namespace tidemill::state {

class Outboxes {
 public:
  /// `database` outlives this.
  explicit Outboxes(Database& database) : database_(database) {}

  /// Reads the next number of an outbox, once; before anything else. Errors: transient.
  Result<> open(OutboxId outbox);

  /// Gives each effect its number and adds it to a batch.
  void append(rocksdb::WriteBatch& batch, std::span<const QueuedEffect> effects);

  void remove(rocksdb::WriteBatch& batch,
              std::span<const std::pair<OutboxId, std::uint64_t>> delivered);

  /// As Store::queued().
  Result<std::vector<QueuedEffect>> read(OutboxId outbox, std::uint64_t after,
                                         std::size_t effects_max, std::uint64_t bytes_max) const;

 private:
  Database& database_;
  std::mutex mutex_;
  // Guarded by mutex_. Not read again when the database is opened again: what is known here is
  // never behind what is on disk.
  std::map<OutboxId, std::uint64_t> next_;
  std::string value_;  // Kept for its memory; append() only.
};

}  // namespace tidemill::state
