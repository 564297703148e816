#include "core/streams/outlet.h"

#include <algorithm>
#include <utility>

#include "core/base/mutation.h"

#define XXH_INLINE_ALL
#include <xxhash.h>

namespace tidemill {

Outlet::Outlet(EmbeddedStream& stream, StreamLimits limits, std::optional<TableId> table)
    : stream_(stream), limits_(limits), table_(table) {
  if (limits_.continues) {
    stream_.continues_from_now_on();
  } else {
    stream_.producer_begins();
  }
}

Partition Outlet::partition_for(std::string_view key, EventTime) {
  const std::uint32_t partitions = stream_.partitions();
  if (partitions == 1) return Partition(0);
  if (key.empty()) return Partition(turn_ % partitions);
  return Partition(static_cast<std::uint32_t>(XXH3_64bits(key.data(), key.size()) % partitions));
}

bool Outlet::full() const {
  if (limits_.continues) return false;
  return stream_.records() >= limits_.records || stream_.bytes() >= limits_.bytes;
}

void Outlet::submitted(const CommitPart& part) {
  if (table_) return;
  std::uint64_t records = 0;
  std::uint64_t bytes = 0;
  for (const StreamAppend& record : part.appended) {
    if (record.stream != stream_.id()) continue;
    ++records;
    bytes += stream_bytes(record);
  }
  stream_.grow(records, bytes);
  if (mutated(Mutation::wake_before_written)) stream_.news();
  ++turn_;
}

void Outlet::committed(const CommitPart& part) {
  const bool touched =
      table_ ? std::ranges::any_of(part.rows,
                                   [this](const RowChange& row) { return row.table == *table_; }) ||
                   std::ranges::any_of(
                       part.windows_over,
                       [this](const WindowsOver& over) { return over.table == *table_; })
             : std::ranges::any_of(part.appended, [this](const StreamAppend& record) {
                 return record.stream == stream_.id();
               });
  if (touched && !mutated(Mutation::wake_before_written)) stream_.news();
}

void Outlet::end() {
  if (!std::exchange(ended_, true) && !limits_.continues) stream_.producer_ends();
}

}  // namespace tidemill
