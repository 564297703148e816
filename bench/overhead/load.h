// What flows through the measured pipelines: small events that were made before, from memory, into
// a store that writes nothing.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "core/state/store.h"
#include "tidemill/source.h"

namespace tidemill::bench {

/// 100 bytes each, with the attributes that a topic's events have, all in one arena.
std::vector<Event> small_events();

/// A log of one partition that hands out copies of the same events, as many as the credit allows.
class ReadySource final : public Source {
 public:
  /// `events` outlives the source.
  ReadySource(const std::vector<Event>& events, std::uint64_t count)
      : events_(events), count_(count) {}

  SourceTraits traits() const override { return {}; }
  std::string identity() const override { return "ready"; }
  bool sees(std::string_view) const override { return false; }
  Task<Result<>> open(const Progress&) override { co_return Result<>{}; }
  Task<Result<PollEnd>> poll(Credit credit, std::vector<Event>& out) override {
    co_return hand_over(credit, out);
  }
  void interrupt() override {}
  Task<Result<>> settle(std::span<const Settled>) override { co_return Result<>{}; }
  Task<> close() override { co_return; }

  /// What poll() does.
  PollEnd hand_over(Credit credit, std::vector<Event>& out);

 private:
  const std::vector<Event>& events_;
  const std::uint64_t count_;
  std::uint64_t next_ = 0;
};

class IdleStore final : public Store {
 public:
  Result<PipelineId> pipeline(std::string_view, std::string_view) override { return PipelineId(1); }
  Result<TableId> table(std::string_view) override { return TableId(1); }
  Result<std::unique_ptr<Progress>> progress(PipelineId, std::string_view) override {
    return fail(Fault::bad_config, "an idle store remembers no progress");
  }
  Result<std::vector<LogProgress>> log_progress(PipelineId) override {
    return std::vector<LogProgress>{};
  }
  Result<std::optional<Intent>> intent(PipelineId) override { return std::optional<Intent>(); }
  Result<std::vector<bool>> settled_before(PipelineId, std::span<const DedupeId> ids,
                                           WallTime) override {
    return std::vector<bool>(ids.size());
  }
  Result<std::vector<std::string>> replies_to(PipelineId, std::span<const DedupeId> ids,
                                              WallTime) override {
    return std::vector<std::string>(ids.size());
  }
  Result<OutboxId> outbox(PipelineId, std::string_view) override { return OutboxId(1); }
  Result<std::vector<QueuedEffect>> queued(OutboxId, std::uint64_t, std::size_t,
                                           std::uint64_t) override {
    return std::vector<QueuedEffect>{};
  }
  Result<std::vector<MarkedLetter>> replays(PipelineId, std::uint64_t, std::size_t, std::uint64_t,
                                            WallTime) override {
    return std::vector<MarkedLetter>{};
  }
  Result<StreamInfo> stream(StreamKind, std::string_view, std::uint32_t partitions) override {
    return StreamInfo{.id = StreamId(1), .partitions = partitions};
  }
  Result<std::vector<Partition>> stream_partitions(StreamId) override {
    return std::vector<Partition>{};
  }
  Result<StreamState> stream_state(StreamId, Partition) override { return StreamState{}; }
  Result<StreamPage> read_stream(StreamId, Partition, std::uint64_t, std::size_t,
                                 std::uint64_t) override {
    return StreamPage{};
  }
  Result<> commit(std::span<const CommitPart* const>, WallTime, Durability) override { return {}; }
  Result<> sync() override { return {}; }
  Result<> reopen() override { return {}; }
};

}  // namespace tidemill::bench
