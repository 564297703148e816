#include "core/state/streams.h"

#include <rocksdb/convenience.h>
#include <rocksdb/db.h>
#include <rocksdb/write_batch.h>

#include <algorithm>
#include <cassert>
#include <limits>
#include <memory>

#include "core/state/byte_codec.h"
#include "core/state/keys.h"
#include "core/state/values.h"

namespace tidemill::state {
namespace {

// So much that is gone may stay on the disk.
constexpr std::uint64_t sweep_records = 1024;
constexpr std::uint64_t sweep_bytes = 1u << 20;

// What the records of a page view.
struct PageMemory {
  std::string values;
  std::vector<Attribute> extensions;
};

}  // namespace

Result<std::uint32_t> Streams::open(StreamId stream, std::uint32_t partitions) {
  const std::lock_guard lock(mutex_);
  auto known = partitions_.find(stream);
  if (known == partitions_.end()) {
    std::string value;
    const auto found = database_.get(database_.stream_states(), stream_key(stream), value);
    if (!found) return std::unexpected(found.error());
    const auto stored = *found ? read_integer_value(value) : 0;
    if (!stored) return fail(Fault::transient, "the partitions of a stream are damaged");
    const auto count = static_cast<std::uint32_t>(*stored);
    if (auto loaded = load(stream, 0, count); !loaded) return std::unexpected(loaded.error());
    known = partitions_.emplace(stream, count).first;
  }
  if (known->second >= partitions) return known->second;
  if (auto put =
          database_.put(database_.stream_states(), stream_key(stream), integer_value(partitions));
      !put)
    return std::unexpected(put.error());
  if (auto loaded = load(stream, known->second, partitions); !loaded)
    return std::unexpected(loaded.error());
  return known->second = partitions;
}

Result<> Streams::load(StreamId stream, std::uint32_t from, std::uint32_t to) {
  for (std::uint32_t i = from; i < to; ++i) {
    const Partition partition(i);
    std::string value;
    const auto found =
        database_.get(database_.stream_states(), stream_state_key(stream, partition), value);
    if (!found) return std::unexpected(found.error());
    const auto stored = *found ? read_stream_state(value) : StoredStream{};
    if (!stored) return fail(Fault::transient, "the state of a stream is damaged");
    lanes_[{stream, partition}] = Lane{.stored = *stored};
  }
  return {};
}

Result<> Streams::open_archive(StreamId stream) {
  const std::lock_guard lock(mutex_);
  return archives_.contains(stream) ? Result<>{} : load_archive(stream);
}

Result<> Streams::load_archive(StreamId stream) {
  const std::string prefix = stream_key(stream);
  std::uint64_t next = 1;
  bool readable = true;
  const auto take = [&](std::string_view key, std::string_view value) {
    if (key.size() == prefix.size()) {
      const auto number = read_integer_value(value);
      readable = number.has_value();
      next = number.value_or(next);
      return readable;
    }
    ByteReader reader(key.substr(prefix.size()));
    const Partition partition(reader.big_endian<std::uint32_t>());
    const auto stored = read_stream_state(value);
    readable = reader.ok() && reader.rest().empty() && stored;
    if (readable) lanes_[{stream, partition}] = Lane{.stored = *stored};
    return readable;
  };
  auto scanned = database_.scan(database_.stream_states(), prefix, take);
  if (!scanned) return scanned;
  if (!readable) return fail(Fault::transient, "the state of an archive is damaged");
  archives_[stream] = next;
  return {};
}

Result<> Streams::reload() {
  const std::lock_guard lock(mutex_);
  lanes_.clear();
  touched_.clear();
  for (const auto& [stream, next] : archives_)
    if (auto loaded = load_archive(stream); !loaded) return loaded;
  for (const auto& [stream, partitions] : partitions_) {
    // Said again: the write that said it first may be one of those that are lost.
    const auto said =
        database_.put(database_.stream_states(), stream_key(stream), integer_value(partitions));
    if (!said) return said;
    if (auto loaded = load(stream, 0, partitions); !loaded) return loaded;
  }
  return {};
}

Streams::Lane& Streams::lane(StreamId stream, Partition partition) {
  const auto found = lanes_.find({stream, partition});
  assert(found != lanes_.end() && "the stream was never asked for by name");
  return found->second;
}

// A number that was given in an earlier life of the partition is not given again: objects are named
// after them.
Streams::Lane& Streams::lane_to_append(StreamId stream, Partition partition) {
  const auto archive = archives_.find(stream);
  if (archive == archives_.end()) return lane(stream, partition);
  const auto [found, made] = lanes_.try_emplace({stream, partition});
  Lane& lane = found->second;
  if (made) {
    lane.stored.state.first = lane.stored.state.next = archive->second;
    lane.swept = archive->second;
  }
  return lane;
}

void Streams::touch(const Place& place, Lane& lane) {
  if (std::exchange(lane.touched, true)) return;
  touched_.push_back(place);
}

void Streams::trim(rocksdb::WriteBatch& batch, std::span<const StreamTrim> trims) {
  if (trims.empty()) return;
  const std::lock_guard lock(mutex_);
  for (const StreamTrim& trim : trims) {
    const Place place(trim.stream, trim.partition);
    Lane& lane = this->lane(trim.stream, trim.partition);
    StreamState& state = lane.stored.state;
    if (trim.first <= state.first) continue;
    state.first = std::min(trim.first, state.next);
    if (trim.bytes_before) {
      const std::uint64_t left = lane.stored.put - *trim.bytes_before;
      lane.dead_bytes += state.bytes - left;
      state.bytes = left;
      state.records = state.next - state.first;
    }
    if (state.records == 0 && archives_.contains(trim.stream)) {
      drop(batch, place, lane);
      continue;
    }
    touch(place, lane);
    sweep(batch, place, lane);
  }
}

void Streams::drop(rocksdb::WriteBatch& batch, const Place& place, const Lane& lane) {
  const std::uint64_t end = lane.stored.state.next;
  batch
      .DeleteRange(database_.streams(), stream_record_key(place.first, place.second, lane.swept),
                   stream_record_key(place.first, place.second, end))
      .PermitUncheckedError();
  batch.Delete(database_.stream_states(), stream_state_key(place.first, place.second))
      .PermitUncheckedError();
  std::uint64_t& next = archives_[place.first];
  next = std::max(next, end);
  batch.Put(database_.stream_states(), stream_key(place.first), integer_value(next))
      .PermitUncheckedError();
  lanes_.erase(place);
}

void Streams::sweep(rocksdb::WriteBatch& batch, const Place& place, Lane& lane) {
  const std::uint64_t first = lane.stored.state.first;
  if (first - lane.swept < sweep_records && lane.dead_bytes < sweep_bytes) return;
  batch
      .DeleteRange(database_.streams(), stream_record_key(place.first, place.second, lane.swept),
                   stream_record_key(place.first, place.second, first))
      .PermitUncheckedError();
  lane.swept = first;
  lane.dead_bytes = 0;
}

void Streams::remove(rocksdb::WriteBatch& batch, std::span<const StreamRemoval> removals) {
  if (removals.empty()) return;
  const std::lock_guard lock(mutex_);
  for (const StreamRemoval& removal : removals) {
    Lane& lane = this->lane(removal.stream, removal.partition);
    --lane.stored.state.records;
    lane.stored.state.bytes -= removal.bytes;
    touch({removal.stream, removal.partition}, lane);
    if (removal.number < lane.stored.state.first) {
      lane.dead_bytes += removal.bytes;
      continue;
    }
    batch
        .Delete(database_.streams(),
                stream_record_key(removal.stream, removal.partition, removal.number))
        .PermitUncheckedError();
  }
}

void Streams::append(rocksdb::WriteBatch& batch, std::span<const StreamAppend> records,
                     WallTime now) {
  if (records.empty()) return;
  const std::lock_guard lock(mutex_);
  for (const StreamAppend& record : records) {
    Lane& lane = lane_to_append(record.stream, record.partition);
    StoredStream& stored = lane.stored;
    const std::uint64_t bytes = stream_bytes(record);
    // Clocks are set back now and then; whoever looks for a time relies on their order.
    stored.written = std::max(stored.written, now);
    value_.clear();
    append_stream_record(value_, record, stored.written, stored.put);
    batch
        .Put(database_.streams(),
             stream_record_key(record.stream, record.partition, stored.state.next), value_)
        .PermitUncheckedError();
    ++stored.state.next;
    ++stored.state.records;
    stored.state.bytes += bytes;
    stored.put += bytes;
    touch({record.stream, record.partition}, lane);
  }
}

void Streams::finish(rocksdb::WriteBatch& batch) {
  const std::lock_guard lock(mutex_);
  for (const Place& place : touched_) {
    const auto lane = lanes_.find(place);
    if (lane == lanes_.end()) continue;
    lane->second.touched = false;
    batch
        .Put(database_.stream_states(), stream_state_key(place.first, place.second),
             stream_state_value(lane->second.stored))
        .PermitUncheckedError();
  }
  touched_.clear();
}

std::vector<Partition> Streams::partitions(StreamId archive) const {
  const std::lock_guard lock(mutex_);
  std::vector<Partition> all;
  for (auto lane = lanes_.lower_bound({archive, Partition(0)});
       lane != lanes_.end() && lane->first.first == archive; ++lane)
    all.push_back(lane->first.second);
  return all;
}

Result<StreamState> Streams::state(StreamId stream, Partition partition) const {
  const std::lock_guard lock(mutex_);
  const auto found = lanes_.find({stream, partition});
  if (found == lanes_.end()) return StreamState{};
  return found->second.stored.state;
}

Result<StreamPage> Streams::read(StreamId stream, Partition partition, std::uint64_t after,
                                 std::size_t records_max, std::uint64_t bytes_max) const {
  const auto known = state(stream, partition);
  if (!known) return std::unexpected(known.error());
  StreamPage page;
  if (after == std::numeric_limits<std::uint64_t>::max()) return page;
  // What is gone may still lie on the disk.
  const std::uint64_t from = std::max(after + 1, known->first);
  const std::string prefix = stream_state_key(stream, partition);
  auto memory = std::make_shared<PageMemory>();
  std::vector<std::pair<std::uint64_t, std::size_t>> found;  // Number, and size of the value.
  std::uint64_t bytes = 0;
  auto scanned =
      database_.scan(database_.streams(), prefix, stream_record_key(stream, partition, from),
                     [&](std::string_view key, std::string_view value) {
                       bytes += value.size();
                       if (!found.empty() && (found.size() >= records_max || bytes > bytes_max))
                         return false;
                       ByteReader number(key.substr(prefix.size()));
                       found.emplace_back(number.big_endian<std::uint64_t>(), value.size());
                       memory->values += value;
                       // Not one step further than asked for: behind may lie what was removed, as
                       // tombstones.
                       return found.size() < records_max && bytes < bytes_max;
                     });
  if (!scanned) return std::unexpected(scanned.error());

  std::string_view rest = memory->values;
  std::vector<std::size_t> ends;  // Of the extensions of each record.
  page.records.reserve(found.size());
  for (const auto& [number, size] : found) {
    auto record = read_stream_record(rest.substr(0, size), memory->extensions);
    if (!record) return fail(Fault::transient, "a record of a stream is damaged");
    rest.remove_prefix(size);
    record->number = number;
    page.records.push_back(*record);
    ends.push_back(memory->extensions.size());
  }
  const std::span<const Attribute> all = memory->extensions;
  std::size_t begin = 0;
  for (std::size_t i = 0; i < ends.size(); ++i) {
    page.records[i].extensions = all.subspan(begin, ends[i] - begin);
    begin = ends[i];
  }
  page.keep = std::move(memory);
  return page;
}

Result<> Streams::drop_files() {
  std::vector<std::pair<std::string, std::string>> ranges;
  {
    const std::lock_guard lock(mutex_);
    for (const auto& [place, lane] : lanes_) {
      // An archive's object may be made again as long as the power can fail: no file goes before
      // the commit that removes its records is on disk.
      if (lane.swept == 0 || archives_.contains(place.first)) continue;
      ranges.emplace_back(stream_record_key(place.first, place.second, 0),
                          stream_record_key(place.first, place.second, lane.swept));
    }
  }
  for (const auto& [begin, end] : ranges) {
    const rocksdb::Slice begin_slice = begin;
    const rocksdb::Slice end_slice = end;
    const auto deleted = rocksdb::DeleteFilesInRange(&database_.db(), database_.streams(),
                                                     &begin_slice, &end_slice, false);
    if (!deleted.ok()) return storage_failure("remove old records", deleted);
  }
  return {};
}

}  // namespace tidemill::state
