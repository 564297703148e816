#include "bench/state/arms.h"

#include <fmt/format.h>
#include <rocksdb/write_batch.h>
#include <simdjson.h>

#include <algorithm>
#include <array>
#include <boost/unordered/unordered_flat_map.hpp>
#include <memory>
#include <span>
#include <string_view>
#include <vector>

#include "bench/measure/child_process.h"
#include "core/state/keys.h"
#include "core/state/rocks_store.h"
#include "core/state/values.h"

#define XXH_INLINE_ALL
#include <xxhash.h>

namespace tidemill::bench {
namespace {

constexpr std::size_t batch_events = 1'000;
constexpr WallTime now(1'800'000'000'000'000);

struct Hash {
  using is_avalanching = void;
  std::size_t operator()(std::string_view key) const noexcept {
    return XXH3_64bits(key.data(), key.size());
  }
};

class Clock {
 public:
  Cost stop() const { return {process_cpu_seconds() - cpu_, wall_seconds() - wall_}; }

 private:
  double cpu_ = process_cpu_seconds();
  double wall_ = wall_seconds();
};

class Parser {
 public:
  std::string_view user(const Events& events, std::size_t i) {
    const std::string_view event = events.at(i);
    auto document = parser_.iterate(
        simdjson::padded_string_view(event.data(), event.size(), events.readable_from(i)));
    std::string_view id;
    require(document["user"]["id"].raw_json_token().get(id) == simdjson::SUCCESS, "no user");
    return id.substr(1, id.rfind('"') - 1);
  }

 private:
  simdjson::ondemand::parser parser_;
};

// A store with a table and a pipeline, and the parts of one group after the other.
class WithStore {
 public:
  WithStore(const std::string& folder, const Work& work) : work_(work) {
    auto opened = RocksStore::open(folder, {.engine_id = "bench", .now = now});
    require(opened.has_value(), "cannot open a store in " + folder);
    store_ = std::move(*opened);
    pipeline_ = store_->pipeline("bench", "").value_or(PipelineId());
    table_ = store_->table("rows").value_or(TableId());
    require(store_->progress(pipeline_, "bench:").has_value(), "no progress");
  }

  // `change(i)` is the i-th of `count` changes.
  template <class Change>
  void run(std::size_t count, Change&& change) {
    std::vector<CommitPart> parts((work_.group + batch_events - 1) / batch_events);
    std::vector<const CommitPart*> group;
    for (std::size_t i = 0; i < count;) {
      const std::size_t end = std::min(count, i + work_.group);
      group.clear();
      for (CommitPart& part : parts) {
        part.pipeline = pipeline_;
        part.rows.clear();
        part.rows.reserve(batch_events);
        const std::size_t part_end = std::min(end, i + batch_events);
        for (; i < part_end; ++i) part.rows.push_back(change(i));
        part.logs = {{Partition(0), Offset(i), {}}};
        group.push_back(&part);
        if (i == end) break;
      }
      require(store_->commit(group, now, work_.durability).has_value(), "a commit failed");
    }
    store_.reset();
  }

  TableId table() const { return table_; }

 private:
  const Work work_;
  std::unique_ptr<RocksStore> store_;
  PipelineId pipeline_;
  TableId table_;
};

// Gives a new folder its table and its pipeline, so that all arms begin with the same.
TableId prepare(const std::string& folder) { return WithStore(folder, {}).table(); }

// RocksDB opened as the store opens it, and one batch after the other.
class Bare {
 public:
  Bare(const std::string& folder, const Work& work) : work_(work), table_(prepare(folder)) {
    begin_ = state::text_key_begin(table_);
    progress_key_ = state::log_key(PipelineId(1), state::identity_hash("bench:"), Partition(0));
    auto opened = state::Database::open(folder + "/state", folder, {}, state::IfMissing::fail);
    require(opened.has_value(), "cannot open the store in " + folder);
    database_ = std::move(*opened);
    family_ = database_->table(table_);
  }

  void merge(std::string_view key, std::int64_t count, std::uint64_t version) {
    value_.clear();
    state::append_row_value(
        value_, {.row_version = version, .number = state::Number{MergeKind::count, count}});
    const std::array<rocksdb::Slice, 3> pieces = {begin_, key, state::text_key_end};
    const rocksdb::Slice value = value_;
    batch_.Merge(family_, {pieces.data(), 3}, {&value, 1}).PermitUncheckedError();
  }

  void put(std::string_view key, std::string_view data, std::uint64_t version) {
    value_.clear();
    state::append_row_header(value_, {.row_version = version});
    const std::array<rocksdb::Slice, 3> pieces = {begin_, key, state::text_key_end};
    const std::array<rocksdb::Slice, 2> body = {value_, data};
    batch_.Put(family_, {pieces.data(), 3}, {body.data(), 2}).PermitUncheckedError();
  }

  void write(std::size_t next) {
    value_.clear();
    state::append_log_progress(value_, {Partition(0), Offset(next), {}});
    batch_.Put(database_->progress(), progress_key_, value_).PermitUncheckedError();
    require(database_->write(batch_, work_.durability).has_value(), "a write failed");
    batch_.Clear();
  }

  void close() { database_.reset(); }

 private:
  const Work work_;
  std::unique_ptr<state::Database> database_;
  rocksdb::ColumnFamilyHandle* family_ = nullptr;
  rocksdb::WriteBatch batch_;
  const TableId table_;
  std::string begin_;
  std::string progress_key_;
  std::string value_;
};

RowChange counted(TableId table, std::size_t event, std::string_view key) {
  return {.table = table,
          .kind = EffectKind::merge_row,
          .merge = MergeKind::count,
          .event = static_cast<std::uint32_t>(event % batch_events),
          .key = key};
}

// A fresh 16 byte key, and 100 bytes that differ from row to row.
class Row {
 public:
  void draw() {
    for (std::size_t at = 0; at < key_.size(); at += 8) fill(key_.data() + at, draws_.next());
    fill(data_.data(), draws_.next());
  }
  std::string_view key() const { return {key_.data(), key_.size()}; }
  std::string_view data() const { return data_; }

 private:
  // Printable, so that no byte needs an escape.
  static void fill(char* to, std::uint64_t bits) {
    for (int i = 0; i < 8; ++i) to[i] = static_cast<char>('!' + ((bits >> (8 * i)) & 63));
  }

  Draws draws_;
  std::array<char, 16> key_{};
  std::string data_ = std::string(100, '.');
};

}  // namespace

Cost count_with_store(const std::string& folder, const Events& events, const Work& work) {
  prepare(folder);
  WithStore store(folder, work);
  Parser parser;
  const Clock clock;
  store.run(events.size(),
            [&](std::size_t i) { return counted(store.table(), i, parser.user(events, i)); });
  return clock.stop();
}

Cost count_bare(const std::string& folder, const Events& events, const Work& work) {
  Bare bare(folder, work);
  Parser parser;
  boost::unordered_flat_map<std::string_view, std::int64_t, Hash> counts;
  const Clock clock;
  for (std::size_t i = 0; i < events.size();) {
    const std::size_t end = std::min(events.size(), i + work.group);
    for (; i < end; ++i) ++counts[parser.user(events, i)];
    for (const auto& [key, count] : counts) bare.merge(key, count, i);
    counts.clear();
    bare.write(i);
  }
  bare.close();
  return clock.stop();
}

Cost merge_with_store(const std::string& folder, const Events& events, const Work& work) {
  prepare(folder);
  WithStore store(folder, work);
  const Clock clock;
  store.run(events.size(),
            [&](std::size_t i) { return counted(store.table(), i, events.users()[i]); });
  return clock.stop();
}

Cost merge_bare(const std::string& folder, const Events& events, const Work& work) {
  Bare bare(folder, work);
  const Clock clock;
  for (std::size_t i = 0; i < events.size();) {
    const std::size_t end = std::min(events.size(), i + work.group);
    for (; i < end; ++i) bare.merge(events.users()[i], 1, end);
    bare.write(i);
  }
  bare.close();
  return clock.stop();
}

// The rows of one group are drawn into memory that both arms keep: their text must outlive a
// change.
Cost put_with_store(const std::string& folder, std::size_t rows, const Work& work) {
  prepare(folder);
  WithStore store(folder, work);
  std::vector<Row> group(work.group);
  Row row;
  const Clock clock;
  store.run(rows, [&](std::size_t i) {
    row.draw();
    Row& kept = group[i % work.group];
    kept = row;
    return RowChange{.table = store.table(),
                     .kind = EffectKind::put_row,
                     .event = static_cast<std::uint32_t>(i % batch_events),
                     .key = kept.key(),
                     .data = kept.data()};
  });
  return clock.stop();
}

Cost put_bare(const std::string& folder, std::size_t rows, const Work& work) {
  Bare bare(folder, work);
  std::vector<Row> group(work.group);
  Row row;
  const Clock clock;
  for (std::size_t i = 0; i < rows;) {
    const std::size_t end = std::min(rows, i + work.group);
    for (; i < end; ++i) {
      row.draw();
      Row& kept = group[i % work.group];
      kept = row;
      bare.put(kept.key(), kept.data(), end);
    }
    bare.write(i);
  }
  bare.close();
  return clock.stop();
}

std::string rows_of(const std::string& folder) {
  auto store = RocksStore::open(
      folder, {.engine_id = "bench", .now = now, .missing = state::IfMissing::fail});
  require(store.has_value(), "no store in " + folder);
  const auto rows = (*store)->find_table("rows");
  require(rows.has_value(), "no table in " + folder);
  std::uint64_t count = 0;
  std::uint64_t sum = 0;
  const auto scanned =
      (*store)->each_row(*rows, "", now, [&](std::string_view key, const tidemill::Row& row) {
        ++count;
        sum += XXH3_64bits_withSeed(row.body.data(), row.body.size(), Hash{}(key));
        return true;
      });
  require(scanned.has_value(), "cannot read the rows in " + folder);
  return fmt::format("{} rows, {:016x}", count, sum);
}

}  // namespace tidemill::bench
