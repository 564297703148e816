#include "tests/sim/model_store.h"

#include <algorithm>
#include <charconv>

#include "core/state/intents.h"
#include "core/state/keys.h"

namespace tidemill::sim {
namespace {

class ModelProgress final : public Progress {
 public:
  explicit ModelProgress(Contents::PerPipeline contents) : contents_(std::move(contents)) {}

  std::optional<Offset> next(Partition partition) const override {
    const auto found = contents_.logs.find(partition);
    if (found == contents_.logs.end()) return std::nullopt;
    return found->second.next;
  }
  void each_object(
      const std::function<void(std::string_view, std::string_view)>& visit) const override {
    for (const auto& [key, version] : contents_.objects) visit(key, version);
  }

 private:
  Contents::PerPipeline contents_;
};

std::unexpected<Error> broken() { return fail(Fault::transient, "the store is broken"); }

std::int64_t number_of(const std::string& text) {
  std::int64_t value = 0;
  std::from_chars(text.data(), text.data() + text.size(), value);
  return value;
}

void merge(std::map<std::string, ModelRow>& table, const OwnedRow& own, WallTime now) {
  const RowChange& change = own.change;
  const ModelRow operand{std::to_string(change.operand), change.time, change.expires};
  const auto [place, fresh] = table.emplace(own.key, operand);
  ModelRow& row = place->second;
  if (fresh || row.expired(now)) {
    row = operand;
    return;
  }
  std::int64_t value = number_of(row.body);
  switch (change.merge) {
    case MergeKind::sum:
    case MergeKind::count:
      value += change.operand;
      break;
    case MergeKind::min:
      value = std::min(value, change.operand);
      break;
    case MergeKind::max:
      value = std::max(value, change.operand);
      break;
    case MergeKind::last:
      if (change.time >= row.time) value = change.operand;
      break;
  }
  row = {std::to_string(value), std::max(row.time, change.time), change.expires};
}

OwnedPart owned(const CommitPart& part) {
  OwnedPart own{part, {}, {}};
  own.part.rows.clear();
  if (part.intent) {
    std::string bytes;
    state::append_intent(bytes, *part.intent);
    own.part.intent = state::read_intent(std::move(bytes));
  }
  own.part.appended.clear();
  for (const StreamAppend& record : part.appended) own.records.emplace_back(record);
  for (const RowChange& row : part.rows) {
    const auto window = row.window ? std::optional(row.window->start) : std::nullopt;
    OwnedRow& copy = own.rows.emplace_back(
        OwnedRow{row, state::row_name(row.key, window), std::string(row.data)});
    if (row.aggregate != nullptr) copy.aggregate = *row.aggregate;
  }
  return own;
}

}  // namespace

void Contents::apply(const OwnedPart& own, WallTime now) {
  const CommitPart& part = own.part;
  for (const OwnedRow& row : own.rows) {
    auto& table = tables[row.change.table.value];
    if (row.change.kind == EffectKind::delete_row) {
      table.erase(row.key);
    } else if (row.change.kind == EffectKind::put_row) {
      table[row.key] = {row.data, row.change.time, row.change.expires};
    } else if (row.aggregate) {
      state::Aggregate& whole = aggregates[{row.change.table, row.key}];
      whole.fold(*row.aggregate);
      table[row.key] = {whole.shown(), std::max(table[row.key].time, row.change.time), {}};
    } else {
      merge(table, row, now);
    }
    if (row.key.starts_with("event:") || row.key.starts_with("relayed:")) order.push_back(row.key);
  }
  PerPipeline& mine = pipelines[part.pipeline];
  for (const LogProgress& log : part.logs) mine.logs[log.partition] = log;
  for (const ObjectProgress& object : part.objects) mine.objects[object.subject] = object.version;
  for (const DedupeId& id : part.settled_ids) {
    mine.marks[id] = now;
    mine.replies.erase(id);
  }
  for (const auto& [id, reply] : part.replies) mine.replies[id] = reply;
  if (part.ends_intent) mine.intent.reset();
  if (part.intent) mine.intent = part.intent;
  for (DeadLetter letter : part.dead_letters) {
    if (letter.number == 0) letter.number = ++last_letter;
    const std::uint64_t number = letter.number;
    mine.waiting.erase(number);
    mine.dead.insert_or_assign(number, std::move(letter));
  }
  for (const std::uint64_t number : part.replayed) {
    mine.dead.erase(number);
    mine.waiting.erase(number);
  }
  for (QueuedEffect effect : part.queued) {
    effect.number = ++last_numbers[effect.outbox];
    outboxes[effect.outbox].emplace(effect.number, std::move(effect));
  }
  for (const auto& [outbox, number] : part.delivered) outboxes[outbox].erase(number);
  for (const StreamTrim& trim : part.trimmed) streams.trim(trim);
  for (const StreamRemoval& removal : part.removed) streams.remove(removal);
  for (const testing::OwnedAppend& record : own.records) streams.append(record, now);
}

// Scenarios number their pipelines and tables themselves.
Result<PipelineId> ModelStore::pipeline(std::string_view, std::string_view) {
  return PipelineId(1);
}
Result<TableId> ModelStore::table(std::string_view) { return TableId(1); }
Result<OutboxId> ModelStore::outbox(PipelineId pipeline, std::string_view) {
  return OutboxId(pipeline.value);
}

Result<std::unique_ptr<Progress>> ModelStore::progress(PipelineId pipeline, std::string_view) {
  if (broken_) return broken();
  return std::make_unique<ModelProgress>(visible_.pipelines[pipeline]);
}

Result<std::vector<LogProgress>> ModelStore::log_progress(PipelineId pipeline) {
  if (broken_) return broken();
  std::vector<LogProgress> all;
  for (const auto& [partition, progress] : visible_.pipelines[pipeline].logs)
    all.push_back(progress);
  return all;
}

Result<std::optional<Intent>> ModelStore::intent(PipelineId pipeline) {
  if (broken_) return broken();
  return visible_.pipelines[pipeline].intent;
}

Result<std::vector<bool>> ModelStore::settled_before(PipelineId pipeline,
                                                     std::span<const DedupeId> ids,
                                                     WallTime since) {
  if (broken_) return broken();
  const auto& marks = visible_.pipelines[pipeline].marks;
  std::vector<bool> settled;
  for (const DedupeId& id : ids) {
    const auto found = marks.find(id);
    settled.push_back(found != marks.end() && found->second >= since);
  }
  return settled;
}

Result<std::vector<std::string>> ModelStore::replies_to(PipelineId pipeline,
                                                        std::span<const DedupeId> ids,
                                                        WallTime since) {
  if (broken_) return broken();
  const auto& mine = visible_.pipelines[pipeline];
  std::vector<std::string> replies;
  for (const DedupeId& id : ids) {
    std::string& reply = replies.emplace_back();
    const auto mark = mine.marks.find(id);
    if (mark == mine.marks.end() || mark->second < since) continue;
    if (const auto found = mine.replies.find(id); found != mine.replies.end())
      reply = found->second;
  }
  return replies;
}

Result<std::vector<QueuedEffect>> ModelStore::queued(OutboxId outbox, std::uint64_t after,
                                                     std::size_t effects_max,
                                                     std::uint64_t bytes_max) {
  if (broken_ || (read_fails && read_fails())) return broken();
  std::vector<QueuedEffect> page;
  std::uint64_t bytes = 0;
  auto& effects = visible_.outboxes[outbox];
  for (auto it = effects.upper_bound(after); it != effects.end(); ++it) {
    bytes += it->second.bytes();
    if (!page.empty() && (page.size() >= effects_max || bytes > bytes_max)) break;
    page.push_back(it->second);
  }
  return page;
}

Result<std::vector<MarkedLetter>> ModelStore::replays(PipelineId pipeline, std::uint64_t after,
                                                      std::size_t letters_max, std::uint64_t,
                                                      WallTime) {
  if (broken_ || (read_fails && read_fails())) return broken();
  std::vector<MarkedLetter> page;
  const Contents::PerPipeline& mine = visible_.pipelines[pipeline];
  for (auto it = mine.waiting.upper_bound(after);
       it != mine.waiting.end() && page.size() < letters_max; ++it)
    page.push_back({mine.dead.at(it->first), it->second});
  return page;
}

// Scenarios name their streams by their numbers.
Result<StreamInfo> ModelStore::stream(StreamKind kind, std::string_view name,
                                      std::uint32_t partitions) {
  const StreamId stream(static_cast<std::uint32_t>(number_of(std::string(name))));
  if (kind == StreamKind::archive)
    for (Contents* contents : {&visible_, &durable_}) contents->streams.be_archive(stream);
  return StreamInfo{stream, partitions};
}

Result<std::vector<Partition>> ModelStore::stream_partitions(StreamId stream) {
  if (broken_) return broken();
  return visible_.streams.partitions(stream);
}

Result<StreamState> ModelStore::stream_state(StreamId stream, Partition partition) {
  if (broken_) return broken();
  return visible_.streams.state(stream, partition);
}

Result<StreamPage> ModelStore::read_stream(StreamId stream, Partition partition,
                                           std::uint64_t after, std::size_t records_max,
                                           std::uint64_t bytes_max) {
  if (broken_ || (read_fails && read_fails())) return broken();
  return visible_.streams.read(stream, partition, after, records_max, bytes_max);
}

Result<> ModelStore::commit(std::span<const CommitPart* const> parts, WallTime now,
                            Durability durability) {
  if (broken_) return broken();
  if (commits)
    for (const CommitPart* part : parts) commits(*part);
  const Write write = write_goes ? write_goes() : Write::good;
  broken_ = write != Write::good;
  if (write != Write::fails_and_did_not) {
    Group group{{}, now};
    for (const CommitPart* part : parts) group.first.push_back(owned(*part));
    ++visible_.groups;
    for (const OwnedPart& part : group.first) {
      visible_.apply(part, now);
      for (const OwnedRow& row : part.rows)
        if (committed) committed(row.key);
    }
    unsynced_.push_back(std::move(group));
  }
  if (broken_) return broken();
  if (durability == Durability::sync) make_durable();
  return {};
}

Result<> ModelStore::sync() {
  if (broken_) return broken();
  const Write write = write_goes ? write_goes() : Write::good;
  broken_ = write != Write::good;
  if (write != Write::fails_and_did_not) make_durable();
  if (broken_) return broken();
  return {};
}

void ModelStore::make_durable() {
  for (const auto& [parts, now] : unsynced_) {
    ++durable_.groups;
    for (const OwnedPart& part : parts) durable_.apply(part, now);
  }
  unsynced_.clear();
}

Result<> ModelStore::reopen() {
  if (reopens && !reopens()) return broken();
  broken_ = false;
  return {};
}

// Durable at once: a write to RocksDB syncs everything before it.
void ModelStore::replay_all(PipelineId pipeline, Duration gap) {
  if (visible_.pipelines[pipeline].dead.empty()) return;  // Then nothing is written.
  make_durable();
  for (Contents* contents : {&visible_, &durable_}) {
    Contents::PerPipeline& mine = contents->pipelines[pipeline];
    for (const auto& [number, letter] : mine.dead) mine.waiting[number] = gap;
  }
}

void ModelStore::crash(bool power, std::uint64_t random) {
  const std::uint64_t kept = power ? random % (unsynced_.size() + 1) : unsynced_.size();
  crash_to(durable_.groups + kept);
}

void ModelStore::crash_to(std::uint64_t groups) {
  broken_ = false;
  unsynced_.resize(std::min<std::uint64_t>(unsynced_.size(), groups - durable_.groups));
  make_durable();
  visible_ = durable_;
}

}  // namespace tidemill::sim
