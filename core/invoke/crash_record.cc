#include "core/invoke/crash_record.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>
#include <xxhash.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <mutex>
#include <utility>

#include "core/invoke/crash_signals.h"
#include "tidemill/posix.h"

namespace tidemill {
namespace {

constexpr std::uint64_t magic = 0x3230'4e55'524d'4454;  // "TDMRUN02", little-endian.

// A slot has as many words as events of an object source have names; or ranges of three words, one
// for each partition that a batch of a log is made of.
constexpr std::size_t words_min = 300;
constexpr std::size_t words_per_range = 3;

// More than any plan asks for; beyond it, the number is garbage.
constexpr std::uint32_t slot_bytes_max = 64 << 20;

// A suspicion that nothing confirmed, and nothing cleared, is dropped after so many more lives: its
// events are long done.
constexpr std::uint32_t lives_max = 8;

// In Slot::mark, beside the numbers of signals. Stray: the signal hit a thread of no batch.
constexpr std::uint32_t lost_mark = 1000;
constexpr std::uint32_t stray_mark = 1001;
constexpr std::uint32_t sole_stray_mark = 1002;  // There was no other batch.

// In Slot::flags.
constexpr std::uint32_t log_flag = 1;
constexpr std::uint32_t alone_flag = 2;
constexpr std::uint32_t all_flag = 4;

// The states in Slot::taken; above them counts how often the slot was taken.
constexpr std::uint32_t state_mask = 3;
constexpr std::uint32_t running_state = 1;
constexpr std::uint32_t answered_state = 2;
constexpr std::uint32_t taken_once = 4;

struct Header {
  std::uint64_t magic = 0;
  std::uint32_t slots = 0;
  std::uint32_t slot_bytes = 0;
};

}  // namespace

struct CrashRecord::Slot {
  std::uint32_t taken = 0;  // Atomic. Its state, and how often it was taken.
  std::uint32_t mark = 0;   // Atomic. Invariant: 0 where `taken` is.
  std::uint32_t lives = 0;  // Processes that have begun since it was marked.
  std::uint32_t flags = 0;
  std::uint32_t pipeline = 0;
  std::uint32_t count = 0;  // Words in use.
  std::uint64_t code = 0;
  std::uint64_t next = 0;  // Of a single event of a log: the offset after its own.

  // They lie behind it.
  std::uint64_t* words() { return reinterpret_cast<std::uint64_t*>(this + 1); }
  const std::uint64_t* words() const { return reinterpret_cast<const std::uint64_t*>(this + 1); }
};

struct CrashRecord::File final : CrashWitness {
  ~File() {
    remove_crash_witness(this);
    if (memory != nullptr) ::munmap(memory, bytes());
  }

  std::size_t bytes() const { return sizeof(Header) + slots * slot_bytes(); }
  std::size_t slot_bytes() const { return sizeof(Slot) + words_max * sizeof(std::uint64_t); }

  Slot& slot(std::size_t index) {
    return *reinterpret_cast<Slot*>(static_cast<std::byte*>(memory) + sizeof(Header) +
                                    index * slot_bytes());
  }

