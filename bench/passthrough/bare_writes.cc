#include "bench/passthrough/bare_writes.h"

#include <fmt/format.h>
#include <rocksdb/write_batch.h>

#include <algorithm>
#include <utility>
#include <vector>

#include "bench/measure/child_process.h"
#include "connectors/generate/row_payload.h"
#include "core/state/keys.h"
#include "core/state/rocks_store.h"
#include "core/state/values.h"

#define XXH_INLINE_ALL
#include <xxhash.h>

namespace tidemill::bench {
namespace {

constexpr std::uint64_t seed = 1;  // The generate source's default.

// The rows of one batch as they go to RocksDB.
class Rows {
 public:
  Rows(const Load& load, TableId table)
      : payload_(seed, load.bytes, load.keys), table_(table), room_(payload_.bytes_max(), '\0') {}

  void make(std::uint64_t begin, std::uint64_t end) {
    rows_.clear();
    for (std::uint64_t index = begin; index < end; ++index) {
      const auto written = payload_.write(index, room_.data());
      std::string value;
      state::append_row_header(value, {.row_version = begin, .time = EventTime(end)});
      value += written.text;
      rows_.emplace_back(state::text_row_key(table_, written.key), std::move(value));
    }
  }

  const std::vector<std::pair<std::string, std::string>>& get() const { return rows_; }

 private:
  generate::RowPayload payload_;
  TableId table_;
  std::string room_;
  std::vector<std::pair<std::string, std::string>> rows_;
};

}  // namespace

Preparation bare_writes(const std::string& folder, const Load& load) {
  // The store first: it gives the folder what rows_of() looks for, the table under its name.
  PipelineId pipeline;
  TableId table;
  {
    auto store = RocksStore::open(folder, {.engine_id = "bench", .now = {}, .limits = {}});
    require(store.has_value(), "cannot make a store in " + folder);
    pipeline = (*store)->pipeline("events", "").value_or(PipelineId());
    table = (*store)->table("rows").value_or(TableId());
  }
  auto database = state::Database::open(folder + "/state", folder, {}, state::IfMissing::fail);
  require(database.has_value(), "cannot open the store in " + folder);
  const std::string progress_key = state::log_key(pipeline, 1, Partition(0));

  Preparation preparation;
  Rows rows(load, table);
  rocksdb::WriteBatch batch;
  for (std::uint64_t begin = 0; begin < load.events; begin += load.batch) {
    const std::uint64_t end = std::min(load.events, begin + load.batch);
    const double cpu = thread_cpu_seconds();
    const double wall = wall_seconds();
    rows.make(begin, end);
    preparation.cpu_s += thread_cpu_seconds() - cpu;
    preparation.wall_s += wall_seconds() - wall;

    batch.Clear();
    auto* const family = (*database)->table(table);
    for (const auto& [key, value] : rows.get())
      batch.Put(family, key, value).PermitUncheckedError();
    std::string progress;
    state::append_log_progress(progress, {Partition(0), Offset(end), {}});
    batch.Put((*database)->progress(), progress_key, progress).PermitUncheckedError();
    require((*database)->write(batch, Durability::sync).has_value(), "a write failed");
  }
  return preparation;
}

std::string rows_of(const std::string& folder) {
  auto store = RocksStore::open(
      folder, {.engine_id = "bench", .now = {}, .missing = state::IfMissing::fail, .limits = {}});
  require(store.has_value(), "no store in " + folder);
  const auto rows = (*store)->find_table("rows");
  require(rows.has_value(), "no table in " + folder);
  std::uint64_t count = 0;
  std::uint64_t sum = 0;
  const auto scanned = (*store)->each_row(*rows, "", {}, [&](std::string_view key, const Row& row) {
    ++count;
    sum +=
        XXH3_64bits_withSeed(row.body.data(), row.body.size(), XXH3_64bits(key.data(), key.size()));
    return true;
  });
  require(scanned.has_value(), "cannot read the rows in " + folder);
  return fmt::format("{} rows, {:016x}", count, sum);
}

}  // namespace tidemill::bench
