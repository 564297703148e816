#include "core/state/change_feed.h"

#include <rocksdb/write_batch.h>

#include "core/base/json_line.h"
#include "core/state/keys.h"
#include "core/state/merge_operator.h"

namespace tidemill::state {
namespace {

std::string stored(const RowValue& row) {
  std::string bytes;
  append_row_value(bytes, row);
  return bytes;
}

void add_image(JsonLine& line, std::string_view name, const std::optional<std::string>& body) {
  if (body) {
    line.body(name, *body);
  } else {
    line.raw(name, "null");
  }
}

}  // namespace

void ChangeFeed::watch(TableId table, std::string name, StreamId stream) {
  const std::lock_guard lock(mutex_);
  next_.insert_or_assign(table, Watched{std::move(name), stream});
}

void ChangeFeed::begin(std::uint64_t row_version, WallTime now) {
  {
    const std::lock_guard lock(mutex_);
    if (next_.size() != watched_.size()) watched_ = next_;
  }
  rows_.clear();
  merged_.clear();
  row_version_ = row_version;
  now_ = now;
}

Result<ChangeFeed::Touched*> ChangeFeed::touch(const Watched& watched, const RowChange& change) {
  const auto window = change.window ? std::optional(change.window->start) : std::nullopt;
  const auto [place, first] =
      rows_.try_emplace({change.table, text_row_key(change.table, change.key, window)});
  if (!first) return &place->second;
  place->second.key = change.key;
  rocksdb::ColumnFamilyHandle* const family = database_.table(change.table);
  std::string bytes;
  const auto found = database_.get(family, place->first.second, bytes);
  if (!found) return std::unexpected(found.error());
  if (!*found) return &place->second;
  if (!read_row_value(bytes))
    return fail(Fault::transient, "a row of table " + watched.name + " is damaged");
  place->second.now = std::move(bytes);
  return &place->second;
}

Result<> ChangeFeed::note(rocksdb::WriteBatch& batch, const RowChange& change) {
  const auto watched = watched_.find(change.table);
  if (watched == watched_.end()) return {};
  if (change.window && change.window->announced) return {};
  auto touched = touch(watched->second, change);
  if (!touched) return std::unexpected(touched.error());
  Touched& row = **touched;
  if (change.kind == EffectKind::merge_row) {
    const RowValue operand = merge_operand(change, row_version_, now_);
    if (!row.merged) {
      row.merged = true;
      row.before = row.now;
      merged_.emplace_back(change.table, &row);
    }
    const std::string under = row.now.value_or("");
    auto value = row.now ? read_row_value(under) : std::nullopt;
    if (value) {
      fold(*value, operand);
    } else {
      value = operand;
    }
    value->written = {};
    row.now = stored(*value);
    row.time = std::max(row.time, change.time);
    return {};
  }
  record_merges(batch, watched->second, row);
  const std::optional<std::string> before = std::move(row.now);
  row.now.reset();
  if (change.kind == EffectKind::delete_row) {
    if (image(before))
      record(batch, watched->second, change.key, "delete", before, {}, change.time);
    return {};
  }
  row.now = stored({.row_version = row_version_,
                    .time = change.time,
                    .expires = change.expires,
                    .bytes = change.data});
  record(batch, watched->second, change.key, "put", before, row.now, change.time);
  return {};
}

void ChangeFeed::record_merges(rocksdb::WriteBatch& batch, const Watched& watched, Touched& row) {
  if (!row.merged) return;
  row.merged = false;
  record(batch, watched, row.key, "merge", row.before, row.now, row.time);
  row.before.reset();
  row.time = {};
}

void ChangeFeed::closed(rocksdb::WriteBatch& batch, TableId table, std::string_view key,
                        const RowValue& row) {
  const auto watched = watched_.find(table);
  if (watched == watched_.end()) return;
  record(batch, watched->second, key, "close", {}, stored(row), row.time);
}

void ChangeFeed::finish(rocksdb::WriteBatch& batch) {
  for (const auto& [table, row] : merged_) record_merges(batch, watched_.at(table), *row);
}

std::optional<std::string> ChangeFeed::image(const std::optional<std::string>& stored) const {
  if (!stored) return std::nullopt;
  const auto row = read_row_value(*stored);
  if (!row || row->expired(now_)) return std::nullopt;
  return row_body(*row);
}

void ChangeFeed::record(rocksdb::WriteBatch& batch, const Watched& watched, std::string_view key,
                        std::string_view kind, const std::optional<std::string>& before,
                        const std::optional<std::string>& after, EventTime time) {
  JsonLine line;
  line.text("table", watched.name).text("key", key).text("kind", kind);
  add_image(line, "old", image(before));
  add_image(line, "new", image(after));
  const std::string data = line.finish();
  const std::string source = "table:" + watched.name;
  const std::string type = "tidemill.table." + std::string(kind);
  // The position is what tells one change from another, and it is not known before this is put.
  const auto state = streams_.state(watched.stream, Partition(0));
  const std::string id = source + "/" + std::to_string(state ? state->next : 0);
  const StreamAppend record{.stream = watched.stream,
                            .time = time.value == 0 ? EventTime(now_.value) : time,
                            .id = id,
                            .source = source,
                            .type = type,
                            .subject = key,
                            .key = key,
                            .group = {},
                            .content_type = "application/json",
                            .data = data,
                            .extensions = {}};
  streams_.append(batch, {&record, 1}, now_);
}

}  // namespace tidemill::state