  // The disk's space is taken now: a page that finds none later ends the process.
  Result<> make(const std::string& path) {
    descriptor = Descriptor(::open(path.c_str(), O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0640));
    if (!descriptor) return fail_errno(Fault::transient, "cannot open " + path);
    const int fd = descriptor.get();
    if (const int error = ::posix_fallocate(fd, 0, static_cast<off_t>(bytes())); error != 0)
      return fail_errno(Fault::transient, "no room for " + path, error);
    void* mapped = ::mmap(nullptr, bytes(), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    if (mapped == MAP_FAILED) return fail_errno(Fault::transient, "cannot map " + path);
    memory = mapped;
    // A child process must not leave marks here.
    ::madvise(memory, bytes(), MADV_DONTFORK);
    const Header header{magic, static_cast<std::uint32_t>(slots),
                        static_cast<std::uint32_t>(slot_bytes())};
    std::memcpy(memory, &header, sizeof header);
    return {};
  }

  bool in_use(std::size_t index) {
    return (std::atomic_ref(slot(index).taken).load() & state_mask) != 0;
  }

  std::size_t batches() {
    std::size_t count = 0;
    for (std::size_t i = 0; i < earlier; ++i) count += in_use(i) ? 1 : 0;
    return count;
  }

  // In a signal handler.
  void saw(std::uint32_t) noexcept override {
    const bool sole = batches() == 1;
    for (std::size_t i = 0; i < earlier; ++i) {
      std::uint32_t unmarked = 0;
      if (in_use(i))
        std::atomic_ref(slot(i).mark)
            .compare_exchange_strong(unmarked, sole ? sole_stray_mark : stray_mark);
    }
  }

  // Takes a slot that is in this state.
  Slot* take(std::uint32_t state) {
    // Where this thread found one the last time, it usually finds it again.
    thread_local std::size_t hint = 0;
    for (std::size_t tried = 0; tried < earlier; ++tried, ++hint) {
      if (hint >= earlier) hint = 0;
      Slot& found = slot(hint);
      std::uint32_t now = std::atomic_ref(found.taken).load(std::memory_order_relaxed);
      const std::uint32_t then = ((now & ~state_mask) + taken_once) | running_state;
      if ((now & state_mask) == state &&
          std::atomic_ref(found.taken)
              .compare_exchange_strong(now, then, std::memory_order_acquire))
        return &found;
    }
    return nullptr;
  }

  Descriptor descriptor;
  void* memory = nullptr;
  std::size_t slots = 0;
  std::size_t words_max = 0;  // Of each.
  std::size_t earlier = 0;    // Where the slots begin that earlier lives left.
  std::mutex absolving;       // Held to change those.
};

namespace {

using Slot = CrashRecord::Slot;

// A slot of an earlier life, in memory of its own: so many words, the slot first.
using Marked = std::vector<std::uint64_t>;

const Slot& slot_of(const Marked& marked) { return *reinterpret_cast<const Slot*>(marked.data()); }

// The marked slots of a file, as far as it is one of ours.
std::vector<Marked> read_marked(int file) {
  std::vector<Marked> all;
  Header header;
  if (::pread(file, &header, sizeof header, 0) != sizeof header || header.magic != magic ||
      header.slot_bytes < sizeof(Slot) || header.slot_bytes > slot_bytes_max ||
      header.slot_bytes % sizeof(std::uint64_t) != 0)
    return all;
  const std::size_t words_max = (header.slot_bytes - sizeof(Slot)) / sizeof(std::uint64_t);
  Marked words(header.slot_bytes / sizeof(std::uint64_t));
  for (std::size_t i = 0; i < header.slots; ++i) {
    const auto at = static_cast<off_t>(sizeof header + i * header.slot_bytes);
    if (::pread(file, words.data(), header.slot_bytes, at) != header.slot_bytes) break;
    const Slot& slot = slot_of(words);
    if ((slot.taken & state_mask) == 0 || slot.mark == 0 || slot.count > words_max) continue;
    if (slot.lives >= lives_max) continue;
    const std::size_t used = sizeof(Slot) / sizeof(std::uint64_t) + slot.count;
    all.emplace_back(words.begin(), words.begin() + static_cast<std::ptrdiff_t>(used));
  }
  return all;
}

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
  std::vector<Marked> marked;
  if (const Descriptor old(::open(path.c_str(), O_RDONLY | O_CLOEXEC)); old)
    marked = read_marked(old.get());
  else if (errno != ENOENT)
    return fail_errno(Fault::transient, "cannot open " + path);

  const std::string fresh = path + ".new";
  auto file = std::make_unique<File>();
  file->slots = slots + marked.size();
  file->earlier = slots;
  file->words_max = std::max(events_max, words_min);
  for (const Marked& each : marked)
    file->words_max = std::max<std::size_t>(file->words_max, slot_of(each).count);
  if (auto made = file->make(fresh); !made) {
    ::unlink(fresh.c_str());
    return std::unexpected(made.error());
  }
  std::unique_ptr<CrashRecord> record(new CrashRecord(std::move(file)));
  for (std::size_t i = 0; i < marked.size(); ++i) {
    Slot& slot = record->file_->slot(slots + i);
    std::memcpy(static_cast<void*>(&slot), marked[i].data(),
                marked[i].size() * sizeof(std::uint64_t));
    ++slot.lives;
    record->crashed_.push_back(described(slot));
  }
  if (::rename(fresh.c_str(), path.c_str()) != 0)
    return fail_errno(Fault::transient, "cannot replace " + path);
  install_crash_signals();
  set_crash_witness(record->file_.get());
  return record;
}

CrashRecord::Slot* CrashRecord::begin(const BatchOrigin& origin, std::span<const Event> events,
                                      bool alone) {
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
  if (!(log ? name_ranges(events, *slot, file_->words_max)
            : name_events(events, *slot, file_->words_max))) {
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
    for (std::size_t i = file_->earlier; i < file_->slots; ++i) absolve(file_->slot(i), *slot);
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
