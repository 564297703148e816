#include "core/state/commit_batch.h"

#include <rocksdb/db.h>
#include <rocksdb/write_batch.h>

#include <array>
#include <boost/unordered/unordered_flat_map.hpp>
#include <cassert>
#include <optional>
#include <string>
#include <vector>

#include "core/state/byte_codec.h"
#include "core/state/intents.h"
#include "core/state/keys.h"
#include "core/state/merge_operator.h"
#include "core/state/meta.h"
#include "core/state/values.h"

#define XXH_INLINE_ALL
#include <xxhash.h>

namespace tidemill::state {
namespace {

// What grew beyond these for one large group is given back instead of being kept.
constexpr std::size_t kept_batch_bytes = 4u << 20;
constexpr std::size_t kept_merge_places = 64u << 10;

struct RowRef {
  TableId table;
  std::string_view key;
  std::optional<EventTime> window{};
  friend bool operator==(const RowRef&, const RowRef&) = default;
};

RowRef row_of(const RowChange& change) {
  return {change.table, change.key,
          change.window ? std::optional(change.window->start) : std::nullopt};
}

struct RowRefHash {
  using is_avalanching = void;
  std::size_t operator()(const RowRef& row) const noexcept {
    const std::uint64_t window = row.window ? row.window->value : 0;
    return XXH3_64bits_withSeed(row.key.data(), row.key.size(), row.table.value ^ window);
  }
};

struct TableTarget {
  rocksdb::ColumnFamilyHandle* family = nullptr;
  bool expires = false;  // Some row of it does.
  std::string key_begin;
};

// The key and the value of one row, in pieces that point at the caller's bytes. RocksDB copies them
// into its batch; nothing is put together before.
class RowPieces {
 public:
  RowPieces(const TableTarget& table, const RowRef& row, std::string& scratch) {
    std::string_view key = row.key;
    if (key.find('\0') != std::string_view::npos) {
      scratch.clear();
      append_escaped(scratch, key);
      key = scratch;
    }
    if (row.window) append_big_endian(window_, row.window->value);
    pieces_ = {table.key_begin, key, text_key_end, window_};
  }
  RowPieces(const RowPieces&) = delete;
  RowPieces& operator=(const RowPieces&) = delete;

  rocksdb::SliceParts parts() const { return {pieces_.data(), static_cast<int>(pieces_.size())}; }

 private:
  std::string window_;  // Short enough to need no memory of its own.
  std::array<rocksdb::Slice, 4> pieces_;
};

// WriteBatch can only fail at limits (max_bytes, save points) that are not set here.
void must(const rocksdb::Status& status) {
  assert(status.ok());
  status.PermitUncheckedError();
}

}  // namespace

struct CommitBatch::Impl {
  explicit Impl(const Parts& parts)
      : database(parts.database),
        marks(parts.marks),
        outboxes(parts.outboxes),
        replays(parts.replays),
        expired(parts.expired),
        streams(parts.streams),
        changes(parts.changes),
        windows(parts.windows) {}

  void add_row(const RowChange& row);
  void add_letters(const CommitPart& part, std::uint64_t& dead_letter_next);
  void fold_merge(const RowChange& row);
  Result<> finish_windows();
  void write_merges();
  TableTarget& target(TableId table);

