// EmbeddedStream: what producers and readers of one of the engine's own streams share in memory -
// how large it is, who still writes to it, who waits for news or for room.
//
// Lives on one executor, as long as the pipelines that use it; after a failed write it is made anew
// from what the store holds.
#pragma once

#include <algorithm>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/state/store.h"
#include "tidemill/async.h"

namespace tidemill {

class EmbeddedStream {
 public:
  EmbeddedStream(std::string place, StreamInfo info)
      : place_(std::make_shared<const std::string>(std::move(place))), info_(info) {}
  virtual ~EmbeddedStream() = default;
  EmbeddedStream(const EmbeddedStream&) = delete;
  EmbeddedStream& operator=(const EmbeddedStream&) = delete;

  /// "queue:jobs", "log:clicks", "table:users": also the identity of sources that read it.
  const std::string& place() const { return *place_; }
  StreamId id() const { return info_.id; }
  std::uint32_t partitions() const { return info_.partitions; }

  std::uint64_t records() const { return records_; }
  std::uint64_t bytes() const { return bytes_; }

  void producer_begins() { ++producers_; }
  void producer_ends() {
    --producers_;
    wake_readers();
  }
  bool has_producers() const { return producers_ > 0; }

  /// What is under way may bring more: a reader writes to it.
  void continues_from_now_on() { continues_ = true; }
  bool continues() const { return continues_; }

  /// So much was submitted. What it is, readers see once news() was called. (Of the changes of
  /// tables nobody counts.)
  void grow(std::uint64_t records, std::uint64_t bytes) {
    records_ += records;
    bytes_ += bytes;
  }
  void shrink(std::uint64_t records, std::uint64_t bytes) {
    records_ -= std::min(records, records_);
    bytes_ -= std::min(bytes, bytes_);
    for (Signal* const room : rooms_) room->notify();
  }

  /// Something was written.
  virtual void news() { wake_readers(); }

  void subscribe_reader(Signal& wake) { readers_.push_back(&wake); }
  void unsubscribe_reader(Signal& wake) { std::erase(readers_, &wake); }
  void subscribe_room(Signal& room) { rooms_.push_back(&room); }
  void unsubscribe_room(Signal& room) { std::erase(rooms_, &room); }

  /// What the events of a page are to share in: the page, and the place that they name.
  std::shared_ptr<const void> kept(std::shared_ptr<const void> page) const {
    using Both = std::pair<std::shared_ptr<const void>, std::shared_ptr<const std::string>>;
    return std::make_shared<const Both>(std::move(page), place_);
  }

  void wake_readers() {
    for (Signal* const reader : readers_) reader->notify();
  }

 private:
  const std::shared_ptr<const std::string> place_;
  const StreamInfo info_;
  std::uint64_t records_ = 0;
  std::uint64_t bytes_ = 0;
  std::uint32_t producers_ = 0;
  bool continues_ = false;
  std::vector<Signal*> readers_;
  std::vector<Signal*> rooms_;
};

/// Events of a stream view their page; this is how one of them comes to be.
Event event_of(const StreamRecord& record, const std::shared_ptr<const void>& keep,
               Partition partition, std::string_view origin);

}  // namespace tidemill
