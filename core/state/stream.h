// Streams: events that the store itself keeps in order - the embedded queues and logs, the changes
// of tables, and what waits for its archive - as the dispatcher sees them. Plain values; part of
// Store (store.h).
//
// A stream has partitions; a partition is a sequence of records numbered from 1, without gaps in
// what was put. Everything below its `first` is gone. A record of a queue leaves it by its number,
// whatever the order; the records of a log or an archive go from the front. A partition of an
// archive is there for as long as it holds records, and never gives a number twice all the same.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "tidemill/event.h"
#include "tidemill/ids.h"
#include "tidemill/time.h"

namespace tidemill {

using StreamId = Id<struct StreamIdTag, std::uint32_t>;

/// What a stream is for. Each kind has names of its own; the characters are part of the format.
enum class StreamKind : char { queue = 'q', log = 'l', changes = 'c', archive = 'a' };

/// The partitions of an archive are hours since the Unix epoch; this one holds what is to be made
/// of them next.
inline constexpr Partition archive_plans{0xFFFF'FFFF};

struct StreamInfo {
  StreamId id;
  std::uint32_t partitions = 1;  ///< 0: an archive, where any number is one.
};

/// An event to be put at the end of a partition. Views live until the commit returns.
struct StreamAppend {
  StreamId stream;
  Partition partition;
  std::uint32_t event = 0;  ///< Index in its batch of the event that caused it; not stored.
  WallTime deliver_at;      ///< Queues: hidden until then; 0: not at all.
  EventTime time;
  std::string_view id, source, type, subject, key, group, content_type, data;
  std::span<const Attribute> extensions;
};

/// An event as it is kept. Views live as long as StreamPage::keep.
struct StreamRecord {
  std::uint64_t number = 0;
  std::uint64_t bytes_before = 0;  ///< Of all records that were ever put in front of it.
  WallTime written;                ///< Never before that of the record in front of it.
  WallTime deliver_at;
  EventTime time;
  std::string_view id, source, type, subject, key, group, content_type, data;
  std::span<const Attribute> extensions;
};

/// What a record counts for against sizes of queues and logs.
template <class Record>
std::uint64_t stream_bytes(const Record& record) {
  std::uint64_t bytes = record.id.size() + record.source.size() + record.type.size() +
                        record.subject.size() + record.key.size() + record.group.size() +
                        record.content_type.size() + record.data.size();
  for (const Attribute& extension : record.extensions)
    bytes += extension.name.size() + extension.value.size();
  return bytes;
}

/// Records in their order, with the memory behind them.
struct StreamPage {
  std::vector<StreamRecord> records;
  std::shared_ptr<const void> keep;
};

/// A record that leaves its queue.
struct StreamRemoval {
  StreamId stream;
  Partition partition;
  std::uint64_t number = 0;
  std::uint64_t bytes = 0;  ///< Its stream_bytes().
};

/// Nothing below `first` is left. Of a queue the records were removed one by one before, or are in
/// the same commit; of a log they go with this.
struct StreamTrim {
  StreamId stream;
  Partition partition;
  std::uint64_t first = 1;
  std::optional<std::uint64_t> bytes_before;  ///< Logs and archives: of the record at `first`.
};

struct StreamState {
  std::uint64_t first = 1;    ///< Lower numbers are gone.
  std::uint64_t next = 1;     ///< Of the record to be put next.
  std::uint64_t records = 0;  ///< That are there.
  std::uint64_t bytes = 0;    ///< Of these.
  friend bool operator==(const StreamState&, const StreamState&) = default;
};

}  // namespace tidemill
