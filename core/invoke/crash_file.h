// The file of a crash record: the slots in it, mapped, and how they are taken and marked. What the
// record is for stands in crash_record.h; this is for its implementation alone.
//
// Thread safety: take() and saw(), the latter in a signal handler; the rest while it is opened.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "core/invoke/crash_record.h"
#include "core/invoke/crash_signals.h"
#include "tidemill/posix.h"
#include "tidemill/result.h"

namespace tidemill {

namespace crash_file {

// In Slot::mark, beside the numbers of signals. Stray: the signal hit a thread of no batch.
inline constexpr std::uint32_t lost_mark = 1000;
inline constexpr std::uint32_t stray_mark = 1001;
inline constexpr std::uint32_t sole_stray_mark = 1002;  // There was no other batch.

// In Slot::flags.
inline constexpr std::uint32_t log_flag = 1;
inline constexpr std::uint32_t alone_flag = 2;
inline constexpr std::uint32_t all_flag = 4;

// The states in Slot::taken; above them counts how often the slot was taken.
inline constexpr std::uint32_t state_mask = 3;
inline constexpr std::uint32_t running_state = 1;
inline constexpr std::uint32_t answered_state = 2;
inline constexpr std::uint32_t taken_once = 4;

}  // namespace crash_file

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

class CrashRecord::File final : public CrashWitness {
 public:
  /// Makes it at `path`, empty: `slots` for this life and `earlier` for what is carried over, each
  /// with room for so many words. Errors: transient.
  static Result<std::unique_ptr<File>> make(const std::string& path, std::size_t slots,
                                            std::size_t earlier, std::size_t words_max);
  ~File();
  File(const File&) = delete;
  File& operator=(const File&) = delete;

  /// Those of this life come first.
  Slot& slot(std::size_t index) {
    return *reinterpret_cast<Slot*>(static_cast<std::byte*>(memory_) + head_bytes +
                                    index * slot_bytes());
  }
  std::size_t slots() const { return slots_; }
  std::size_t all_slots() const { return slots_ + earlier_; }
  std::size_t words_max() const { return words_max_; }

  /// Takes a slot of this life that is in this state; null when there is none.
  Slot* take(std::uint32_t state);

  /// How many are taken.
  std::size_t batches();

  void saw(std::uint32_t number) noexcept override;

  std::mutex absolving;  ///< Held to change slots of earlier lives.

 private:
  static constexpr std::size_t head_bytes = 16;

  File(std::size_t slots, std::size_t earlier, std::size_t words_max)
      : slots_(slots), earlier_(earlier), words_max_(words_max) {}

  Result<> map(const std::string& path);
  std::size_t slot_bytes() const { return sizeof(Slot) + words_max_ * sizeof(std::uint64_t); }
  bool in_use(std::size_t index);

  const std::size_t slots_;
  const std::size_t earlier_;
  const std::size_t words_max_;
  void* memory_ = nullptr;
};

/// A slot of an earlier life, in memory of its own: so many words, the slot first.
using MarkedSlot = std::vector<std::uint64_t>;

inline const CrashRecord::Slot& slot_of(const MarkedSlot& marked) {
  return *reinterpret_cast<const CrashRecord::Slot*>(marked.data());
}

/// The marked slots of the file at `path`, as far as it is one of ours; none where there is no
/// file. Those that have been carried over too often are left out. Errors: transient.
Result<std::vector<MarkedSlot>> read_marked(const std::string& path);

}  // namespace tidemill
