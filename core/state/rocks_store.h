// RocksStore: the Store on disk, in one RocksDB under the data folder.
//
// One process opens a data folder at a time. commit(), sync() and reopen() are called by one thread
// at a time; everything else may be called from any thread, beside them too, but not from inside a
// visitor. Closing is the destructor; it loses nothing, nor does a crash: what was synced is on
// disk, and of what was not a power cut keeps a beginning.
//
// After a failed write all members but reopen() answer its error; those that cannot fail answer
// from memory. reopen() raises the epoch, as every open does.
//
// Layout, formats and what they promise: docs/internals/store-format.md.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/state/database.h"
#include "core/state/store.h"

namespace tidemill {

/// A row as people and functions see it.
struct Row {
  std::string body;                   ///< What was put; a merged number as JSON.
  EventTime time;                     ///< 0: unknown.
  std::uint64_t version = 0;          ///< Changes with every commit that touches the row.
  bool merge_refused = false;         ///< A merge met a body that is no integer and was dropped.
  std::optional<EventTime> window{};  ///< Start of the window that it belongs to.
};

/// Progress that somebody's reset removed.
struct RemovedProgress {
  std::uint64_t partitions = 0;
  std::uint64_t objects = 0;
};

class RocksStore final : public Store {
 public:
  struct Options {
    /// A fresh uuid: taken by a new folder, ignored by one that has its own.
    std::string engine_id;
    WallTime now;  ///< What has expired by then is removed at open.
    state::IfMissing missing = state::IfMissing::create;
    state::Limits limits;
    rocksdb::Env* env = nullptr;  ///< Stands between the store and the disk; null: nothing does.
  };

  /// Opens the store in `folder`/state.
  /// Errors: bad_config (no store there, in use by another engine, a newer format), transient.
  static Result<std::unique_ptr<RocksStore>> open(const std::filesystem::path& folder,
                                                  Options options);
  ~RocksStore() override;

  /// The release of RocksDB that this binary runs with.
  static std::string library_version();

  const std::string& engine_id() const;
  std::uint64_t epoch() const;

  /// How long the marks of a pipeline's settled events are kept (Store::settled_before); a day
  /// where nothing was said. Remembered. Errors: transient.
  Result<> keep_marks(PipelineId pipeline, Duration horizon);

  /// From the next commit on, every change of a table's rows is put into the stream
  /// (StreamKind::changes) of the table's name as well; see state/change_feed.h. Errors: transient.
  Result<StreamInfo> feed_changes(std::string_view table);

  // Store.
  Result<PipelineId> pipeline(std::string_view name, std::string_view renamed_from) override;
  Result<TableId> table(std::string_view name) override;
  Result<std::unique_ptr<Progress>> progress(PipelineId pipeline,
                                             std::string_view source_identity) override;
  Result<std::vector<LogProgress>> log_progress(PipelineId pipeline) override;
  Result<std::optional<Intent>> intent(PipelineId pipeline) override;
  Result<std::vector<bool>> settled_before(PipelineId pipeline, std::span<const DedupeId> ids,
                                           WallTime since) override;
  Result<std::vector<std::string>> replies_to(PipelineId pipeline, std::span<const DedupeId> ids,
                                              WallTime since) override;
  Result<OutboxId> outbox(PipelineId pipeline, std::string_view sink) override;
  Result<std::vector<QueuedEffect>> queued(OutboxId outbox, std::uint64_t after,
                                           std::size_t effects_max,
                                           std::uint64_t bytes_max) override;
  Result<std::vector<MarkedLetter>> replays(PipelineId pipeline, std::uint64_t after,
                                            std::size_t letters_max, std::uint64_t bytes_max,
                                            WallTime now) override;
  Result<StreamInfo> stream(StreamKind kind, std::string_view name,
                            std::uint32_t partitions) override;
  Result<std::vector<Partition>> stream_partitions(StreamId stream) override;
  Result<StreamState> stream_state(StreamId stream, Partition partition) override;
  Result<StreamPage> read_stream(StreamId stream, Partition partition, std::uint64_t after,
                                 std::size_t records_max, std::uint64_t bytes_max) override;
  Result<> commit(std::span<const CommitPart* const> parts, WallTime now,
                  Durability durability) override;
  bool failed() const override;
  Result<> sync() override;
  Result<> reopen() override;

