#include "core/expression/jq_guard.h"

#include <dlfcn.h>
#include <malloc.h>

#include <algorithm>
#include <bit>
#include <cassert>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <thread>

#include "core/base/thread_clock.h"
#include "core/expression/jq_watch.h"

namespace tidemill::expression {
namespace {

// Blocks from here on are freed when their run is left.
constexpr std::size_t large_bytes = 64 * 1024;

// Kept free for what libjq calls at its deepest.
constexpr std::size_t stack_reserve = 256 * 1024;

// The stack of the calling thread may be used down to here.
const void* stack_end() {
  thread_local const void* end = [] {
    pthread_attr_t attributes;
    void* lowest = nullptr;
    std::size_t size = 0;
    if (::pthread_getattr_np(::pthread_self(), &attributes) != 0) std::abort();
    ::pthread_attr_getstack(&attributes, &lowest, &size);
    ::pthread_attr_destroy(&attributes);
    return static_cast<const char*>(lowest) + std::min(stack_reserve, size / 2);
  }();
  return end;
}

}  // namespace

constinit thread_local JqGuard* JqGuard::current_ = nullptr;

JqGuard::JqGuard(Limits limits) : limits_(limits), watch_(JqWatch::get()) { watch_->add(*this); }

JqGuard::~JqGuard() { watch_->remove(*this); }

bool JqGuard::run(Work work, void* argument) {
  begin();
  if (setjmp(back_) == 0) {
    work(argument);
    end();
    return true;
  }
  end();
  reclaim();
  return false;
}

void JqGuard::begin() {
  ++turn_;
  thread_ = ::pthread_self();
  stack_end_ = stack_end();
  used_ = 0;
  left_ = false;
  large_.clear();
  cut_.store(Cut::no, std::memory_order_relaxed);
  phase_.store(Phase::running, std::memory_order_release);
  current_ = this;
}

void JqGuard::end() {
  current_ = nullptr;
  hold();
  jq_ = nullptr;
  phase_.store(Phase::idle, std::memory_order_release);
}

// Of the large blocks it is known that nothing else refers to them: no value outlives its run.
void JqGuard::reclaim() {
  for (void* block : large_) {
    used_ -= static_cast<std::int64_t>(::malloc_usable_size(block));
    std::free(block);
  }
  large_.clear();
  left_ = true;
}

JqGuard::Phase JqGuard::hold() {
  for (Phase phase = phase_.load(std::memory_order_relaxed);;) {
    if (phase == Phase::idle) return phase;
    if (phase == Phase::held) {  // The other one is about to let go.
      std::this_thread::yield();
      phase = phase_.load(std::memory_order_relaxed);
    } else if (phase_.compare_exchange_weak(phase, Phase::held, std::memory_order_acquire)) {
      return phase;
    }
  }
}

bool JqGuard::may_go_on(jq_state* jq) {
  const Phase phase = hold();
  jq_ = jq;
  phase_.store(phase, std::memory_order_release);
  return phase == Phase::running;
}

// Holds phase_.
void JqGuard::halt(Cut why) {
  cut_.store(why, std::memory_order_relaxed);
  if (jq_ != nullptr) jq_halt(jq_, jv_invalid(), jv_invalid());
}

void JqGuard::look() {
  Phase phase = hold();
  if (phase == Phase::idle) return;
  const Duration used = thread_cpu_time(thread_);
  if (turn_ != seen_) {
    seen_ = turn_;
    since_ = used;
  } else if (used - since_ >= limits_.time) {
    if (phase == Phase::running) {
      halt(Cut::time);
      phase = Phase::halted;
      since_ = used;
    } else {
      leave_.store(turn_, std::memory_order_relaxed);
    }
  }
  phase_.store(phase, std::memory_order_release);
}

void JqGuard::ask(std::size_t bytes) {
  check(__builtin_frame_address(0));
  const auto memory = static_cast<std::int64_t>(limits_.memory);
  const auto wanted =
      used_ + static_cast<std::int64_t>(std::min<std::size_t>(bytes, INT64_MAX / 2));
  if (wanted <= memory) return;
  if (wanted > 2 * memory) leave(Cut::memory);
  const Phase phase = hold();
  if (phase == Phase::running) halt(Cut::memory);
  phase_.store(Phase::halted, std::memory_order_release);
}

void JqGuard::allocated(void* block, bool can_be_freed) {
  const std::size_t size = ::malloc_usable_size(block);
  used_ += static_cast<std::int64_t>(size);
  if (size >= large_bytes && can_be_freed) [[unlikely]]
    large_.push_back(block);
}

void JqGuard::freed(void* block) {
  const std::size_t size = ::malloc_usable_size(block);
  used_ -= static_cast<std::int64_t>(size);
  if (size >= large_bytes) [[unlikely]]
    std::erase(large_, block);
}

void JqGuard::leave(Cut why) {
  // What was halted already may still be too deep to be freed.
  if (cut_ == Cut::no) cut_.store(why, std::memory_order_relaxed);
  current_ = nullptr;
  std::longjmp(back_, 1);
}

void JqGuard::failed(const char* assertion) {
  fault_ = assertion;
  leave(Cut::fault);
}

}  // namespace tidemill::expression

