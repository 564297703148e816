// The part of RocksStore that finds tables, pipelines and streams by their names, and reads rows.
#include <fmt/format.h>

#include <cassert>
#include <utility>

#include "core/state/keys.h"
#include "core/state/rocks_store_impl.h"
#include "core/state/values.h"

namespace tidemill {

using state::NameKind;

namespace {

std::unexpected<Error> damaged(std::string_view what) {
  return fail(Fault::transient, fmt::format("{} is damaged", what));
}

Row to_row(const state::RowValue& value, std::optional<EventTime> window) {
  return Row{.body = state::row_body(value),
             .time = value.time,
             .version = value.row_version,
             .merge_refused = value.merge_refused,
             .window = window};
}

}  // namespace

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

std::vector<std::pair<std::string, StreamId>> RocksStore::streams(StreamKind kind) const {
  std::vector<std::pair<std::string, StreamId>> streams;
  for (auto& [name, number] : impl_->catalog.all(static_cast<NameKind>(kind))) {
    streams.emplace_back(std::move(name), StreamId(number));
  }
  return streams;
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

Result<std::optional<Row>> RocksStore::Impl::read_row(TableId table, std::string_view text,
                                                      std::optional<EventTime> window,
                                                      WallTime now) const {
  rocksdb::ColumnFamilyHandle* const family = database->table(table);
  assert(family != nullptr);
  std::string bytes;
  const auto found = database->get(family, state::text_row_key(table, text, window), bytes);
  if (!found) return std::unexpected(found.error());
  if (!*found) return std::optional<Row>();
  const auto value = state::read_row_value(bytes);
  if (!value) return damaged(fmt::format("row \"{}\"", state::row_name(text, window)));
  if (value->expired(now)) return std::optional<Row>();
  return to_row(*value, window);
}

// Any text can be the key of a row, also one that reads like the name of a row of a window.
Result<std::string> RocksStore::Impl::key_of_name(TableId table, std::string_view name) const {
  std::string plain = state::text_row_key(table, name);
  const auto row = state::window_row_named(name);
  if (!row) return plain;
  std::string bytes;
  const auto found = database->get(database->table(table), plain, bytes);
  if (!found) return std::unexpected(found.error());
  return *found ? std::move(plain) : state::text_row_key(table, row->text, row->window);
}

Result<std::optional<Row>> RocksStore::row(TableId table, std::string_view key,
                                           WallTime now) const {
  const auto open = impl_->database->hold();
  if (!open) return std::unexpected(open.error());
  return impl_->read_row(table, key, std::nullopt, now);
}

Result<std::optional<Row>> RocksStore::row_named(TableId table, std::string_view name,
                                                 WallTime now) const {
  const auto open = impl_->database->hold();
  if (!open) return std::unexpected(open.error());
  auto plain = impl_->read_row(table, name, std::nullopt, now);
  const auto row = state::window_row_named(name);
  if (!plain || *plain || !row) return plain;
  return impl_->read_row(table, row->text, row->window, now);
}

Result<> RocksStore::each_row(TableId table, std::string_view prefix, std::string_view after,
                              WallTime now, const RowVisit& visit) const {
  const auto open = impl_->database->hold();
  if (!open) return std::unexpected(open.error());
  rocksdb::ColumnFamilyHandle* const family = impl_->database->table(table);
  assert(family != nullptr);
  const auto from = impl_->key_of_name(table, after);
  if (!from) return std::unexpected(from.error());
  Result<> outcome;
  auto scanned = impl_->database->scan(
      family, state::text_row_prefix(table, prefix), *from,
      [&](std::string_view key, std::string_view bytes) {
        const auto row = state::read_text_row_key(key);
        const auto value = state::read_row_value(bytes);
        if (!row || !value) {
          outcome = damaged(row ? fmt::format("row \"{}\"", state::row_name(row->text, row->window))
                                : "the key of a row");
          return false;
        }
        const bool behind = after.empty() || key != *from;
        return !behind || value->expired(now) || visit(row->text, to_row(*value, row->window));
      });
  return scanned ? outcome : scanned;
}

}  // namespace tidemill