  // What the store holds, by name. A visitor answers false to end early. Rows and dead letters that
  // have expired at `now` are not seen.
  std::vector<std::pair<std::string, TableId>> tables() const;
  std::vector<std::pair<std::string, PipelineId>> pipelines() const;
  std::vector<std::pair<std::string, StreamId>> streams(StreamKind kind) const;
  std::optional<TableId> find_table(std::string_view name) const;
  std::optional<PipelineId> find_pipeline(std::string_view name) const;

  /// Precondition: the table exists. Errors: transient (a damaged row too).
  Result<std::optional<Row>> row(TableId table, std::string_view key, WallTime now) const;

  /// The same of a row by its name (state::row_name): a row of a window too.
  Result<std::optional<Row>> row_named(TableId table, std::string_view name, WallTime now) const;

  using RowVisit = std::function<bool(std::string_view key, const Row& row)>;
  /// Rows whose key begins with `prefix` and that come behind the one named `after`, if that is not
  /// empty, in byte order of keys, those of one key in order of their windows. Errors as row().
  Result<> each_row(TableId table, std::string_view prefix, std::string_view after, WallTime now,
                    const RowVisit& visit) const;
  Result<> each_row(TableId table, std::string_view prefix, WallTime now,
                    const RowVisit& visit) const {
    return each_row(table, prefix, {}, now, visit);
  }

  /// The identity that the pipeline's progress belongs to now; empty if it never had a source.
  std::string source_identity(PipelineId pipeline) const;

  using ObjectVisit = std::function<bool(std::string_view key, std::string_view version)>;
  Result<> each_object(PipelineId pipeline, const ObjectVisit& visit) const;

  /// Forgets the progress of a pipeline under every identity it had. The pipeline must not run.
  Result<RemovedProgress> reset_progress(PipelineId pipeline);

  using DeadLetterVisit =
      std::function<bool(PipelineId pipeline, std::uint64_t number, const DeadLetter& letter)>;
  /// Of one pipeline or of all, oldest first within a pipeline.
  Result<> each_dead_letter(std::optional<PipelineId> pipeline, WallTime now,
                            const DeadLetterVisit& visit) const;

  /// From now on these dead letters wait for their replay, each followed by the next no sooner than
  /// `gap` later; or they do not; or they are none. Durable on return. What their pipeline is
  /// replaying in this moment may still end, and put its letter back. Errors: transient.
  Result<> mark_replays(std::span<const DeadLetterId> letters, Duration gap);
  Result<> unmark_replays(std::span<const DeadLetterId> letters);
  Result<> drop_dead_letters(std::span<const DeadLetterId> letters);

  using ReplayVisit = std::function<bool(DeadLetterId letter)>;
  /// Those of one pipeline or of all that wait for their replay, in order.
  Result<> each_replay(std::optional<PipelineId> pipeline, const ReplayVisit& visit) const;

  /// Removes dead letters and marks that have expired; looks no further than the first of each
  /// pipeline that has not, and was never replayed. Looks through a stretch of tables whose rows
  /// expire; the next commits remove what it finds. Called at open; a long-running engine calls it
  /// now and then.
  Result<> drop_expired(WallTime now);

  /// Writes what only the log holds to sorted files, for instance before the folder is copied.
  Result<> flush();

 private:
  struct Impl;
  explicit RocksStore(std::unique_ptr<Impl> impl);

  std::unique_ptr<Impl> impl_;
};

}  // namespace tidemill
