#include "core/invoke/crash_record.h"

#include <unistd.h>
#include <xxhash.h>

#include <algorithm>
#include <atomic>
#include <cstdio>
#include <cstring>
#include <mutex>
#include <utility>

#include "core/invoke/crash_file.h"
#include "core/invoke/crash_signals.h"

namespace tidemill {

using namespace crash_file;
using Slot = CrashRecord::Slot;

namespace {

// A slot has as many words as events of an object source have names; or ranges of three words, one
// for each partition that a batch of a log is made of.
constexpr std::size_t words_min = 300;
constexpr std::size_t words_per_range = 3;

CrashedBatch described(const Slot& slot) {
  CrashedBatch batch{.pipeline = PipelineId(slot.pipeline),
                     .code = slot.code,
                     .alone = (slot.flags & alone_flag) != 0 && slot.mark != stray_mark,
                     .lost = slot.mark == lost_mark,
                     .stray = slot.mark == stray_mark || slot.mark == sole_stray_mark,
                     .all = (slot.flags & all_flag) != 0,
                     .ranges = {},
                     .events = {}};
  const std::span words(slot.words(), slot.count);
  if ((slot.flags & log_flag) == 0) {
    batch.events.assign(words.begin(), words.end());
    return batch;
  }
  for (std::size_t i = 0; i + words_per_range <= words.size(); i += words_per_range)
    batch.ranges.push_back({Partition(static_cast<std::uint32_t>(words[i])), Offset(words[i + 1]),
                            Offset(words[i + 2])});
  return batch;
}

// The range of a partition; null when there is none yet.
std::uint64_t* range_of(Slot& slot, std::uint64_t partition) {
  for (std::size_t i = 0; i < slot.count; i += words_per_range)
    if (slot.words()[i] == partition) return slot.words() + i;
  return nullptr;
}

// Offsets of one partition, usually one after the other: its range grows.
bool name_ranges(std::span<const Event> events, Slot& slot, std::size_t words_max) {
  std::uint64_t* range = nullptr;
  for (const Event& event : events) {
    const std::uint64_t partition = event.partition.value;
    const std::uint64_t offset = event.offset.value;
    if (range == nullptr || range[0] != partition) range = range_of(slot, partition);
    if (range != nullptr) {
      range[1] = std::min(range[1], offset);
      range[2] = std::max(range[2], offset);
      continue;
    }
    if (slot.count + words_per_range > words_max) return false;
    range = slot.words() + slot.count;
    slot.count += words_per_range;
    range[0] = partition;
    range[1] = range[2] = offset;
  }
  return true;
}

bool name_events(std::span<const Event> events, Slot& slot, std::size_t words_max) {
  if (events.size() > words_max) return false;
  for (const Event& event : events) slot.words()[slot.count++] = event_hash(event);
  return true;
}

// Takes what `alone`, a batch of one event, names out of a suspicion. Events of a log usually come
// in order: what lies in between is not known to be done, and stays.
void absolve(Slot& slot, const Slot& alone) {
  const bool log = (alone.flags & log_flag) != 0;
  if (slot.pipeline != alone.pipeline || slot.code != alone.code ||
      log != ((slot.flags & log_flag) != 0))
    return;
  const std::size_t stride = log ? words_per_range : 1;
  for (std::size_t i = 0; i + stride <= slot.count;) {
    std::uint64_t* const name = slot.words() + i;
    bool done = name[0] == alone.words()[0];
    if (done && log) {
      const std::uint64_t offset = alone.words()[1];
      if (offset == name[1]) name[1] = alone.next;
      if (offset == name[2]) name[2] = offset == 0 ? 0 : offset - 1;
      done = name[1] > name[2];
    }
    if (!done) {
      i += stride;
      continue;
    }
    slot.count -= static_cast<std::uint32_t>(stride);
    std::copy_n(slot.words() + slot.count, stride, name);
  }
  if (slot.count == 0 && (slot.flags & all_flag) == 0)
    std::atomic_ref(slot.taken).store(0, std::memory_order_relaxed);
}

std::uint64_t combined(std::uint64_t seed, std::string_view text) {
  return XXH3_64bits_withSeed(text.data(), text.size(), seed);
}

}  // namespace

std::uint64_t origin_code(std::string_view function_version, std::string_view source_identity) {
  return combined(combined(0, function_version), source_identity);
}

std::uint64_t event_hash(const Event& event) {
  if (!event.version.empty()) return combined(combined(1, event.subject), event.version);
  if (!event.id.empty()) return combined(2, event.id);
  return combined(3, event.data.view());
}

CrashRecord::CrashRecord(std::unique_ptr<File> file) : file_(std::move(file)) {}

CrashRecord::~CrashRecord() = default;

// The new file takes the place of the old one when it is complete: a start that fails, for want of
// space or any other reason, forgets nothing.
Result<std::unique_ptr<CrashRecord>> CrashRecord::open(const std::string& path, std::size_t slots,
                                                       std::size_t events_max) {
  const auto marked = read_marked(path);
  if (!marked) return std::unexpected(marked.error());
  std::size_t words_max = std::max(events_max, words_min);
  for (const MarkedSlot& each : *marked)
    words_max = std::max<std::size_t>(words_max, slot_of(each).count);
  const std::string fresh = path + ".new";
  auto file = File::make(fresh, slots, marked->size(), words_max);
  if (!file) return std::unexpected(file.error());
  std::unique_ptr<CrashRecord> record(new CrashRecord(std::move(*file)));
  for (std::size_t i = 0; i < marked->size(); ++i) {
    Slot& slot = record->file_->slot(slots + i);
    std::memcpy(static_cast<void*>(&slot), (*marked)[i].data(),
                (*marked)[i].size() * sizeof(std::uint64_t));
    ++slot.lives;
    record->crashed_.push_back(described(slot));
  }
  if (::rename(fresh.c_str(), path.c_str()) != 0)
    return fail_errno(Fault::transient, "cannot replace " + path);
  install_crash_signals();
  set_crash_witness(record->file_.get());
  return record;
}

Slot* CrashRecord::begin(const BatchOrigin& origin, std::span<const Event> events, bool alone) {
  Slot* slot = file_->take(0);
  if (slot == nullptr) slot = file_->take(answered_state);
  if (slot == nullptr) return nullptr;
  const bool log = origin.progress == ProgressKind::log;
  slot->lives = 0;
  slot->pipeline = origin.pipeline.value;
  slot->code = origin.code;
  slot->count = 0;
  slot->next = events.front().offset_next.value;
  slot->flags = (log ? log_flag : 0) | (alone ? alone_flag : 0);
  if (!(log ? name_ranges(events, *slot, file_->words_max())
            : name_events(events, *slot, file_->words_max()))) {
    slot->flags |= all_flag;
    slot->count = 0;
  }
  set_crash_mark(&slot->mark);
  return slot;
}

void CrashRecord::end(Slot* slot) {
  if (slot == nullptr) return;
  set_crash_mark(nullptr);
  const auto mark = std::atomic_ref(slot->mark).exchange(0, std::memory_order_relaxed);
  if (mark == 0 && (slot->flags & alone_flag) != 0) {
    const std::lock_guard lock(file_->absolving);
    for (std::size_t i = file_->slots(); i < file_->all_slots(); ++i)
      absolve(file_->slot(i), *slot);
  }
  std::atomic_ref(slot->taken).fetch_and(~state_mask, std::memory_order_release);
}

CrashRecord::Answered CrashRecord::answered(Slot* slot) {
  set_crash_mark(nullptr);
  std::atomic_ref(slot->mark).store(0, std::memory_order_relaxed);
  const std::uint32_t taken = (slot->taken & ~state_mask) | answered_state;
  std::atomic_ref(slot->taken).store(taken, std::memory_order_release);
  return {slot, taken};
}

bool CrashRecord::begin_free(Answered answered) {
  std::uint32_t now = answered.taken;
  const std::uint32_t then = (now & ~state_mask) | running_state;
  if (!std::atomic_ref(answered.slot->taken)
           .compare_exchange_strong(now, then, std::memory_order_acquire))
    return false;
  set_crash_mark(&answered.slot->mark);
  return true;
}

std::size_t CrashRecord::batches() const { return file_->batches(); }

void CrashRecord::mark_lost(Slot* slot) {
  if (slot != nullptr) std::atomic_ref(slot->mark).store(lost_mark, std::memory_order_relaxed);
}

}  // namespace tidemill
