// FakeStore: a store for tests of the dispatcher. It remembers what every commit group held, and
// fails when told to.
//
// Driven by one CommitSequencer on a VirtualScheduler, so everything happens on one thread. What a
// part views dies with its commit: rows are kept as text of their own.
#pragma once

#include <algorithm>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "core/state/intents.h"
#include "core/state/store.h"
#include "core/state/testing/model_streams.h"

namespace tidemill::testing {

class FakeStore final : public Store {
 public:
  Result<PipelineId> pipeline(std::string_view, std::string_view) override { return PipelineId(1); }
  Result<TableId> table(std::string_view) override { return TableId(1); }
  Result<std::unique_ptr<Progress>> progress(PipelineId, std::string_view) override {
    return fail(Fault::bad_config, "a fake store remembers no progress");
  }
  Result<std::vector<LogProgress>> log_progress(PipelineId) override {
    return std::vector<LogProgress>{};
  }

  Result<std::optional<Intent>> intent(PipelineId) override {
    if (read_failure) return std::unexpected(*read_failure);
    return intended;
  }

  Result<std::vector<bool>> settled_before(PipelineId, std::span<const DedupeId> ids,
                                           WallTime since) override {
    asked_since = since;
    if (read_failure) return std::unexpected(*read_failure);
    std::vector<bool> answers;
    for (const DedupeId& id : ids) answers.push_back(marks.contains(id));
    return answers;
  }
  Result<std::vector<std::string>> replies_to(PipelineId, std::span<const DedupeId> ids,
                                              WallTime) override {
    std::vector<std::string> answers;
    for (const DedupeId& id : ids)
      answers.push_back(replies.contains(id) ? replies.at(id) : std::string());
    return answers;
  }
  Result<OutboxId> outbox(PipelineId, std::string_view) override { return OutboxId(1); }
  Result<std::vector<QueuedEffect>> queued(OutboxId outbox, std::uint64_t after,
                                           std::size_t effects_max, std::uint64_t) override {
    if (read_failure) return std::unexpected(*read_failure);
    std::vector<QueuedEffect> page;
    for (const auto& [number, effect] : outbox_effects)
      if (effect.outbox == outbox && number > after && page.size() < effects_max)
        page.push_back(effect);
    if (on_read_end) on_read_end();
    return page;
  }

  Result<std::vector<MarkedLetter>> replays(PipelineId, std::uint64_t after,
                                            std::size_t letters_max, std::uint64_t,
                                            WallTime) override {
    if (read_failure) return std::unexpected(*read_failure);
    std::vector<MarkedLetter> page;
    for (const DeadLetter& letter : dead) {
      const auto mark = waiting.find(letter.number);
      if (mark == waiting.end() || letter.number <= after || page.size() == letters_max) continue;
      page.push_back({letter, mark->second});
    }
    return page;
  }

  bool failed() const override { return failure.has_value(); }
  Result<StreamInfo> stream(StreamKind, std::string_view name, std::uint32_t partitions) override {
    const StreamId next(static_cast<std::uint32_t>(stream_names.size()) + 1);
    const auto known = stream_names.try_emplace(std::string(name), StreamInfo{next, 0}).first;
    known->second.partitions = std::max(known->second.partitions, partitions);
    return known->second;
  }
  Result<std::vector<Partition>> stream_partitions(StreamId stream) override {
    return streams.partitions(stream);
  }
  Result<StreamState> stream_state(StreamId stream, Partition partition) override {
    return streams.state(stream, partition);
  }
  Result<StreamPage> read_stream(StreamId stream, Partition partition, std::uint64_t after,
                                 std::size_t records_max, std::uint64_t bytes_max) override {
    if (read_failure) return std::unexpected(*read_failure);
    ++stream_reads;
    return streams.read(stream, partition, after, records_max, bytes_max);
  }

  Result<> sync() override {
    ++syncs;
    if (failure) return std::unexpected(*failure);
    return {};
  }
  Result<> reopen() override {
    if (failure) return std::unexpected(*failure);
    return {};
  }