// From here on: functions of libjq, and the one behind assert(). libjq is linked such that the
// program's own functions of these names come first; so do these, which do what theirs do where no
// guard is at work.

#define TIDEMILL_IN_FRONT extern "C" __attribute__((visibility("default"))) NOT_SEEN_BY_TSAN

// ThreadSanitizer notes every call in a stack of 64 Ki entries of its own, and dies beyond it:
// values nested deep call jv_free() more often.
#ifndef __has_feature
#define __has_feature(x) 0
#endif
#if __has_feature(thread_sanitizer)
#define NOT_SEEN_BY_TSAN __attribute__((disable_sanitizer_instrumentation))
#else
#define NOT_SEEN_BY_TSAN
#endif

using tidemill::expression::JqGuard;

namespace {

// dtoa.c takes its largest numbers from libjq's allocator and gives them to free() itself, so that
// they would still be remembered. Their sizes give them away.
bool may_be_a_bigint(std::size_t size) { return size > 32 && std::has_single_bit(size - 32); }

[[noreturn]] void out_of_memory() {
  if (JqGuard* guard = JqGuard::current()) guard->leave(JqGuard::Cut::memory);
  std::fputs("error: cannot allocate memory\n", stderr);
  std::abort();
}

template <class Function>
Function next(const char* name) {
  return reinterpret_cast<Function>(::dlsym(RTLD_NEXT, name));
}

const auto free_value = next<void (*)(jv)>("jv_free");

}  // namespace

TIDEMILL_IN_FRONT void jv_free(jv value) {
  if (JqGuard* guard = JqGuard::current()) guard->check(__builtin_frame_address(0));
  free_value(value);
}

TIDEMILL_IN_FRONT void* jv_mem_alloc(std::size_t size) {
  JqGuard* guard = JqGuard::current();
  if (guard != nullptr) guard->ask(size);
  void* block = std::malloc(size);
  if (block == nullptr) out_of_memory();
  if (guard != nullptr) guard->allocated(block, !may_be_a_bigint(size));
  return block;
}

TIDEMILL_IN_FRONT void* jv_mem_alloc_unguarded(std::size_t size) { return jv_mem_alloc(size); }

TIDEMILL_IN_FRONT void* jv_mem_calloc(std::size_t count, std::size_t size) {
  JqGuard* guard = JqGuard::current();
  if (guard != nullptr && size != 0) guard->ask(count > SIZE_MAX / size ? SIZE_MAX : count * size);
  void* block = std::calloc(count, size);
  if (block == nullptr) out_of_memory();
  // @base64d gives such a block to free() itself: it would still be remembered.
  if (guard != nullptr) guard->allocated(block, false);
  return block;
}

TIDEMILL_IN_FRONT void* jv_mem_calloc_unguarded(std::size_t count, std::size_t size) {
  return jv_mem_calloc(count, size);
}

TIDEMILL_IN_FRONT void* jv_mem_realloc(void* old, std::size_t size) {
  JqGuard* guard = JqGuard::current();
  if (guard != nullptr) {
    guard->ask(size);
    guard->freed(old);
  }
  void* block = std::realloc(old, size);
  if (block == nullptr) out_of_memory();
  if (guard != nullptr) guard->allocated(block, !may_be_a_bigint(size));
  return block;
}

TIDEMILL_IN_FRONT char* jv_mem_strdup(const char* text) {
  const std::size_t size = std::strlen(text) + 1;
  return static_cast<char*>(std::memcpy(jv_mem_alloc(size), text, size));
}

TIDEMILL_IN_FRONT char* jv_mem_strdup_unguarded(const char* text) { return jv_mem_strdup(text); }

TIDEMILL_IN_FRONT void jv_mem_free(void* block) {
  if (JqGuard* guard = JqGuard::current()) guard->freed(block);
  std::free(block);
}

extern "C" __attribute__((noreturn, visibility("default"))) void __assert_fail(
    const char* assertion, const char* file, unsigned int line, const char* function) noexcept {
  if (JqGuard* guard = JqGuard::current()) guard->failed(assertion);
  next<void (*)(const char*, const char*, unsigned int, const char*)>("__assert_fail")(
      assertion, file, line, function);
  std::abort();
}
