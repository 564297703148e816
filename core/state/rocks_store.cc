#include "core/state/rocks_store.h"

#include <rocksdb/write_batch.h>

#include <algorithm>
#include <utility>

#include "core/state/byte_codec.h"
#include "core/state/intents.h"
#include "core/state/keys.h"
#include "core/state/meta.h"
#include "core/state/rocks_store_impl.h"

namespace tidemill {

using state::NameKind;

Result<> RocksStore::Impl::begin_epoch() {
  const auto begun = state::begin_epoch(*database, shown_as, new_engine_id);
  if (!begun) return std::unexpected(begun.error());
  if (engine_id.empty()) engine_id = begun->engine_id;
  epoch = begun->epoch;
  // Never behind a number that was given away, even if nothing else is left of it.
  dead_letter_next = std::max(dead_letter_next, begun->dead_letter_next);
  batch.emplace(state::CommitBatch::Parts{*database, marks, outboxes, replays, expired, streams,
                                          changes, windows});
  return {};
}

// A table whose family is missing was named in the moment of a crash; it gets its family now.
Result<> RocksStore::Impl::make_tables() {
  for (const auto& [name, number] : catalog.all(NameKind::table)) {
    if (auto made = database->make_table(TableId(number)); !made) {
      return std::unexpected(made.error());
    }
  }
  return {};
}

Result<> RocksStore::Impl::load() {
  if (auto begun = begin_epoch(); !begun) return begun;
  if (auto loaded = catalog.load(); !loaded) return loaded;
  for (const auto& [name, number] : catalog.all(NameKind::pipeline)) {
    if (auto loaded = identities.load(PipelineId(number)); !loaded) return loaded;
  }
  if (auto made = make_tables(); !made) return made;
  return marks.load();
}

Result<> RocksStore::Impl::load_again() {
  if (auto begun = begin_epoch(); !begun) return begun;
  if (auto restored = catalog.restore(); !restored) return restored;
  if (auto restored = identities.restore(); !restored) return restored;
  if (auto made = make_tables(); !made) return made;
  if (auto reloaded = streams.reload(); !reloaded) return reloaded;
  return marks.load();
}

RocksStore::RocksStore(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
RocksStore::~RocksStore() = default;

Result<std::unique_ptr<RocksStore>> RocksStore::open(const std::filesystem::path& folder,
                                                     Options options) {
  const std::string shown_as = folder.string();
  auto database = state::Database::open(folder / "state", shown_as, options.limits, options.missing,
                                        options.env);
  if (!database) return std::unexpected(database.error());
  auto impl = std::make_unique<Impl>(std::move(*database), shown_as, std::move(options.engine_id));
  if (auto loaded = impl->load(); !loaded) return std::unexpected(loaded.error());
  std::unique_ptr<RocksStore> store(new RocksStore(std::move(impl)));
  if (auto dropped = store->drop_expired(options.now); !dropped) {
    return std::unexpected(dropped.error());
  }
  return store;
}

std::string RocksStore::library_version() { return state::Database::library_version(); }

const std::string& RocksStore::engine_id() const { return impl_->engine_id; }
std::uint64_t RocksStore::epoch() const { return impl_->epoch; }

Result<PipelineId> RocksStore::pipeline(std::string_view name, std::string_view renamed_from) {
  const auto open = impl_->database->hold();
  if (!open) return std::unexpected(open.error());
  auto number = renamed_from.empty()
                    ? impl_->catalog.number(NameKind::pipeline, name)
                    : impl_->catalog.number_renamed(NameKind::pipeline, name, renamed_from);
  if (!number) return std::unexpected(number.error());
  return PipelineId(*number);
}

Result<TableId> RocksStore::table(std::string_view name) {
  const auto open = impl_->database->hold();
  if (!open) return std::unexpected(open.error());
  auto number = impl_->catalog.number(NameKind::table, name);
  if (!number) return std::unexpected(number.error());
  const TableId table(*number);
  if (auto made = impl_->database->make_table(table); !made) return std::unexpected(made.error());
  return table;
}

Result<std::unique_ptr<Progress>> RocksStore::progress(PipelineId pipeline,
                                                       std::string_view source_identity) {
  const auto open = impl_->database->hold();
  if (!open) return std::unexpected(open.error());
  if (auto set = impl_->identities.set(pipeline, source_identity); !set) {
    return std::unexpected(set.error());
  }
  // Read once here, where an error can be answered; Progress itself cannot fail.
  const std::uint64_t identity = state::identity_hash(source_identity);
  if (auto logs = state::read_log_progress(*impl_->database, pipeline, identity); !logs) {
    return std::unexpected(logs.error());
  }
  return std::make_unique<state::StoredProgress>(*impl_->database, pipeline, identity);
}

Result<std::vector<LogProgress>> RocksStore::log_progress(PipelineId pipeline) {
  const auto open = impl_->database->hold();
  if (!open) return std::unexpected(open.error());
  return state::read_log_progress(*impl_->database, pipeline, impl_->identities.hash(pipeline));
}

// What it adds to may belong to a sink that is no more, which nobody has asked for in this life.
Result<> RocksStore::Impl::open_for(const CommitPart& part) {
  const auto archives = catalog.all(NameKind::archive);
  for (const QueuedEffect& effect : part.queued)
    if (auto opened = outboxes.open(effect.outbox); !opened) return opened;
  for (const StreamAppend& record : part.appended) {
    const bool archive = std::ranges::any_of(
        archives, [&](const auto& known) { return known.second == record.stream.value; });
    Result<> opened;
    if (archive) {
      opened = streams.open_archive(record.stream);
    } else if (const auto lanes = streams.open(record.stream, record.partition.value + 1); !lanes) {
      opened = std::unexpected(lanes.error());
    }
    if (!opened) return opened;
  }
  return {};
}

Result<std::optional<Intent>> RocksStore::intent(PipelineId pipeline) {
  const auto open = impl_->database->hold();
  if (!open) return std::unexpected(open.error());
  std::string value;
  const auto found =
      impl_->database->get(impl_->database->progress(), state::intent_key(pipeline), value);
  if (!found) return std::unexpected(found.error());
  if (!*found) return std::optional<Intent>();
  auto intent = state::read_intent(std::move(value));
  if (!intent) return fail(Fault::transient, "the intent of a pipeline is damaged");
  if (auto opened = impl_->open_for(*intent->part); !opened) return std::unexpected(opened.error());
  return intent;
}

Result<> RocksStore::keep_marks(PipelineId pipeline, Duration horizon) {
  const auto open = impl_->database->hold();
  if (!open) return std::unexpected(open.error());
  return impl_->marks.keep(pipeline, horizon);
}

Result<std::vector<bool>> RocksStore::settled_before(PipelineId pipeline,
                                                     std::span<const DedupeId> ids,
                                                     WallTime since) {
  const auto open = impl_->database->hold();
  if (!open) return std::unexpected(open.error());
  return impl_->marks.settled(pipeline, ids, since);
}

Result<std::vector<std::string>> RocksStore::replies_to(PipelineId pipeline,
                                                        std::span<const DedupeId> ids,
                                                        WallTime since) {
  const auto open = impl_->database->hold();
  if (!open) return std::unexpected(open.error());
  return impl_->marks.replies(pipeline, ids, since);
}

Result<OutboxId> RocksStore::outbox(PipelineId pipeline, std::string_view sink) {
  const auto open = impl_->database->hold();
  if (!open) return std::unexpected(open.error());
  std::string name;
  state::append_big_endian(name, pipeline.value);
  name += sink;
  const auto number = impl_->catalog.number(NameKind::outbox, name);
  if (!number) return std::unexpected(number.error());
  const OutboxId outbox(*number);
  if (auto opened = impl_->outboxes.open(outbox); !opened) return std::unexpected(opened.error());
  return outbox;
}

Result<std::vector<QueuedEffect>> RocksStore::queued(OutboxId outbox, std::uint64_t after,
                                                     std::size_t effects_max,
                                                     std::uint64_t bytes_max) {
  const auto open = impl_->database->hold();
  if (!open) return std::unexpected(open.error());
  return impl_->outboxes.read(outbox, after, effects_max, bytes_max);
}

Result<std::vector<MarkedLetter>> RocksStore::replays(PipelineId pipeline, std::uint64_t after,
                                                      std::size_t letters_max,
                                                      std::uint64_t bytes_max, WallTime now) {
  const auto open = impl_->database->hold();
  if (!open) return std::unexpected(open.error());
  return impl_->replays.read(pipeline, after, letters_max, bytes_max, now);
}

Result<StreamInfo> RocksStore::stream(StreamKind kind, std::string_view name,
                                      std::uint32_t partitions) {
  const auto open = impl_->database->hold();
  if (!open) return std::unexpected(open.error());
  const auto number = impl_->catalog.number(static_cast<NameKind>(kind), name);
  if (!number) return std::unexpected(number.error());
  const StreamId stream(*number);
  if (kind == StreamKind::archive) {
    if (auto opened = impl_->streams.open_archive(stream); !opened)
      return std::unexpected(opened.error());
    return StreamInfo{stream, 0};
  }
  const auto opened = impl_->streams.open(stream, partitions);
  if (!opened) return std::unexpected(opened.error());
  return StreamInfo{stream, *opened};
}

Result<StreamInfo> RocksStore::feed_changes(std::string_view table) {
  const auto id = this->table(table);
  if (!id) return std::unexpected(id.error());
  const auto stream = this->stream(StreamKind::changes, table, 1);
  if (stream) impl_->changes.watch(*id, std::string(table), stream->id);
  return stream;
}

Result<std::vector<Partition>> RocksStore::stream_partitions(StreamId stream) {
  const auto open = impl_->database->hold();
  if (!open) return std::unexpected(open.error());
  return impl_->streams.partitions(stream);
}

Result<StreamState> RocksStore::stream_state(StreamId stream, Partition partition) {
  const auto open = impl_->database->hold();
  if (!open) return std::unexpected(open.error());
  return impl_->streams.state(stream, partition);
}

Result<StreamPage> RocksStore::read_stream(StreamId stream, Partition partition,
                                           std::uint64_t after, std::size_t records_max,
                                           std::uint64_t bytes_max) {
  const auto open = impl_->database->hold();
  if (!open) return std::unexpected(open.error());
  return impl_->streams.read(stream, partition, after, records_max, bytes_max);
}

Result<> RocksStore::commit(std::span<const CommitPart* const> parts, WallTime now,
                            Durability durability) {
  const auto open = impl_->database->hold();
  if (!open) return std::unexpected(open.error());
  impl_->database->set_clock(now);
  // Epoch and count together never repeat, also after a crash: 2^40 commits fit in an epoch.
  impl_->batch->begin((impl_->epoch << 40) | ++impl_->commits, now);
  for (const CommitPart* part : parts) {
    impl_->batch->add(*part, impl_->identities.hash(part->pipeline), impl_->dead_letter_next);
  }
  return impl_->batch->write(durability);
}

bool RocksStore::failed() const { return impl_->database->failed(); }

Result<> RocksStore::sync() {
  const auto open = impl_->database->hold();
  if (!open) return std::unexpected(open.error());
  return impl_->database->sync();
}

Result<> RocksStore::reopen() {
  return impl_->database->reopen([this] { return impl_->load_again(); });
}

std::string RocksStore::source_identity(PipelineId pipeline) const {
  return impl_->identities.text(pipeline);
}

Result<> RocksStore::each_object(PipelineId pipeline, const ObjectVisit& visit) const {
  const auto open = impl_->database->hold();
  if (!open) return std::unexpected(open.error());
  return state::each_object(*impl_->database, pipeline, impl_->identities.hash(pipeline), visit);
}

Result<RemovedProgress> RocksStore::reset_progress(PipelineId pipeline) {
  const auto open = impl_->database->hold();
  if (!open) return std::unexpected(open.error());
  RemovedProgress removed;
  const std::string prefix = state::identity_key(pipeline);
  auto scanned = impl_->database->scan(
      impl_->database->progress(), prefix, [&](std::string_view key, std::string_view) {
        const state::ProgressKey kind = state::kind_of_progress_key(key);
        if (kind == state::ProgressKey::log) ++removed.partitions;
        if (kind == state::ProgressKey::object) ++removed.objects;
        return true;
      });
  if (!scanned) return std::unexpected(scanned.error());
  // All longer keys: the prefix itself says which source the pipeline has, which is no progress.
  rocksdb::WriteBatch batch;
  batch.DeleteRange(impl_->database->progress(), prefix + '\0', state::prefix_end(prefix))
      .PermitUncheckedError();
  if (auto written = impl_->database->write(batch, Durability::sync); !written) {
    return std::unexpected(written.error());
  }
  return removed;
}

Result<> RocksStore::each_dead_letter(std::optional<PipelineId> pipeline, WallTime now,
                                      const DeadLetterVisit& visit) const {
  const auto open = impl_->database->hold();
  if (!open) return std::unexpected(open.error());
  return impl_->dead_letters.each(pipeline, now, visit);
}

Result<> RocksStore::mark_replays(std::span<const DeadLetterId> letters, Duration gap) {
  const auto open = impl_->database->hold();
  if (!open) return std::unexpected(open.error());
  return impl_->replays.mark(letters, gap);
}

Result<> RocksStore::unmark_replays(std::span<const DeadLetterId> letters) {
  const auto open = impl_->database->hold();
  if (!open) return std::unexpected(open.error());
  return impl_->replays.unmark(letters);
}

Result<> RocksStore::drop_dead_letters(std::span<const DeadLetterId> letters) {
  const auto open = impl_->database->hold();
  if (!open) return std::unexpected(open.error());
  return impl_->replays.drop(letters);
}

Result<> RocksStore::each_replay(std::optional<PipelineId> pipeline,
                                 const ReplayVisit& visit) const {
  const auto open = impl_->database->hold();
  if (!open) return std::unexpected(open.error());
  return impl_->replays.each(pipeline, visit);
}

Result<> RocksStore::drop_expired(WallTime now) {
  const auto open = impl_->database->hold();
  if (!open) return std::unexpected(open.error());
  impl_->database->set_clock(now);
  if (auto dropped = impl_->marks.drop_expired(now); !dropped) return dropped;
  if (auto looked = impl_->expired.look(now); !looked) return looked;
  if (auto dropped = impl_->streams.drop_files(); !dropped) return dropped;
  std::vector<PipelineId> pipelines;
  for (const auto& [name, number] : impl_->catalog.all(NameKind::pipeline))
    pipelines.emplace_back(number);
  return impl_->dead_letters.drop_expired(pipelines, now);
}

Result<> RocksStore::flush() {
  const auto open = impl_->database->hold();
  if (!open) return std::unexpected(open.error());
  return impl_->database->flush();
}

}  // namespace tidemill
