#include "tests/sim/twin_store.h"

#include <algorithm>
#include <limits>
#include <set>
#include <tuple>

#include "core/state/keys.h"

namespace tidemill::sim {
namespace {

constexpr WallTime no_time{1};

// So little that a run fills it, and sorted files are part of what the power goes off.
constexpr std::size_t memtable_bytes = 64u << 10;

bool same(const LogProgress& a, const LogProgress& b) {
  return a.partition == b.partition && a.next == b.next && a.settled == b.settled &&
         a.clocks == b.clocks;
}

// All that the store keeps of them; it has outboxes of its own.
auto fields(const QueuedEffect& e) {
  return std::tie(e.number, e.kind, e.ordinal, e.key, e.content_type, e.data, e.metadata,
                  e.partition, e.offset, e.event_id, e.source, e.type, e.subject, e.version,
                  e.event_key, e.time, e.replays, e.first_died);
}

auto fields(const DeadLetter& l) {
  return std::tie(l.number, l.event_id, l.stage, l.sink, l.code, l.reason, l.function,
                  l.function_version, l.attempts, l.replays, l.first_died, l.died, l.expires,
                  l.partition, l.offset, l.id, l.origin, l.source, l.type, l.subject, l.version,
                  l.content_type, l.key, l.data, l.extensions, l.time, l.object_bytes, l.taken_by);
}

bool same(const QueuedEffect& a, const QueuedEffect& b) { return fields(a) == fields(b); }
bool same(const DeadLetter& a, const DeadLetter& b) {
  const auto same_effect = [](const DeadEffect& x, const DeadEffect& y) {
    return x.kind == y.kind && x.ordinal == y.ordinal && x.event_key == y.event_key;
  };
  if (fields(a) != fields(b) || a.effect.has_value() != b.effect.has_value()) return false;
  return !a.effect || same_effect(*a.effect, *b.effect);
}
bool same(const MarkedLetter& a, const MarkedLetter& b) {
  return same(a.letter, b.letter) && a.gap == b.gap;
}

bool same(const StreamRecord& a, const StreamRecord& b) {
  const auto same_attribute = [](const Attribute& x, const Attribute& y) {
    return x.name == y.name && x.value == y.value;
  };
  return a.number == b.number && a.bytes_before == b.bytes_before && a.written == b.written &&
         a.deliver_at == b.deliver_at && a.time == b.time && a.id == b.id && a.source == b.source &&
         a.type == b.type && a.subject == b.subject && a.key == b.key && a.group == b.group &&
         a.content_type == b.content_type && a.data == b.data &&
         std::ranges::equal(a.extensions, b.extensions, same_attribute);
}

template <class T>
bool same(const std::vector<T>& a, const std::vector<T>& b) {
  return std::ranges::equal(a, b, [](const T& x, const T& y) { return same(x, y); });
}

}  // namespace

TwinStore::TwinStore(const Scenario& scenario, ModelStore& model, Syncs syncs, Expect expect)
    : scenario_(scenario), model_(model), expect_(std::move(expect)), disk_(syncs) {
  open();
}

void TwinStore::open() {
  auto opened = RocksStore::open(
      "/data",
      {.engine_id = "simulated", .limits = {.memtable_bytes = memtable_bytes}, .env = disk_.env()});
  expect_(opened.has_value(), "the store does not open: " + (opened ? "" : opened.error().message));
  if (!opened) return;
  rocks_ = std::move(*opened);
  own_ = *rocks_->table("sim");
  for (const Flow& flow : scenario_.flows) {
    const PipelineId id = flow.config.id;
    pipelines_[id] = *rocks_->pipeline(flow.config.name, "");
    outboxes_[OutboxId(id.value)] = *rocks_->outbox(pipelines_[id], "later");
    for (const TableId table : {flow.table(), flow.read_table()})
      tables_[table] = *rocks_->table("t" + std::to_string(table.value));
    if (flow.windowing)
      tables_[flow.window_table()] =
          *rocks_->table("t" + std::to_string(flow.window_table().value));
    if (flow.relayed) open_relay(flow);
  }
  for (auto& [id, asked] : streams_)
    asked.of_rocks = *rocks_->stream(asked.kind, asked.name, asked.of_rocks.partitions);
}

void TwinStore::open_relay(const Flow& flow) {
  const TableId table = flow.relay_table();
  tables_[table] = *rocks_->table("t" + std::to_string(table.value));
  for (std::uint32_t i = 0; i < 3; ++i) {
    const PipelineId id = flow.relay_pipeline(i);
    pipelines_[id] = *rocks_->pipeline("relay" + std::to_string(id.value), "");
  }
}

// Scenarios number their pipelines and tables themselves.
Result<PipelineId> TwinStore::pipeline(std::string_view name, std::string_view from) {
  return model_.pipeline(name, from);
}
Result<TableId> TwinStore::table(std::string_view name) { return model_.table(name); }
Result<OutboxId> TwinStore::outbox(PipelineId pipeline, std::string_view sink) {
  return model_.outbox(pipeline, sink);
}

Result<std::unique_ptr<Progress>> TwinStore::progress(PipelineId pipeline,
                                                      std::string_view identity) {
  if (auto known = model_.progress(pipeline, identity); !known) return known;
  return rocks_->progress(pipelines_.at(pipeline), identity);
}

Result<std::vector<LogProgress>> TwinStore::log_progress(PipelineId pipeline) {
  const auto expected = model_.log_progress(pipeline);
  if (!expected) return expected;
  auto found = rocks_->log_progress(pipelines_.at(pipeline));
  if (found)
    for (LogProgress& log : *found)
      for (ClockProgress& clock : log.clocks) clock.table = number_in_scenario(clock.table);
  expect_(found && same(*found, *expected), "the store and its model differ in a log's progress");
  return found;
}

Result<std::optional<Intent>> TwinStore::intent(PipelineId pipeline) {
  auto expected = model_.intent(pipeline);
  if (!expected) return expected;
  const auto found = rocks_->intent(pipelines_.at(pipeline));
  const auto number = [](const auto& answer) {
    return answer && *answer ? std::optional((*answer)->number) : std::nullopt;
  };
  expect_(found && number(found) == number(expected),
          "the store and its model differ in an intent");
  return expected;
}

Result<std::vector<bool>> TwinStore::settled_before(PipelineId pipeline,
                                                    std::span<const DedupeId> ids, WallTime since) {
  const auto expected = model_.settled_before(pipeline, ids, since);
  if (!expected) return expected;
  auto found = rocks_->settled_before(pipelines_.at(pipeline), ids, since);
  expect_(found && *found == *expected, "the store and its model differ in the marks");
  return found;
}

Result<std::vector<std::string>> TwinStore::replies_to(PipelineId pipeline,
                                                       std::span<const DedupeId> ids,
                                                       WallTime since) {
  const auto expected = model_.replies_to(pipeline, ids, since);
  if (!expected) return expected;
  auto found = rocks_->replies_to(pipelines_.at(pipeline), ids, since);
  expect_(found && *found == *expected, "the store and its model differ in the replies");
  return found;
}

Result<std::vector<QueuedEffect>> TwinStore::queued(OutboxId outbox, std::uint64_t after,
                                                    std::size_t effects_max,
                                                    std::uint64_t bytes_max) {
  const auto expected = model_.queued(outbox, after, effects_max, bytes_max);
  if (!expected) return expected;
  auto found = rocks_->queued(outboxes_.at(outbox), after, effects_max, bytes_max);
  expect_(found && same(*found, *expected), "the store and its model differ in an outbox");
  return found;
}

Result<std::vector<MarkedLetter>> TwinStore::replays(PipelineId pipeline, std::uint64_t after,
                                                     std::size_t letters_max,
                                                     std::uint64_t bytes_max, WallTime now) {
  const auto expected = model_.replays(pipeline, after, letters_max, bytes_max, now);
  if (!expected) return expected;
  auto found = rocks_->replays(pipelines_.at(pipeline), after, letters_max, bytes_max, now);
  expect_(found && same(*found, *expected), "the store and its model differ in the replays");
  return found;
}

void TwinStore::replay_all(PipelineId pipeline, Duration gap) {
  model_.replay_all(pipeline, gap);
  std::vector<DeadLetterId> letters;
  for (const auto& [number, letter] : model_.visible().pipelines.at(pipeline).dead)
    letters.push_back({pipelines_.at(pipeline), number});
  if (letters.empty()) return;
  expect_(rocks_->mark_replays(letters, gap).has_value(), "the store does not mark replays");
}

Result<StreamInfo> TwinStore::stream(StreamKind kind, std::string_view name,
                                     std::uint32_t partitions) {
  auto expected = model_.stream(kind, name, partitions);
  if (!expected) return expected;
  const auto found = rocks_->stream(kind, name, partitions);
  expect_(found && found->partitions == partitions, "the store does not make a stream");
  if (found) streams_[expected->id] = {kind, std::string(name), *found};
  return expected;
}

Result<std::vector<Partition>> TwinStore::stream_partitions(StreamId stream) {
  const auto expected = model_.stream_partitions(stream);
  if (!expected) return expected;
  auto found = rocks_->stream_partitions(streams_.at(stream).of_rocks.id);
  expect_(found && *found == *expected,
          "the store and its model differ in an archive's partitions");
  return found;
}

Result<StreamState> TwinStore::stream_state(StreamId stream, Partition partition) {
  const auto expected = model_.stream_state(stream, partition);
  if (!expected) return expected;
  auto found = rocks_->stream_state(streams_.at(stream).of_rocks.id, partition);
  expect_(found && *found == *expected, "the store and its model differ in a stream's state");
  return found;
}

// The two count the bytes of a page in their own ways: as many records as the model answers.
Result<StreamPage> TwinStore::read_stream(StreamId stream, Partition partition, std::uint64_t after,
                                          std::size_t records_max, std::uint64_t bytes_max) {
  const auto expected = model_.read_stream(stream, partition, after, records_max, bytes_max);
  if (!expected) return expected;
  auto found = rocks_->read_stream(streams_.at(stream).of_rocks.id, partition, after, records_max,
                                   std::numeric_limits<std::uint64_t>::max());
  if (!found) return found;
  if (found->records.size() > expected->records.size())
    found->records.resize(expected->records.size());
  expect_(same(found->records, expected->records), "the store and its model differ in a stream");
  return found;
}

TableId TwinStore::number_in_scenario(TableId of_rocks) const {
  for (const auto& [number, table] : tables_)
    if (table == of_rocks) return number;
  return {};
}

CommitPart TwinStore::translated(const CommitPart& part) const {
  CommitPart own = part;
  own.pipeline = pipelines_.at(part.pipeline);
  for (RowChange& row : own.rows) row.table = tables_.at(row.table);
  for (WindowsOver& over : own.windows_over) over.table = tables_.at(over.table);
  for (LogProgress& log : own.logs)
    for (ClockProgress& clock : log.clocks) clock.table = tables_.at(clock.table);
  for (QueuedEffect& effect : own.queued) effect.outbox = outboxes_.at(effect.outbox);
  for (auto& [outbox, number] : own.delivered) outbox = outboxes_.at(outbox);
  for (auto& record : own.appended) record.stream = streams_.at(record.stream).of_rocks.id;
  for (auto& removal : own.removed) removal.stream = streams_.at(removal.stream).of_rocks.id;
  for (auto& trim : own.trimmed) trim.stream = streams_.at(trim.stream).of_rocks.id;
  if (own.intent) own.intent->part = std::make_shared<CommitPart>(translated(*part.intent->part));
  return own;
}

// Where the model says that a failed write has happened, it has happened here too.
Result<> TwinStore::commit(std::span<const CommitPart* const> parts, WallTime now,
                           Durability durability) {
  const std::uint64_t before = model_.visible().groups;
  Result<> answer = model_.commit(parts, now, durability);
  if (model_.visible().groups == before) return answer;
  std::vector<CommitPart> own;
  for (const CommitPart* part : parts) {
    own.push_back(translated(*part));
    marked_[part->pipeline].insert(part->settled_ids.begin(), part->settled_ids.end());
  }
  const std::string groups = std::to_string(before + 1);
  own.front().rows.push_back(
      {.table = own_, .kind = EffectKind::put_row, .key = "groups", .data = groups});
  std::vector<const CommitPart*> views;
  for (const CommitPart& part : own) views.push_back(&part);
  const Result<> written = rocks_->commit(views, now, durability);
  expect_(written.has_value(), "the store does not write");
  return answer;
}

Result<> TwinStore::sync() {
  const Result<> answer = model_.sync();
  if (model_.durable().groups == model_.visible().groups)
    expect_(rocks_->sync().has_value(), "the store does not sync");
  return answer;
}

Result<> TwinStore::reopen() {
  Result<> answer = model_.reopen();
  if (!answer) return answer;
  expect_(rocks_->reopen().has_value(), "the store does not open again");
  compare();
  return answer;
}

void TwinStore::crash(bool power, std::uint64_t random) {
  // What closing would still write comes too late.
  if (power) disk_.cut_before(disk_.changes());
  rocks_.reset();
  if (power) disk_.crash(random);
  open();
  if (rocks_ == nullptr) return;
  const std::uint64_t groups = groups_of_rocks();
  expect_(groups >= model_.durable().groups, "the store lost a commit that was synced");
  expect_(groups <= model_.visible().groups, "the store has a commit that was never made");
  expect_(power || groups == model_.visible().groups,
          "the store lost a commit without a power cut");
  model_.crash_to(groups);
  compare();
}

std::uint64_t TwinStore::groups_of_rocks() {
  const auto row = rocks_->row(own_, "groups", no_time);
  return row && *row ? std::stoull((*row)->body) : 0;
}

void TwinStore::compare() {
  for (const Flow& flow : scenario_.flows) {
    compare_rows(flow.table().value);
    compare_rows(flow.read_table().value);
    compare_pipeline(flow.config.id);
    if (flow.windowing) compare_rows(flow.window_table().value);
    if (flow.relayed) {
      compare_rows(flow.relay_table().value);
      for (std::uint32_t i = 0; i < 3; ++i) compare_pipeline(flow.relay_pipeline(i));
    }
    std::ignore = queued(OutboxId(flow.config.id.value), 0, 10'000, 1u << 30);
  }
  compare_streams();
}

void TwinStore::compare_streams() {
  for (const auto& [id, asked] : streams_) {
    std::vector<Partition> partitions;
    for (std::uint32_t i = 0; i < asked.of_rocks.partitions; ++i) partitions.emplace_back(i);
    if (asked.kind == StreamKind::archive)
      if (auto hours = stream_partitions(id)) partitions = std::move(*hours);
    for (const Partition partition : partitions) {
      std::ignore = stream_state(id, partition);
      std::ignore = read_stream(id, partition, 0, 100'000, 1u << 30);
    }
  }
}

// When a row expires is seen by what a reader finds just before and from then on.
void TwinStore::compare_rows(std::uint32_t table) {
  compare_rows(table, no_time);
  const auto& expected = model_.visible().tables;
  const auto found = expected.find(table);
  if (found == expected.end()) return;
  std::vector<std::uint64_t> ends;
  for (const auto& [key, row] : found->second)
    if (row.expires.value != 0) ends.push_back(row.expires.value);
  if (ends.empty()) return;
  const auto middle = ends.begin() + static_cast<std::ptrdiff_t>(ends.size() / 2);
  std::ranges::nth_element(ends, middle);
  compare_rows(table, WallTime(*middle - 1));
  compare_rows(table, WallTime(*middle));
}

void TwinStore::compare_rows(std::uint32_t table, WallTime now) {
  using Rows = std::map<std::string, std::pair<std::string, EventTime>>;
  Rows rows, expected;
  const auto visit = [&](std::string_view key, const Row& row) {
    rows.emplace(state::row_name(key, row.window), std::pair(row.body, row.time));
    return true;
  };
  const Result<> read = rocks_->each_row(tables_.at(TableId(table)), "", now, visit);
  const auto& tables = model_.visible().tables;
  if (const auto found = tables.find(table); found != tables.end())
    for (const auto& [key, row] : found->second)
      if (!row.expired(now)) expected.emplace(key, std::pair(row.body, row.time));
  expect_(read && rows == expected, "the store and its model differ in the rows of a table");
}

void TwinStore::compare_pipeline(PipelineId pipeline) {
  std::ignore = log_progress(pipeline);
  const auto& expected = model_.visible().pipelines;
  const auto found = expected.find(pipeline);
  const Contents::PerPipeline mine =
      found == expected.end() ? Contents::PerPipeline{} : found->second;
  std::map<std::string, std::string> objects;
  std::ignore = rocks_->each_object(pipelines_.at(pipeline), [&](auto key, auto version) {
    objects.emplace(key, version);
    return true;
  });
  expect_(objects == mine.objects, "the store and its model differ in the settled objects");
  std::vector<DeadLetter> dead;
  std::ignore = rocks_->each_dead_letter(pipelines_.at(pipeline), no_time,
                                         [&](PipelineId, std::uint64_t, const DeadLetter& letter) {
                                           dead.push_back(letter);
                                           return true;
                                         });
  std::vector<DeadLetter> expected_dead;
  for (const auto& [number, letter] : mine.dead) expected_dead.push_back(letter);
  expect_(same(dead, expected_dead), "the store and its model differ in the dead letters");
  std::ignore = replays(pipeline, 0, 10'000, 1u << 30, no_time);
  const std::set<DedupeId>& marked = marked_[pipeline];
  const std::vector<DedupeId> ids(marked.begin(), marked.end());
  if (!ids.empty()) std::ignore = settled_before(pipeline, ids, no_time);
}

}  // namespace tidemill::sim
