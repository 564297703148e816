// ModelStore: what a store is, said as simply as possible. A log of commits and what they add up
// to; a power cut keeps a random prefix of the log, at or above the last sync.
//
// A write can be made to fail: then it may or may not have happened, and nothing else works until
// the store was opened again.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "core/state/aggregate.h"
#include "core/state/store.h"
#include "core/state/testing/model_streams.h"

namespace tidemill::sim {

/// One row change that owns its bytes.
struct OwnedRow {
  RowChange change;  ///< Its views are not used.
  std::string key;   ///< Of a row of a window: its name.
  std::string data;
  std::optional<state::Aggregate> aggregate{};
};

struct OwnedPart {
  CommitPart part;  ///< Without rows and records.
  std::vector<OwnedRow> rows;
  std::vector<testing::OwnedAppend> records;
};

struct ModelRow {
  std::string body;  ///< As text.
  EventTime time;
  WallTime expires;  ///< Absent from then on; 0: never.

  bool expired(WallTime now) const { return expires.value != 0 && expires <= now; }
};

/// Everything that a data folder holds.
struct Contents {
  struct PerPipeline {
    std::map<Partition, LogProgress> logs;
    std::map<std::string, std::string> objects;
    std::map<DedupeId, WallTime> marks;
    std::map<DedupeId, std::string> replies;  ///< To those of them that got one.
    std::map<std::uint64_t, DeadLetter> dead;
    std::optional<Intent> intent;
    std::map<std::uint64_t, Duration> waiting;  ///< For their replay: numbers of letters, and gaps.
  };

  void apply(const OwnedPart& part, WallTime now);

  std::map<std::uint32_t, std::map<std::string, ModelRow>> tables;
  std::map<std::pair<TableId, std::string>, state::Aggregate> aggregates;  ///< Of these.
  std::map<PipelineId, PerPipeline> pipelines;
  std::map<OutboxId, std::map<std::uint64_t, QueuedEffect>> outboxes;
  std::map<OutboxId, std::uint64_t> last_numbers;
  std::uint64_t last_letter = 0;
  testing::ModelStreams streams;
  std::vector<std::string> order;  ///< Keys of "event:", "relayed:" in the order of their commits.
  std::uint64_t groups = 0;        ///< Writes since the beginning.
};

class ModelStore final : public Store {
 public:
  using Group = std::pair<std::vector<OwnedPart>, WallTime>;

  Result<PipelineId> pipeline(std::string_view name, std::string_view) override;
  Result<TableId> table(std::string_view name) override;
  Result<std::unique_ptr<Progress>> progress(PipelineId, std::string_view) override;
  Result<std::vector<LogProgress>> log_progress(PipelineId) override;
  Result<std::optional<Intent>> intent(PipelineId) override;
  Result<std::vector<bool>> settled_before(PipelineId, std::span<const DedupeId>,
                                           WallTime since) override;
  Result<std::vector<std::string>> replies_to(PipelineId, std::span<const DedupeId>,
                                              WallTime since) override;
  Result<OutboxId> outbox(PipelineId, std::string_view sink) override;
  Result<std::vector<QueuedEffect>> queued(OutboxId, std::uint64_t after, std::size_t effects_max,
                                           std::uint64_t bytes_max) override;
  Result<std::vector<MarkedLetter>> replays(PipelineId, std::uint64_t after,
                                            std::size_t letters_max, std::uint64_t bytes_max,
                                            WallTime now) override;
  Result<StreamInfo> stream(StreamKind, std::string_view name, std::uint32_t partitions) override;
  Result<std::vector<Partition>> stream_partitions(StreamId) override;
  Result<StreamState> stream_state(StreamId, Partition) override;
  Result<StreamPage> read_stream(StreamId, Partition, std::uint64_t after, std::size_t records_max,
                                 std::uint64_t bytes_max) override;
  Result<> commit(std::span<const CommitPart* const> parts, WallTime now,
                  Durability durability) override;
  Result<> sync() override;
  Result<> reopen() override;

  /// All dead letters of a pipeline wait for their replay from now on, durably.
  void replay_all(PipelineId pipeline, Duration gap);

  /// The process ends; with `power`, so does the machine. `random` decides what stays.
  void crash(bool power, std::uint64_t random);
  /// As many groups are left. Precondition: from durable() to visible().
  void crash_to(std::uint64_t groups);

  /// Asked before every write, and every sync that is none: how does it go?
  enum class Write { good, fails_and_happened, fails_and_did_not };
  std::function<Write()> write_goes;
  /// Asked whenever an outbox is read: does that fail?
  std::function<bool()> read_fails;
  /// Told of every part that is about to be written.
  std::function<void(const CommitPart& part)> commits;
  /// Told of every row that becomes visible.
  std::function<void(const std::string& key)> committed;
  /// Asked at every reopen().
  std::function<bool()> reopens;

  const Contents& visible() const { return visible_; }
  bool is_broken() const { return broken_; }
  /// What no power cut can take back.
  const Contents& durable() const { return durable_; }

 private:
  Contents visible_;
  Contents durable_;
  void make_durable();

  std::vector<Group> unsynced_;  // Invariant: durable_ and then these is visible_.
  bool broken_ = false;
};

}  // namespace tidemill::sim