  Database& database;
  Marks& marks;
  Outboxes& outboxes;
  Replays& replays;
  ExpiredNumbers& expired;
  Streams& streams;
  ChangeFeed& changes;
  Windows& windows;
  Result<> outcome;  // Of what had to be read.
  rocksdb::WriteBatch batch;
  std::uint64_t row_version = 0;
  WallTime now;
  std::vector<TableTarget> targets;  // By table id; ids are small.
  // Merges not yet in `batch`. Their keys are views of the parts.
  boost::unordered_flat_map<RowRef, RowValue, RowRefHash> merges;
  std::string key;
  std::string value;
};

CommitBatch::CommitBatch(Parts parts) : impl_(std::make_unique<Impl>(parts)) {}
CommitBatch::~CommitBatch() = default;

void CommitBatch::begin(std::uint64_t row_version, WallTime now) {
  if (impl_->batch.Data().capacity() > kept_batch_bytes) impl_->batch = rocksdb::WriteBatch();
  impl_->batch.Clear();
  if (impl_->merges.bucket_count() > kept_merge_places) impl_->merges = {};
  impl_->merges.clear();
  impl_->row_version = row_version;
  impl_->now = now;
  impl_->expired.remove(impl_->batch, now);
  impl_->changes.begin(row_version, now);
  impl_->windows.begin();
  impl_->outcome = {};
}

void CommitBatch::add(const CommitPart& part, std::uint64_t identity,
                      std::uint64_t& dead_letter_next) {
  for (const RowChange& row : part.rows) impl_->add_row(row);
  for (const WindowsOver& over : part.windows_over) impl_->windows.advance(over);

  rocksdb::WriteBatch& batch = impl_->batch;
  std::string& key = impl_->key;
  std::string& value = impl_->value;
  rocksdb::ColumnFamilyHandle* const progress = impl_->database.progress();
  if (!part.logs.empty()) {
    key = log_prefix(part.pipeline, identity);
    const std::size_t prefix = key.size();
    for (const LogProgress& log : part.logs) {
      key.resize(prefix);
      append_big_endian(key, log.partition.value);
      value.clear();
      append_log_progress(value, log);
      must(batch.Put(progress, key, value));
    }
  }
  if (!part.objects.empty()) {
    key = object_prefix(part.pipeline, identity);
    const std::size_t prefix = key.size();
    for (const ObjectProgress& object : part.objects) {
      key.resize(prefix);
      key += object.subject;
      if (object.version.empty()) {
        must(batch.Delete(progress, key));
      } else {
        must(batch.Put(progress, key, text_value(object.version)));
      }
    }
  }
  if (part.ends_intent) must(batch.Delete(progress, intent_key(part.pipeline)));
  if (part.intent) {
    value.clear();
    append_intent(value, *part.intent);
    must(batch.Put(progress, intent_key(part.pipeline), value));
  }
  impl_->marks.append(batch, part.pipeline, part.settled_ids, part.replies, impl_->now);
  impl_->outboxes.append(batch, part.queued);
  impl_->outboxes.remove(batch, part.delivered);
  impl_->streams.trim(batch, part.trimmed);
  impl_->streams.remove(batch, part.removed);
  impl_->streams.append(batch, part.appended, impl_->now);
  impl_->add_letters(part, dead_letter_next);
}

void CommitBatch::Impl::add_letters(const CommitPart& part, std::uint64_t& dead_letter_next) {
  const std::uint64_t before = dead_letter_next;
  for (const DeadLetter& letter : part.dead_letters) {
    const bool again = letter.number != 0;
    const DeadLetterId id{part.pipeline, again ? letter.number : dead_letter_next++};
    value.clear();
    append_dead_letter(value, letter);
    must(batch.Put(database.dead_letters(), dead_letter_key(id.pipeline, id.number), value));
    if (again) replays.unmark(batch, id);
  }
  for (const std::uint64_t number : part.replayed) {
    must(batch.Delete(database.dead_letters(), dead_letter_key(part.pipeline, number)));
    replays.unmark(batch, {part.pipeline, number});
  }
  if (dead_letter_next != before) {
    // In the same write: a number that was given away is never given again, even when retention
    // has removed its letter.
    must(batch.Put(database.meta(), dead_letter_next_key, integer_value(dead_letter_next)));
  }
}

Result<> CommitBatch::write(Durability durability) {
  if (impl_->outcome) impl_->outcome = impl_->finish_windows();
  if (!impl_->outcome) return impl_->database.give_up(impl_->outcome.error());
  impl_->write_merges();
  impl_->changes.finish(impl_->batch);
  impl_->streams.finish(impl_->batch);
  return impl_->database.write(impl_->batch, durability);
}

// Before the merges are written, which may be of rows that go.
Result<> CommitBatch::Impl::finish_windows() {
  const Windows::Pending pending{
      .find = [this](TableId table, const TextRow& row) -> const RowValue* {
        const auto found = merges.find(RowRef{table, row.text, row.window});
        return found == merges.end() ? nullptr : &found->second;
      },
      .drop = [this](TableId table,
                     const TextRow& row) { merges.erase(RowRef{table, row.text, row.window}); }};
  return windows.finish(batch, pending);
}

void CommitBatch::Impl::add_row(const RowChange& row) {
  if (outcome) outcome = changes.note(batch, row);
  if (row.window) windows.note(row);
  if (row.expires.value != 0) {
    TableTarget& table = target(row.table);
    if (!table.expires) expired.watch(row.table);
    table.expires = true;
  }
  if (row.kind == EffectKind::merge_row) return fold_merge(row);
  // What was folded so far lies before this change, which overwrites it.
  if (!merges.empty()) merges.erase(row_of(row));
  const TableTarget& table = target(row.table);
  const RowPieces pieces(table, row_of(row), key);
  if (row.kind == EffectKind::delete_row) {
    must(batch.Delete(table.family, pieces.parts()));
    return;
  }
  assert(row.kind == EffectKind::put_row);
  value.clear();
  append_row_header(value,
                    RowValue{.row_version = row_version, .time = row.time, .expires = row.expires});
  const std::array<rocksdb::Slice, 2> body = {value, row.data};
  must(batch.Put(table.family, pieces.parts(), {body.data(), static_cast<int>(body.size())}));
}

void CommitBatch::Impl::fold_merge(const RowChange& row) {
  const RowValue merge = merge_operand(row, row_version, now);
  const auto [place, added] = merges.try_emplace(row_of(row), merge);
  if (added) return;
  if (fold_together(place->second, merge)) {
    fold(place->second, merge);
    return;
  }
  // Another kind on the same row, or the row expired in between: order matters, so what was folded
  // is written first.
  const RowRef ref = place->first;
  const TableTarget& table = target(ref.table);
  const RowPieces pieces(table, ref, key);
  value.clear();
  append_row_value(value, place->second);
  const rocksdb::Slice body = value;
  must(batch.Merge(table.family, pieces.parts(), {&body, 1}));
  place->second = merge;
}

void CommitBatch::Impl::write_merges() {
  for (const auto& [ref, merge] : merges) {
    const TableTarget& table = target(ref.table);
    const RowPieces pieces(table, ref, key);
    value.clear();
    append_row_value(value, merge);
    const rocksdb::Slice body = value;
    must(batch.Merge(table.family, pieces.parts(), {&body, 1}));
  }
  merges.clear();
}

TableTarget& CommitBatch::Impl::target(TableId table) {
  if (table.value >= targets.size()) targets.resize(table.value + std::size_t{1});
  TableTarget& target = targets[table.value];
  if (target.family == nullptr) {
    target.family = database.table(table);
    assert(target.family != nullptr && "the table was never asked for by name");
    target.key_begin = text_key_begin(table);
  }
  return target;
}

}  // namespace tidemill::state
