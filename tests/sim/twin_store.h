// TwinStore: the product's store on a disk that loses what was not synced, beside the model of it.
//
// Every call goes to both, and both must answer the same. After a power cut RocksDB says how many
// commits it still has; the model is cut to as many, and from the first row to the last mark the
// two must hold the same again.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>

#include "core/state/rocks_store.h"
#include "tests/disk/unsynced_disk.h"
#include "tests/sim/model_store.h"
#include "tests/sim/scenario.h"

namespace tidemill::sim {

class TwinStore final : public Store {
 public:
  using Expect = std::function<void(bool holds, const std::string& promise)>;

  /// `model` outlives it. `expect` takes note of what does not agree.
  TwinStore(const Scenario& scenario, ModelStore& model, Syncs syncs, Expect expect);

  Result<PipelineId> pipeline(std::string_view name, std::string_view from) override;
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
  Result<StreamInfo> stream(StreamKind kind, std::string_view name,
                            std::uint32_t partitions) override;
  Result<std::vector<Partition>> stream_partitions(StreamId) override;
  Result<StreamState> stream_state(StreamId, Partition) override;
  Result<StreamPage> read_stream(StreamId, Partition, std::uint64_t after, std::size_t records_max,
                                 std::uint64_t bytes_max) override;
  Result<> commit(std::span<const CommitPart* const> parts, WallTime now,
                  Durability durability) override;
  Result<> sync() override;
  Result<> reopen() override;

  /// As ModelStore::replay_all(), which it does as well.
  void replay_all(PipelineId pipeline, Duration gap);

  /// As ModelStore::crash(), which it does as well.
  void crash(bool power, std::uint64_t random);

 private:
  void open();
  void open_relay(const Flow& flow);
  CommitPart translated(const CommitPart& part) const;
  TableId number_in_scenario(TableId of_rocks) const;
  std::uint64_t groups_of_rocks();
  void compare();
  void compare_rows(std::uint32_t table);
  void compare_rows(std::uint32_t table, WallTime now);
  void compare_pipeline(PipelineId pipeline);
  void compare_streams();

  const Scenario& scenario_;
  ModelStore& model_;
  Expect expect_;
  UnsyncedDisk disk_;
  std::unique_ptr<RocksStore> rocks_;
  // The product numbers its names itself: by the scenario's numbers.
  std::map<PipelineId, PipelineId> pipelines_;
  std::map<TableId, TableId> tables_;
  std::map<OutboxId, OutboxId> outboxes_;
  struct Asked {
    StreamKind kind;
    std::string name;
    StreamInfo of_rocks;
  };
  std::map<StreamId, Asked> streams_;
  std::map<PipelineId, std::set<DedupeId>> marked_;  // Whatever was, and may have been lost.
  TableId own_;                                      // Holds the number of commits.
};

}  // namespace tidemill::sim
