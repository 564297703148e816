#include "core/invoke/crash_file.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

namespace tidemill {

using namespace crash_file;
using Slot = CrashRecord::Slot;

namespace {

constexpr std::uint64_t magic = 0x3230'4e55'524d'4454;  // "TDMRUN02", little-endian.

// More than any plan asks for; beyond it, the number is garbage.
constexpr std::uint32_t slot_bytes_max = 64 << 20;

// A suspicion that nothing confirmed, and nothing cleared, is dropped after so many more lives: its
// events are long done.
constexpr std::uint32_t lives_max = 8;

struct Header {
  std::uint64_t magic = 0;
  std::uint32_t slots = 0;
  std::uint32_t slot_bytes = 0;
};

}  // namespace

Result<std::unique_ptr<CrashRecord::File>> CrashRecord::File::make(const std::string& path,
                                                                   std::size_t slots,
                                                                   std::size_t earlier,
                                                                   std::size_t words_max) {
  std::unique_ptr<File> file(new File(slots, earlier, words_max));
  if (auto mapped = file->map(path); !mapped) {
    ::unlink(path.c_str());
    return std::unexpected(mapped.error());
  }
  return file;
}

// The disk's space is taken now: a page that finds none later ends the process.
Result<> CrashRecord::File::map(const std::string& path) {
  const Descriptor file(::open(path.c_str(), O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0640));
  if (!file) return fail_errno(Fault::transient, "cannot open " + path);
  const std::size_t bytes = head_bytes + all_slots() * slot_bytes();
  if (const int error = ::posix_fallocate(file.get(), 0, static_cast<off_t>(bytes)); error != 0)
    return fail_errno(Fault::transient, "no room for " + path, error);
  void* mapped = ::mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_SHARED, file.get(), 0);
  if (mapped == MAP_FAILED) return fail_errno(Fault::transient, "cannot map " + path);
  memory_ = mapped;
  // A child process must not leave marks here.
  ::madvise(memory_, bytes, MADV_DONTFORK);
  const Header header{magic, static_cast<std::uint32_t>(all_slots()),
                      static_cast<std::uint32_t>(slot_bytes())};
  static_assert(sizeof header == head_bytes);
  std::memcpy(memory_, &header, sizeof header);
  return {};
}

CrashRecord::File::~File() {
  remove_crash_witness(this);
  if (memory_ != nullptr) ::munmap(memory_, head_bytes + all_slots() * slot_bytes());
}

bool CrashRecord::File::in_use(std::size_t index) {
  return (std::atomic_ref(slot(index).taken).load() & state_mask) != 0;
}

std::size_t CrashRecord::File::batches() {
  std::size_t count = 0;
  for (std::size_t i = 0; i < slots_; ++i) count += in_use(i) ? 1 : 0;
  return count;
}

void CrashRecord::File::saw(std::uint32_t) noexcept {
  const bool sole = batches() == 1;
  for (std::size_t i = 0; i < slots_; ++i) {
    std::uint32_t unmarked = 0;
    if (in_use(i))
      std::atomic_ref(slot(i).mark)
          .compare_exchange_strong(unmarked, sole ? sole_stray_mark : stray_mark);
  }
}

Slot* CrashRecord::File::take(std::uint32_t state) {
  // Where this thread found one the last time, it usually finds it again.
  thread_local std::size_t hint = 0;
  for (std::size_t tried = 0; tried < slots_; ++tried, ++hint) {
    if (hint >= slots_) hint = 0;
    Slot& found = slot(hint);
    std::uint32_t now = std::atomic_ref(found.taken).load(std::memory_order_relaxed);
    const std::uint32_t then = ((now & ~state_mask) + taken_once) | running_state;
    if ((now & state_mask) == state &&
        std::atomic_ref(found.taken).compare_exchange_strong(now, then, std::memory_order_acquire))
      return &found;
  }
  return nullptr;
}

Result<std::vector<MarkedSlot>> read_marked(const std::string& path) {
  std::vector<MarkedSlot> all;
  const Descriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!file && errno == ENOENT) return all;
  if (!file) return fail_errno(Fault::transient, "cannot open " + path);
  Header header;
  if (::pread(file.get(), &header, sizeof header, 0) != sizeof header || header.magic != magic ||
      header.slot_bytes < sizeof(Slot) || header.slot_bytes > slot_bytes_max ||
      header.slot_bytes % sizeof(std::uint64_t) != 0)
    return all;
  const std::size_t words_max = (header.slot_bytes - sizeof(Slot)) / sizeof(std::uint64_t);
  MarkedSlot words(header.slot_bytes / sizeof(std::uint64_t));
  for (std::size_t i = 0; i < header.slots; ++i) {
    const auto at = static_cast<off_t>(sizeof header + i * header.slot_bytes);
    if (::pread(file.get(), words.data(), header.slot_bytes, at) != header.slot_bytes) break;
    const Slot& slot = slot_of(words);
    if ((slot.taken & state_mask) == 0 || slot.mark == 0 || slot.count > words_max) continue;
    if (slot.lives >= lives_max) continue;
    const std::size_t used = sizeof(Slot) / sizeof(std::uint64_t) + slot.count;
    all.emplace_back(words.begin(), words.begin() + static_cast<std::ptrdiff_t>(used));
  }
  return all;
}

}  // namespace tidemill
