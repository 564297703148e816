// JqGuard: runs libjq so that no program and no data can do harm beyond their own event. libjq 1.6
// has no limits, loops in its C functions where data tells it to, recurses as deep as values are
// nested, and ends the process by assert() on input as plain as `1e19 | todate`.
//
// Three things are in the guard's hands. jq_halt() stops a program before its next instruction, and
// works from another thread: JqWatch calls it when the time is up. libjq calls its allocator and
// jv_free() through the dynamic linker, where jq_guard.cc stands in front of it: there memory is
// counted, and a function that does not end, or is nested too deep, is left with longjmp (which
// libjq's own handler of exhausted memory foresees). So is a failed assertion of libjq.
//
// What was left in the middle is lost with its memory, but for the large pieces, which are freed.
//
// Thread safety: run() by one thread at a time; look() is JqWatch's.
#pragma once

#include <pthread.h>

#include <algorithm>
#include <atomic>
#include <csetjmp>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "core/expression/libjq.h"
#include "core/expression/limits.h"

namespace tidemill::expression {

class JqWatch;

class JqGuard {
 public:
  enum class Cut : std::uint8_t { no, time, memory, depth, fault };

  explicit JqGuard(Limits limits);
  ~JqGuard();
  JqGuard(const JqGuard&) = delete;
  JqGuard& operator=(const JqGuard&) = delete;

  using Work = void (*)(void* argument);

  /// Calls `work`, in which destructors must not matter: it may be left at any call of libjq. False
  /// if it was; then whatever it worked on must not be touched again.
  bool run(Work work, void* argument);

  /// From `work`, after jq_start(): from here on the program may be halted. False if the time or
  /// the memory is used up already.
  bool may_go_on(jq_state* jq);

  /// Of the last run: what it was stopped for, and the assertion that failed.
  Cut cut() const { return cut_; }
  const std::string& fault() const { return fault_; }

  /// What the last run allocated and has not freed.
  std::size_t used_bytes() const {
    return static_cast<std::size_t>(std::max<std::int64_t>(used_, 0));
  }

  /// That, if the last run was left, without what could be freed after all.
  std::size_t lost_bytes() const { return left_ ? used_bytes() : 0; }

  /// Whether what runs on this thread is to stop as soon as it can.
  static bool current_is_cut() { return current_ != nullptr && current_->cut_ != Cut::no; }

  /// From the watch, now and then: stops what has taken too long.
  void look();

  // Where libjq comes by.
  static JqGuard* current() { return current_; }
  void check(const void* frame) {
    if (frame < stack_end_ || leave_.load(std::memory_order_relaxed) == turn_) [[unlikely]]
      leave(frame < stack_end_ ? Cut::depth : cut_.load());
  }
  void ask(std::size_t bytes);
  void allocated(void* block, bool can_be_freed);
  void freed(void* block);
  [[noreturn]] void leave(Cut why);
  [[noreturn]] void failed(const char* assertion);

 private:
  // Who may touch jq_: the thread that runs, or whoever holds it for a moment.
  enum class Phase : std::uint8_t { idle, running, halted, held };

  void begin();
  void end();
  void reclaim();
  Phase hold();
  void halt(Cut why);

  static constinit thread_local JqGuard* current_;

  const Limits limits_;
  std::atomic<Phase> phase_ = Phase::idle;
  std::atomic<Cut> cut_ = Cut::no;
  jq_state* jq_ = nullptr;                // While it may be halted.
  std::uint64_t turn_ = 0;                // Which run this is.
  std::atomic<std::uint64_t> leave_ = 0;  // The run that is to be left.
  pthread_t thread_{};
  const void* stack_end_ = nullptr;
  std::int64_t used_ = 0;
  std::vector<void*> large_;
  bool left_ = false;
  std::string fault_;
  std::jmp_buf back_{};

  // The watch's: the run it saw the last time, and the thread's CPU time then.
  std::uint64_t seen_ = 0;
  Duration since_{};
  std::shared_ptr<JqWatch> watch_;
};

}  // namespace tidemill::expression
