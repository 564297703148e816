// Streams: the records of embedded queues, embedded logs, changes of tables and archives' stages.
//
//   stream_states family   stream                    -> how many partitions it has; of an archive,
//                                                       the number with which a new one begins
//                          stream partition          -> its state: where it begins and ends, how
//                                                       much
//   streams family         stream partition number   -> a record
//
// Apart, because RocksDB moves files of records, which follow each other, down its levels as they
// are; with a state in each they would all overlap, and what waits would be written again with
// every few of them.
//
// The state of a partition is in memory, and is written with every commit that changes it. What
// lies below its `first` is gone, whether or not it was removed from the disk yet: that happens
// with a range delete now and then, so that taking from a queue in order leaves one tombstone for
// a thousand records. A record that leaves its queue ahead of others is deleted by itself. A
// partition of an archive goes with its last record.
//
// Thread safety: any thread, under a lock of Database::hold(); append(), remove(), trim() and
// finish() from the thread that commits.
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
#include "core/state/stream_record.h"

namespace tidemill::state {

class Streams {
 public:
  /// `database` outlives this.
  explicit Streams(Database& database) : database_(database) {}

  /// Reads a stream's states, once; before anything else. It then has `partitions` at least.
  /// Answers how many it has. Errors: transient.
  Result<std::uint32_t> open(StreamId stream, std::uint32_t partitions);

  /// As open(), of an archive: its partitions come and go with what is put. Errors: transient.
  Result<> open_archive(StreamId stream);

  /// After the database was opened again: reads everything anew, since nobody knows which of the
  /// last commits it holds. Errors: transient.
  Result<> reload();

  // Into a commit, in this order for each part; finish() once at its end.
  void trim(rocksdb::WriteBatch& batch, std::span<const StreamTrim> trims);
  void remove(rocksdb::WriteBatch& batch, std::span<const StreamRemoval> removals);
  void append(rocksdb::WriteBatch& batch, std::span<const StreamAppend> records, WallTime now);
  void finish(rocksdb::WriteBatch& batch);

  /// As Store::stream_partitions(), Store::stream_state() and Store::read_stream().
  std::vector<Partition> partitions(StreamId archive) const;
  Result<StreamState> state(StreamId stream, Partition partition) const;
  Result<StreamPage> read(StreamId stream, Partition partition, std::uint64_t after,
                          std::size_t records_max, std::uint64_t bytes_max) const;

  /// Whole files of records that are gone leave the disk at once. Errors: transient.
  Result<> drop_files();

 private:
  struct Lane {
    StoredStream stored;
    std::uint64_t swept = 0;       // Lower numbers were removed from the disk.
    std::uint64_t dead_bytes = 0;  // Gone, and not swept.
    bool touched = false;          // In the present commit.
  };
  using Place = std::pair<StreamId, Partition>;

  Lane& lane(StreamId stream, Partition partition);
  Lane& lane_to_append(StreamId stream, Partition partition);
  void touch(const Place& place, Lane& lane);
  void sweep(rocksdb::WriteBatch& batch, const Place& place, Lane& lane);
  void drop(rocksdb::WriteBatch& batch, const Place& place, const Lane& lane);
  Result<> load(StreamId stream, std::uint32_t from, std::uint32_t to);
  Result<> load_archive(StreamId stream);

  Database& database_;
  mutable std::mutex mutex_;
  // Guarded by mutex_.
  std::map<StreamId, std::uint32_t> partitions_;
  std::map<StreamId, std::uint64_t> archives_;  // With which number a new partition begins.
  std::map<Place, Lane> lanes_;
  std::vector<Place> touched_;  // In the present commit; some may be gone since.
  std::string value_;           // Kept for its memory; append() only.
};

}  // namespace tidemill::state
