// ModelStreams: what the streams of a store are, said as simply as possible; for stores of tests.
// A plain value: copies are independent.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/state/store.h"

namespace tidemill::testing {

/// A StreamAppend that owns its bytes.
struct OwnedAppend {
  explicit OwnedAppend(const StreamAppend& record) : append(record) {
    append.extensions = {};
    for (std::string_view* text : texts(append)) owned.emplace_back(*text);
    for (const Attribute& extension : record.extensions)
      extensions.emplace_back(extension.name, extension.value);
  }

  /// Views what is owned here.
  StreamAppend view(std::vector<Attribute>& attributes) const {
    StreamAppend record = append;
    auto text = owned.begin();
    for (std::string_view* view : texts(record)) *view = *text++;
    for (const auto& [name, value] : extensions) attributes.push_back({name, value});
    record.extensions = attributes;
    return record;
  }

  StreamAppend append;  ///< Its views are not used.
  std::vector<std::string> owned;
  std::vector<std::pair<std::string, std::string>> extensions;

 private:
  static std::vector<std::string_view*> texts(StreamAppend& r) {
    return {&r.id, &r.source, &r.type, &r.subject, &r.key, &r.group, &r.content_type, &r.data};
  }
};

class ModelStreams {
 public:
  /// A partition of this stream ends with its last record. When it comes again, it has no number
  /// that any before it had.
  void be_archive(StreamId stream) { archives_.try_emplace(stream, 1); }

  void append(const OwnedAppend& record, WallTime now) {
    const auto archive = archives_.find(record.append.stream);
    const auto [place, made] = lanes_.try_emplace({record.append.stream, record.append.partition});
    Lane& lane = place->second;
    if (made && archive != archives_.end()) lane.first = lane.next = archive->second;
    std::vector<Attribute> attributes;
    const std::uint64_t bytes = stream_bytes(record.view(attributes));
    lane.written = std::max(lane.written, now);
    lane.records.emplace(lane.next++, Kept{record, lane.put, bytes, lane.written});
    lane.put += bytes;
  }

  void remove(const StreamRemoval& removal) {
    lanes_[{removal.stream, removal.partition}].records.erase(removal.number);
  }

  void trim(const StreamTrim& trim) {
    Lane& lane = lanes_[{trim.stream, trim.partition}];
    if (trim.first <= lane.first) return;
    lane.first = std::min(trim.first, lane.next);
    lane.records.erase(lane.records.begin(), lane.records.lower_bound(lane.first));
    const auto archive = archives_.find(trim.stream);
    if (!lane.records.empty() || archive == archives_.end()) return;
    archive->second = std::max(archive->second, lane.next);
    lanes_.erase({trim.stream, trim.partition});
  }

  std::vector<Partition> partitions(StreamId stream) const {
    std::vector<Partition> all;
    for (const auto& [place, lane] : lanes_)
      if (place.first == stream && !lane.records.empty()) all.push_back(place.second);
    return all;
  }

  StreamState state(StreamId stream, Partition partition) const {
    const auto found = lanes_.find({stream, partition});
    if (found == lanes_.end()) return {};
    const Lane& lane = found->second;
    StreamState state{.first = lane.first, .next = lane.next, .records = lane.records.size()};
    for (const auto& [number, kept] : lane.records) state.bytes += kept.bytes;
    return state;
  }

  StreamPage read(StreamId stream, Partition partition, std::uint64_t after,
                  std::size_t records_max, std::uint64_t bytes_max) const {
    StreamPage page;
    const auto found = lanes_.find({stream, partition});
    if (found == lanes_.end()) return page;
    auto memory = std::make_shared<std::vector<std::pair<OwnedAppend, std::vector<Attribute>>>>();
    const auto& records = found->second.records;
    std::uint64_t bytes = 0;
    std::vector<const Kept*> kept;
    for (auto it = records.upper_bound(after); it != records.end(); ++it) {
      bytes += it->second.bytes;
      if (!kept.empty() && (kept.size() >= records_max || bytes > bytes_max)) break;
      kept.push_back(&it->second);
      page.records.emplace_back().number = it->first;
    }
    for (const Kept* one : kept) memory->emplace_back(one->record, std::vector<Attribute>());
    for (std::size_t i = 0; i < kept.size(); ++i) {
      auto& [owned, attributes] = (*memory)[i];
      const StreamAppend view = owned.view(attributes);
      page.records[i] = {page.records[i].number,
                         kept[i]->bytes_before,
                         kept[i]->written,
                         view.deliver_at,
                         view.time,
                         view.id,
                         view.source,
                         view.type,
                         view.subject,
                         view.key,
                         view.group,
                         view.content_type,
                         view.data,
                         view.extensions};
    }
    page.keep = std::move(memory);
    return page;
  }

 private:
  struct Kept {
    OwnedAppend record;
    std::uint64_t bytes_before;
    std::uint64_t bytes;
    WallTime written;
  };
  struct Lane {
    std::uint64_t first = 1;
    std::uint64_t next = 1;
    std::uint64_t put = 0;
    WallTime written;
    std::map<std::uint64_t, Kept> records;
  };

  std::map<std::pair<StreamId, Partition>, Lane> lanes_;
  std::map<StreamId, std::uint64_t> archives_;  // The first number of a partition to come.
};

}  // namespace tidemill::testing