  Result<> commit(std::span<const CommitPart* const> parts, WallTime now,
                  Durability durability) override {
    commit_time = now;
    ++calls;
    durabilities.push_back(durability);
    std::vector<CommitPart> group;
    for (const CommitPart* part : parts) group.push_back(*part);
    groups.push_back(std::move(group));
    if (on_commit) on_commit();
    if (failure) {
      groups.pop_back();
      return std::unexpected(*failure);
    }
    for (const CommitPart* part : parts) apply(*part);
    for (CommitPart& part : groups.back()) {
      part.rows.clear();
      part.appended.clear();
    }
    return {};
  }

  std::function<void()> on_commit;  ///< Runs in the middle of each write.
  std::optional<Error> failure;     ///< What the next writes answer, once set.
  std::function<void(const RowChange&)> on_row;
  std::function<void()> on_read_end;  ///< Runs when an outbox was read, before the answer.
  std::optional<Error> read_failure;

  std::uint64_t calls = 0;
  std::uint64_t syncs = 0;
  std::vector<Durability> durabilities;         ///< Of every call.
  std::vector<std::vector<CommitPart>> groups;  ///< Without their rows and records.
  std::vector<std::string> rows;                ///< "key=data", in the order of writing.
  std::vector<DeadLetter> dead;
  std::map<std::uint64_t, Duration> waiting;  ///< For their replay: numbers of letters, and gaps.
  std::map<Partition, LogProgress> logs;
  std::map<std::string, std::string> objects;
  std::set<DedupeId> marks;
  std::map<DedupeId, std::string> replies;
  std::optional<Intent> intended;
  WallTime asked_since;  ///< For marks.
  std::map<std::uint64_t, QueuedEffect> outbox_effects;
  std::map<std::string, StreamInfo> stream_names;
  ModelStreams streams;
  std::uint64_t stream_reads = 0;
  WallTime commit_time;

 private:
  void apply(const CommitPart& part) {
    for (const RowChange& row : part.rows) {
      rows.push_back(std::string(row.key) + "=" + std::string(row.data));
      if (on_row) on_row(row);
    }
    for (const DeadLetter& letter : part.dead_letters) bury(letter);
    for (const std::uint64_t number : part.replayed) {
      std::erase_if(dead, [&](const DeadLetter& one) { return one.number == number; });
      waiting.erase(number);
    }
    for (const LogProgress& log : part.logs) logs[log.partition] = log;
    for (const ObjectProgress& object : part.objects) objects[object.subject] = object.version;
    if (part.ends_intent) intended.reset();
    if (part.intent) {
      std::string bytes;
      state::append_intent(bytes, *part.intent);
      intended = state::read_intent(std::move(bytes));
    }
    marks.insert(part.settled_ids.begin(), part.settled_ids.end());
    for (const auto& [id, reply] : part.replies) replies[id] = reply;
    for (QueuedEffect effect : part.queued) {
      effect.number = ++last_number_;
      outbox_effects.emplace(effect.number, std::move(effect));
    }
    for (const auto& [outbox, number] : part.delivered) outbox_effects.erase(number);
    for (const StreamTrim& trim : part.trimmed) streams.trim(trim);
    for (const StreamRemoval& removal : part.removed) streams.remove(removal);
    for (const StreamAppend& record : part.appended)
      streams.append(OwnedAppend(record), commit_time);
  }

  void bury(DeadLetter letter) {
    const auto before = std::ranges::find(dead, letter.number, &DeadLetter::number);
    if (letter.number == 0) letter.number = ++last_letter_;
    waiting.erase(letter.number);
    if (before == dead.end()) {
      dead.push_back(std::move(letter));
    } else {
      *before = std::move(letter);
    }
  }

  std::uint64_t last_number_ = 0;
  std::uint64_t last_letter_ = 0;
};

}  // namespace tidemill::testing
