// Outside: the world that survives a crash of the engine - the upstream log, the receiver behind
// the sink, the disk under the store - and the oracle that watches it.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <set>
#include <span>
#include <string>
#include <vector>

#include "core/state/store.h"
#include "tests/sim/scenario.h"

namespace tidemill::sim {

/// FNV-1a over everything observable, in order: equal hashes mean equal runs.
class Trace {
 public:
  void note(std::string_view what) {
    for (const char c : what) hash_ = (hash_ ^ static_cast<unsigned char>(c)) * 0x100000001B3ull;
    hash_ = (hash_ ^ 0xFF) * 0x100000001B3ull;
  }
  std::uint64_t hash() const { return hash_; }

 private:
  std::uint64_t hash_ = 0xCBF29CE484222325ull;
};

/// What a store that never lies holds. A commit is atomic and durable the moment it returns.
class ModelStore final : public Store {
 public:
  explicit ModelStore(Trace& trace) : trace_(trace) {}

  Result<PipelineId> pipeline(std::string_view, std::string_view) override { return PipelineId(1); }
  Result<TableId> table(std::string_view) override { return TableId(1); }
  Result<std::unique_ptr<Progress>> progress(PipelineId, std::string_view) override;
  Result<std::vector<LogProgress>> log_progress(PipelineId) override;
  Result<std::vector<bool>> settled_before(PipelineId, std::span<const DedupeId> ids,
                                           WallTime) override {
    return std::vector<bool>(ids.size());
  }
  Result<OutboxId> outbox(PipelineId, std::string_view) override { return OutboxId(1); }
  Result<std::vector<QueuedEffect>> queued(OutboxId, std::uint64_t, std::size_t,
                                           std::uint64_t) override {
    return std::vector<QueuedEffect>{};
  }
  Result<> sync() override { return {}; }
  Result<> reopen() override { return {}; }
  Result<> commit(std::span<const CommitPart* const> parts, WallTime now,
                  Durability durability) override;

  const std::map<std::string, std::int64_t>& counters() const { return counters_; }
  const std::map<std::string, int>& dead() const { return dead_; }
  const std::map<Partition, LogProgress>& logs() const { return logs_; }
  std::uint64_t commits() const { return commits_; }
  /// Names of events in the order in which their rows became durable.
  const std::vector<std::string>& order() const { return order_; }

 private:
  Trace& trace_;
  std::map<std::string, std::int64_t> counters_;  // "event:NAME" and "key:KEY".
  std::map<std::string, int> dead_;
  std::map<Partition, LogProgress> logs_;
  std::map<std::string, std::string> objects_;
  std::vector<std::string> order_;
  std::uint64_t commits_ = 0;
};

/// The receiver behind the sink: at least once is what it is promised.
struct Receiver {
  std::map<std::string, int> received;
};

/// Checks the promises; the first broken one is the failure.
class Oracle {
 public:
  Oracle(const Scenario& scenario, const ModelStore& store, const Receiver& receiver)
      : scenario_(scenario), store_(store), receiver_(receiver) {}

  /// May be asked at any moment, for example right after a crash.
  void check_always();
  /// The pipeline says that it is done.
  void check_end(const PipelineStats& last_life);

  const std::string& failure() const { return failure_; }

 private:
  void expect(bool holds, const std::string& promise);
  std::int64_t counter(const std::string& name) const;
  void check_order();

  const Scenario& scenario_;
  const ModelStore& store_;
  const Receiver& receiver_;
  std::string failure_;
};

}  // namespace tidemill::sim
