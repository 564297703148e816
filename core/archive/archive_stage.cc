#include "core/archive/archive_stage.h"

#include <algorithm>

namespace tidemill {
namespace {

constexpr std::uint64_t hour_micros = 3'600'000'000;

}  // namespace

Partition ArchiveStage::hour_of(EventTime time) {
  return Partition(static_cast<std::uint32_t>(time.value / hour_micros));
}

void ArchiveStage::load(Hours hours) {
  for (const auto& [hour, staged] : hours) add(hour, staged);
  loaded_ = true;
  wake_rooms();
}

bool ArchiveStage::full() const {
  return !loaded_ || bytes_ >= bytes_max_ || hours_.size() >= hours_max;
}

void ArchiveStage::submitted(const CommitPart& part) {
  // What a transaction of an earlier life has left to do comes before load(), which finds it.
  if (!loaded_) return;
  const WallTime now = scheduler_.wall();
  for (const StreamAppend& record : part.appended)
    if (record.stream == stream_) add(record.partition, {1, stream_bytes(record), now});
}

void ArchiveStage::add(Partition hour, const Staged& staged) {
  const auto [found, made] = hours_.try_emplace(hour, staged);
  if (!made) {
    found->second.events += staged.events;
    found->second.bytes += staged.bytes;
    found->second.since = std::min(found->second.since, staged.since);
  }
  events_ += staged.events;
  bytes_ += staged.bytes;
}

void ArchiveStage::left(Partition hour, std::uint64_t events, std::uint64_t bytes,
                        WallTime rest_since) {
  const auto found = hours_.find(hour);
  if (found == hours_.end()) return;
  Staged& staged = found->second;
  events_ -= std::min(events, staged.events);
  bytes_ -= std::min(bytes, staged.bytes);
  staged.bytes -= std::min(bytes, staged.bytes);
  staged.since = rest_since;
  if (staged.events <= events) {
    hours_.erase(found);
  } else {
    staged.events -= events;
  }
  wake_rooms();
}

void ArchiveStage::wake_rooms() {
  if (full()) return;
  for (Signal* const room : rooms_) room->notify();
}

}  // namespace tidemill
