#include "core/state/marks.h"

#include <rocksdb/convenience.h>
#include <rocksdb/db.h>
#include <rocksdb/write_batch.h>

#include <algorithm>
#include <chrono>
#include <memory>
#include <optional>
#include <ranges>
#include <utility>

#include "core/state/keys.h"
#include "core/state/values.h"

namespace tidemill::state {
namespace {

constexpr Duration default_horizon = std::chrono::hours(24);

// A question looks into this many buckets and one more, and as much of a horizon is kept too long.
constexpr std::int64_t buckets_to_a_horizon = 6;

std::uint32_t seconds(WallTime time) { return static_cast<std::uint32_t>(time.value / 1'000'000); }

std::uint32_t width_for(Duration horizon) {
  const auto whole = std::chrono::duration_cast<std::chrono::seconds>(horizon).count();
  return static_cast<std::uint32_t>(std::max<std::int64_t>(1, whole / buckets_to_a_horizon));
}

// Whether all of a bucket lies before `time`.
bool ends_before(const std::pair<const std::uint32_t, std::uint32_t>& bucket, WallTime time) {
  return (std::uint64_t{bucket.first} + bucket.second) * 1'000'000 <= time.value;
}

}  // namespace

Marks::Kept& Marks::kept(PipelineId pipeline) {
  return kept_.try_emplace(pipeline, Kept{default_horizon, {}}).first->second;
}

Result<> Marks::load() {
  const std::lock_guard lock(mutex_);
  kept_.clear();
  if (auto read = read_buckets(); !read) return read;
  for (const auto& [pipeline, horizon] : told_) {
    if (auto written = write_horizon(pipeline, horizon); !written) return written;
  }
  return {};
}

// Every bucket is found by its first key; the marks in it are jumped over.
Result<> Marks::read_buckets() {
  rocksdb::ReadOptions options;
  options.fill_cache = false;
  const std::unique_ptr<rocksdb::Iterator> at(
      database_.db().NewIterator(options, database_.dedupe()));
  at->SeekToFirst();
  while (at->Valid()) {
    const auto key = decode_mark_key(at->key().ToStringView());
    if (!key) return fail(Fault::transient, "a mark of a settled event is damaged");
    const auto value = read_integer_value(at->value().ToStringView());
    Kept& kept = this->kept(key->pipeline);
    if (!key->bucket) {
      if (value) kept.horizon = Duration(*value);
      at->Next();
      continue;
    }
    // A bucket without its own key is what a removal has left behind; it goes with the next.
    kept.buckets[*key->bucket] =
        key->whole_bucket && value ? static_cast<std::uint32_t>(*value) : width_for(kept.horizon);
    at->Seek(prefix_end(bucket_key(key->pipeline, *key->bucket)));
  }
  if (!at->status().ok()) return storage_failure("read dedupe", at->status());
  return {};
}

Result<> Marks::keep(PipelineId pipeline, Duration horizon) {
  const std::lock_guard lock(mutex_);
  auto written = write_horizon(pipeline, horizon);
  if (written) told_[pipeline] = horizon;
  return written;
}

Result<> Marks::write_horizon(PipelineId pipeline, Duration horizon) {
  Kept& kept = this->kept(pipeline);
  if (kept.horizon == horizon) return {};
  auto written = database_.put(database_.dedupe(), horizon_key(pipeline),
                               integer_value(static_cast<std::uint64_t>(horizon.count())));
  if (written) kept.horizon = horizon;
  return written;
}

void Marks::append(rocksdb::WriteBatch& batch, PipelineId pipeline, std::span<const DedupeId> ids,
                   std::span<const std::pair<DedupeId, std::string>> replies, WallTime now) {
  if (ids.empty()) return;
  std::string key;
  {
    const std::lock_guard lock(mutex_);
    Kept& kept = this->kept(pipeline);
    const std::uint32_t width = width_for(kept.horizon);
    const std::uint32_t begin = seconds(now) / width * width;
    key = bucket_key(pipeline, begin);
    std::uint32_t& known = kept.buckets[begin];
    if (known < width) {
      known = width;
      batch.Put(database_.dedupe(), key, integer_value(width)).PermitUncheckedError();
    }
  }
  const std::size_t prefix = key.size();
  for (const DedupeId& id : ids) {
    key.resize(prefix);
    append_mark(key, id);
    batch.Put(database_.dedupe(), key, mark_value).PermitUncheckedError();
  }
  // Over the marks that these have already.
  for (const auto& [id, reply] : replies) {
    key.resize(prefix);
    append_mark(key, id);
    batch.Put(database_.dedupe(), key, std::string(mark_value) + reply).PermitUncheckedError();
  }
}

Result<std::vector<bool>> Marks::settled(PipelineId pipeline, std::span<const DedupeId> ids,
                                         WallTime since) const {
  std::vector<bool> settled(ids.size());
  const auto found = [&](std::size_t i, std::string_view) { settled[i] = true; };
  if (auto looked = find(pipeline, ids, since, found); !looked)
    return std::unexpected(looked.error());
  return settled;
}

Result<std::vector<std::string>> Marks::replies(PipelineId pipeline, std::span<const DedupeId> ids,
                                                WallTime since) const {
  std::vector<std::string> replies(ids.size());
  const auto found = [&](std::size_t i, std::string_view value) {
    replies[i] = value.substr(std::min(value.size(), mark_value.size()));
  };
  if (auto looked = find(pipeline, ids, since, found); !looked)
    return std::unexpected(looked.error());
  return replies;
}

template <class Found>
Result<> Marks::find(PipelineId pipeline, std::span<const DedupeId> ids, WallTime since,
                     Found found_one) const {
  std::vector<std::uint32_t> buckets;  // Latest first: most repetitions come soon.
  {
    const std::lock_guard lock(mutex_);
    const auto found = kept_.find(pipeline);
    if (found != kept_.end()) {
      for (const auto& bucket : std::views::reverse(found->second.buckets)) {
        if (!ends_before(bucket, since)) buckets.push_back(bucket.first);
      }
    }
  }
  // Sorted, so that RocksDB asks each file once for neighbours.
  std::vector<std::size_t> open(ids.size());
  for (std::size_t i = 0; i < ids.size(); ++i) open[i] = i;
  std::ranges::sort(open, {}, [&ids](std::size_t i) { return ids[i]; });
  for (const std::uint32_t bucket : buckets) {
    if (open.empty()) break;
    const std::string prefix = bucket_key(pipeline, bucket);
    const std::size_t key_bytes = prefix.size() + sizeof(DedupeId);
    std::string keys;  // One behind the other.
    keys.reserve(open.size() * key_bytes);
    std::vector<rocksdb::Slice> slices;
    slices.reserve(open.size());
    for (const std::size_t i : open) {
      slices.emplace_back(keys.data() + keys.size(), key_bytes);
      keys += prefix;
      append_mark(keys, ids[i]);
    }
    std::vector<rocksdb::PinnableSlice> values(open.size());
    std::vector<rocksdb::Status> statuses(open.size());
    database_.db().MultiGet(rocksdb::ReadOptions(), database_.dedupe(), open.size(), slices.data(),
                            values.data(), statuses.data(), true);
    std::vector<std::size_t> rest;
    for (std::size_t i = 0; i < open.size(); ++i) {
      if (statuses[i].ok()) {
        found_one(open[i], values[i].ToStringView());
      } else if (statuses[i].IsNotFound()) {
        rest.push_back(open[i]);
      } else {
        return storage_failure("read dedupe", statuses[i]);
      }
    }
    open = std::move(rest);
  }
  return {};
}

Result<> Marks::drop_expired(WallTime now) {
  struct Old {
    PipelineId pipeline;
    std::uint32_t first = 0;
    std::uint32_t last = 0;
  };
  std::vector<Old> all;
  {
    const std::lock_guard lock(mutex_);
    for (const auto& [pipeline, kept] : kept_) {
      const auto horizon = static_cast<std::uint64_t>(kept.horizon.count());
      const WallTime oldest(now.value - std::min(now.value, horizon));
      std::optional<Old> old;
      for (const auto& bucket : kept.buckets) {
        if (!ends_before(bucket, oldest)) break;
        if (!old) old = {pipeline, bucket.first, bucket.first};
        old->last = bucket.first;
      }
      if (old) all.push_back(*old);
    }
  }
  for (const Old& old : all) {
    if (auto removed = remove(old.pipeline, old.first, old.last); !removed) return removed;
  }
  return {};
}

Result<> Marks::remove(PipelineId pipeline, std::uint32_t first, std::uint32_t last) {
  rocksdb::ColumnFamilyHandle* const family = database_.dedupe();
  const std::string begin = bucket_key(pipeline, first);
  const std::string end = prefix_end(bucket_key(pipeline, last));
  rocksdb::WriteBatch batch;
  batch.DeleteRange(family, begin, end).PermitUncheckedError();
  if (auto written = database_.write(batch, Durability::periodic); !written) return written;
  {
    const std::lock_guard lock(mutex_);
    Buckets& buckets = kept(pipeline).buckets;
    buckets.erase(buckets.lower_bound(first), buckets.upper_bound(last));
  }
  // Files that hold nothing else go at once, unread.
  const rocksdb::Slice begin_slice = begin;
  const rocksdb::Slice end_slice = end;
  const auto deleted =
      rocksdb::DeleteFilesInRange(&database_.db(), family, &begin_slice, &end_slice, false);
  if (!deleted.ok()) return storage_failure("remove old marks", deleted);
  return {};
}

}  // namespace tidemill::state
