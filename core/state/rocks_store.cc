#include "core/state/rocks_store.h"

#include <fmt/format.h>
#include <rocksdb/db.h>
#include <rocksdb/write_batch.h>

#include <cassert>
#include <map>
#include <mutex>
#include <utility>

#include "core/state/byte_codec.h"
#include "core/state/catalog.h"
#include "core/state/commit_batch.h"
#include "core/state/keys.h"
#include "core/state/meta.h"
#include "core/state/stored_progress.h"
#include "core/state/values.h"

namespace tidemill {

using state::NameKind;

namespace {

std::unexpected<Error> damaged(std::string_view what) {
  return fail(Fault::transient, fmt::format("{} is damaged", what));
}

Row to_row(const state::RowValue& value) {
  return Row{.body = state::row_body(value),
             .time = value.time,
             .version = value.row_version,
             .merge_refused = value.merge_refused};
}

}  // namespace

struct RocksStore::Impl {
  Impl(std::unique_ptr<state::Database> d, state::Meta m, state::Durable each_commit)
      : database(std::move(d)),
        meta(std::move(m)),
        catalog(*database),
        identities(*database),
        batch(*database),
        durable(each_commit) {}

  std::unique_ptr<state::Database> database;  // First: everything below refers to it.
  state::Meta meta;  // meta.dead_letter_next belongs to the thread that commits.
  state::Catalog catalog;
  state::Identities identities;
  state::CommitBatch batch;
  std::uint64_t commits = 0;     // Since the folder was opened.
  const state::Durable durable;  // Each commit.
};

RocksStore::RocksStore(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
RocksStore::~RocksStore() = default;

Result<std::unique_ptr<RocksStore>> RocksStore::open(const std::filesystem::path& folder,
                                                     Options options) {
  const std::string shown_as = folder.string();
  auto database =
      state::Database::open(folder / "state", shown_as, options.limits, options.missing);
  if (!database) return std::unexpected(database.error());
  auto meta = state::begin_epoch(**database, shown_as, options.engine_id);
  if (!meta) return std::unexpected(meta.error());

  auto impl =
      std::make_unique<Impl>(std::move(*database), std::move(*meta),
                             options.sync ? state::Durable::now : state::Durable::with_next_commit);
  if (auto loaded = impl->catalog.load(); !loaded) return std::unexpected(loaded.error());
  // A table whose family is missing was named in the moment of a crash; it gets its family now.
  for (const auto& [name, number] : impl->catalog.all(NameKind::table)) {
    if (auto made = impl->database->make_table(TableId(number)); !made) {
      return std::unexpected(made.error());
    }
  }
  for (const auto& [name, number] : impl->catalog.all(NameKind::pipeline)) {
    if (auto loaded = impl->identities.load(PipelineId(number)); !loaded) {
      return std::unexpected(loaded.error());
    }
  }
  std::unique_ptr<RocksStore> store(new RocksStore(std::move(impl)));
  if (auto dropped = store->drop_expired(options.now); !dropped) {
    return std::unexpected(dropped.error());
  }
  return store;
}

std::string RocksStore::library_version() { return state::Database::library_version(); }

const std::string& RocksStore::engine_id() const { return impl_->meta.engine_id; }
std::uint64_t RocksStore::epoch() const { return impl_->meta.epoch; }

Result<PipelineId> RocksStore::pipeline(std::string_view name, std::string_view renamed_from) {
  auto number = renamed_from.empty()
                    ? impl_->catalog.number(NameKind::pipeline, name)
                    : impl_->catalog.number_renamed(NameKind::pipeline, name, renamed_from);
  if (!number) return std::unexpected(number.error());
  return PipelineId(*number);
}

Result<TableId> RocksStore::table(std::string_view name) {
  auto number = impl_->catalog.number(NameKind::table, name);
  if (!number) return std::unexpected(number.error());
  const TableId table(*number);
  if (auto made = impl_->database->make_table(table); !made) return std::unexpected(made.error());
  return table;
}

Result<std::unique_ptr<Progress>> RocksStore::progress(PipelineId pipeline,
                                                       std::string_view source_identity) {
  if (auto set = impl_->identities.set(pipeline, source_identity); !set) {
    return std::unexpected(set.error());
  }
  // Read once here, where an error can be answered; Progress itself cannot fail.
  if (auto logs = log_progress(pipeline); !logs) return std::unexpected(logs.error());
  return std::make_unique<state::StoredProgress>(*impl_->database, pipeline,
                                                 state::identity_hash(source_identity));
}

Result<std::vector<LogProgress>> RocksStore::log_progress(PipelineId pipeline) {
  return state::read_log_progress(*impl_->database, pipeline, impl_->identities.hash(pipeline));
}

Result<> RocksStore::commit(std::span<const CommitPart* const> parts, WallTime) {
  // Epoch and count together never repeat, also after a crash: 2^40 commits fit in an epoch.
  impl_->batch.begin((impl_->meta.epoch << 40) | ++impl_->commits);
  for (const CommitPart* part : parts) {
    impl_->batch.add(*part, impl_->identities.hash(part->pipeline), impl_->meta.dead_letter_next);
  }
  return impl_->batch.write(impl_->durable);
}

std::vector<std::pair<std::string, TableId>> RocksStore::tables() const {
  std::vector<std::pair<std::string, TableId>> tables;
  for (auto& [name, number] : impl_->catalog.all(NameKind::table)) {
    tables.emplace_back(std::move(name), TableId(number));
  }
  return tables;
}

std::vector<std::pair<std::string, PipelineId>> RocksStore::pipelines() const {
  std::vector<std::pair<std::string, PipelineId>> pipelines;
  for (auto& [name, number] : impl_->catalog.all(NameKind::pipeline)) {
    pipelines.emplace_back(std::move(name), PipelineId(number));
  }
  return pipelines;
}

std::optional<TableId> RocksStore::find_table(std::string_view name) const {
  const auto number = impl_->catalog.find(NameKind::table, name);
  if (!number) return std::nullopt;
  return TableId(*number);
}

std::optional<PipelineId> RocksStore::find_pipeline(std::string_view name) const {
  const auto number = impl_->catalog.find(NameKind::pipeline, name);
  if (!number) return std::nullopt;
  return PipelineId(*number);
}

Result<std::optional<Row>> RocksStore::row(TableId table, std::string_view key,
                                           WallTime now) const {
  rocksdb::ColumnFamilyHandle* const family = impl_->database->table(table);
  assert(family != nullptr);
  std::string bytes;
  const auto found = impl_->database->get(family, state::text_row_key(table, key), bytes);
  if (!found) return std::unexpected(found.error());
  if (!*found) return std::optional<Row>();
  const auto value = state::read_row_value(bytes);
  if (!value) return damaged(fmt::format("row \"{}\"", key));
  if (value->expired(now)) return std::optional<Row>();
  return to_row(*value);
}

Result<> RocksStore::each_row(TableId table, std::string_view prefix, std::string_view after,
                              WallTime now, const RowVisit& visit) const {
  rocksdb::ColumnFamilyHandle* const family = impl_->database->table(table);
  assert(family != nullptr);
  Result<> outcome;
  auto scanned = impl_->database->scan(
      family, state::text_row_prefix(table, prefix), state::text_row_key(table, after),
      [&](std::string_view key, std::string_view bytes) {
        const auto text = state::text_of_row_key(key);
        const auto value = state::read_row_value(bytes);
        if (!text || !value) {
          outcome = damaged(text ? fmt::format("row \"{}\"", *text) : "the key of a row");
          return false;
        }
        const bool behind = after.empty() || *text != after;
        return !behind || value->expired(now) || visit(*text, to_row(*value));
      });
  return scanned ? outcome : scanned;
}

std::string RocksStore::source_identity(PipelineId pipeline) const {
  return impl_->identities.text(pipeline);
}

Result<> RocksStore::each_object(PipelineId pipeline, const ObjectVisit& visit) const {
  return state::each_object(*impl_->database, pipeline, impl_->identities.hash(pipeline), visit);
}

Result<RemovedProgress> RocksStore::reset_progress(PipelineId pipeline) {
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
  if (auto written = impl_->database->write(batch, state::Durable::now); !written) {
    return std::unexpected(written.error());
  }
  return removed;
}

Result<> RocksStore::each_dead_letter(std::optional<PipelineId> pipeline, WallTime now,
                                      const DeadLetterVisit& visit) const {
  Result<> outcome;
  auto scanned = impl_->database->scan(impl_->database->dead_letters(),
                                       pipeline ? state::dead_letter_prefix(*pipeline) : "",
                                       [&](std::string_view key, std::string_view bytes) {
                                         const auto place = state::decode_dead_letter_key(key);
                                         const auto letter = state::read_dead_letter(bytes);
                                         if (!place || !letter) {
                                           outcome = damaged("a dead letter");
                                           return false;
                                         }
                                         if (letter->expires.value != 0 && letter->expires <= now)
                                           return true;
                                         return visit(place->pipeline, place->sequence, *letter);
                                       });
  return scanned ? outcome : scanned;
}

Result<> RocksStore::drop_expired(WallTime now) {
  rocksdb::ColumnFamilyHandle* const family = impl_->database->dead_letters();
  rocksdb::WriteBatch batch;
  for (const auto& [name, number] : impl_->catalog.all(NameKind::pipeline)) {
    auto scanned =
        impl_->database->scan(family, state::dead_letter_prefix(PipelineId(number)),
                              [&](std::string_view key, std::string_view bytes) {
                                const auto letter = state::read_dead_letter(bytes);
                                // Left for each_dead_letter() to report.
                                if (!letter) return false;
                                if (letter->expires.value == 0 || letter->expires > now) {
                                  return false;
                                }
                                batch.Delete(family, key).PermitUncheckedError();
                                return true;
                              });
    if (!scanned) return scanned;
  }
  if (batch.Count() == 0) return {};
  return impl_->database->write(batch, state::Durable::with_next_commit);
}

Result<> RocksStore::flush() { return impl_->database->flush(); }

}  // namespace tidemill
