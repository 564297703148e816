// InlineWatch: notices foreign code that hangs on the event loop: the handler of a non-blocking
// function, or whatever frees a response. Nothing can go on there then, timers included, so it is
// watched from a thread of its own.
//
// enter() and leave() cost a few stores and read no clock: the watching thread looks once a second
// whether the call that it saw the last time is still the one under way. Nested calls do not exist:
// one event loop, one call at a time.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <optional>
#include <stop_token>
#include <string>
#include <thread>

#include "core/invoke/crash_record.h"

namespace tidemill {

class InlineWatch {
 public:
  /// What a function does there, and how long it may take.
  struct Subject {
    std::string function;
    std::string does;  ///< As the rest of a sentence: "which frees a response".
    std::uint32_t seconds_max = 0;
  };

  struct Hung {
    const Subject* subject = nullptr;
    CrashRecord::Slot* slot = nullptr;  ///< Of the batch; may be null.
  };

  /// From the event loop: this is its thread.
  void note_loop() { loop_.store(std::this_thread::get_id(), std::memory_order_relaxed); }
  bool on_loop() const {
    return loop_.load(std::memory_order_relaxed) == std::this_thread::get_id();
  }

  // From the event loop, around every inline call. The subject lives until leave().
  void enter(const Subject& subject, CrashRecord::Slot* slot) {
    subject_.store(&subject, std::memory_order_relaxed);
    slot_.store(slot, std::memory_order_relaxed);
    turn();
  }
  void leave() { turn(); }

  /// From the watching thread, once a second: what has hung for longer than it may.
  std::optional<Hung> look();

  /// Starts the thread, which looks until this is destroyed; `on_hung` is called there, and does
  /// not return to what it was.
  void start(std::function<void(const Hung&)> on_hung);

 private:
  void turn() {
    count_.store(count_.load(std::memory_order_relaxed) + 1, std::memory_order_release);
  }
  void watch(const std::stop_token& stop, const std::function<void(const Hung&)>& on_hung);

  std::atomic<std::thread::id> loop_;
  std::atomic<std::uint64_t> count_ = 0;  // Odd while a call is under way.
  std::atomic<const Subject*> subject_ = nullptr;
  std::atomic<CrashRecord::Slot*> slot_ = nullptr;
  std::uint64_t seen_ = 0;     // The watching thread's: the count at its last look,
  std::uint32_t seconds_ = 0;  // and for how many looks it has stood there.
  std::jthread thread_;        // Last: it ends before what it looks at.
};

}  // namespace tidemill
